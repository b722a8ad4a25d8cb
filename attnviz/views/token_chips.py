"""The sentence as chips: click a word to mask it (or, as a token strip, to pin it)."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.trace import OwnProbability, Tokens
from attnviz.views import legend
from attnviz.views.lettering import bits, isolated, percent
from attnviz.views.palette import BASE, GRID, SMALL, colour, sequential_colour, token_font, ui_font
from attnviz.views.ruler import small_width, token_width
from attnviz.views.token_flow import TokenFlow, token_name

CHIP, COMPACT_CHIP, PADDING, RADIUS = 28, 24, 10, 5
LINES_SHOWN, COMPACT_LINES_SHOWN = 3, 2


class TokenChips(TokenFlow):
    """A wrapping row of token chips.

    ``clickable="toggle"``: a click, Space or Enter emits ``toggled`` with the position (int) of a token that may be
    masked or unmasked. ``"pin"``: it pins the cursor there, or frees it where it is pinned. ``compact`` leaves
    out probabilities and originals, and stands in lower lines.
    """

    toggled = Signal(object)

    def __init__(
        self, parent: QWidget | None = None, *, compact: bool = False, clickable: Literal["toggle", "pin"] = "toggle"
    ) -> None:
        super().__init__(parent)
        self._compact = compact
        self._clickable = clickable
        self._cell_height = 40 if compact else 48
        self.setAccessibleName("Tokens of the sentence")

    def numbers(self) -> Table:
        tokens = self.tokens
        columns = ("position", "id", "token", "label", "special", "masked", "original", "own probability", "own rank")
        return Table(columns, tuple(self._row(tokens, position) for position in range(len(tokens))) if tokens else ())

    def _row(self, tokens: Tokens, position: int) -> tuple[str | int | float | None, ...]:
        own = self._own(position)
        return (
            position,
            tokens.ids[position],
            tokens.pieces[position],
            tokens.labels[position],
            int(tokens.special[position] and position not in tokens.masks),
            int(position in tokens.masks),
            original_label(tokens, position),
            own.probability if own else None,
            own.rank if own else None,
        )

    def _own(self, position: int) -> OwnProbability | None:
        return self.trace.find(OwnProbability, position)

    def _says(self, tokens: Tokens, position: int) -> str:
        lines = [f"{token_name(tokens, position)} · position {position} of {len(tokens)} · id {tokens.ids[position]}"]
        if tokens.pieces[position] != tokens.labels[position]:
            lines.append(f"piece {isolated(tokens.pieces[position])}")
        if (original := original_label(tokens, position)) is not None:
            lines.append(f"masked; it was {isolated(original)}")
        if (own := self._own(position)) is not None:
            lines.append(f"own probability {percent(own.probability)} · rank {own.rank} · {bits(own.probability)}")
        return "\n".join([*lines, self._hint(tokens, position)])

    def _hint(self, tokens: Tokens, position: int) -> str:
        if self._clickable == "pin":
            return "click frees it" if self._pinned(position) else "click pins it"
        if position in tokens.masks:
            return "click brings the word back"
        return "added by the model's template; can't be masked" if tokens.special[position] else "click masks it"

    def _pinned(self, position: int) -> bool:
        return self.cursor_at.pinned and self.cursor_at.query == position

    def _act(self, tokens: Tokens, position: int) -> None:
        if self._clickable == "pin":
            free = self._pinned(position)
            self.pointed.emit(replace(self.cursor_at, query=position, key=None, pinned=not free))
        elif position in tokens.masks or not tokens.special[position]:
            self.toggled.emit(position)

    # geometry

    def _sentence(self) -> str:
        return "" if self.tokens else "Type a sentence above to see its tokens."

    def _tallest(self) -> int:
        return self._lines_height(COMPACT_LINES_SHOWN if self._compact else LINES_SHOWN, self.width())

    def _room(self, width: int) -> tuple[float, float, float, float]:
        beside = legend.WIDTH + 3 * GRID if self._has_legend(width) else GRID
        return GRID, GRID, beside, GRID

    def _has_legend(self, width: int) -> bool:
        return not self._compact and width >= 60 * GRID

    def _groups(self, tokens: Tokens) -> tuple[int, ...]:
        group, groups = 0, []
        for position in range(len(tokens)):
            group += not attached(tokens, position)
            groups.append(group)
        return tuple(groups)

    def _measure(self, tokens: Tokens, position: int) -> float:
        label = token_width(self._text(tokens, position))
        caption = small_width(self._caption(tokens, position))
        return max(label + 2 * PADDING, caption + 4, 4 * GRID)

    def _text(self, tokens: Tokens, position: int) -> str:
        label = tokens.labels[position]
        if attached(tokens, position) and label.startswith("##") and len(label) > 2:
            label = label[2:]
        return isolated(label)

    def _caption(self, tokens: Tokens, position: int) -> str:
        original = None if self._compact else original_label(tokens, position)
        return str(position) if original is None else f"{position} · {isolated(original)}"

    # painting

    def _paint_cell(self, painter: QPainter, tokens: Tokens, position: int, area: QRectF) -> None:
        height = COMPACT_CHIP if self._compact else CHIP
        chip = QRectF(area.left(), area.top(), area.width(), height)
        self._paint_chip(painter, tokens, position, chip)
        if not self._compact and (own := self._own(position)) is not None:
            painter.setPen(QPen(colour("muted", 0.5), 1))
            painter.setBrush(sequential_colour(own.probability))
            painter.drawRect(QRectF(area.left() + 2.5, chip.bottom() + 2.5, area.width() - 5, 4))
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("muted"))
        below = QRectF(area.left(), area.bottom() - 13, area.width(), 13)
        painter.drawText(below, Qt.AlignmentFlag.AlignCenter, self._caption(tokens, position))

    def _paint_chip(self, painter: QPainter, tokens: Tokens, position: int, chip: QRectF) -> None:
        masked = position in tokens.masks
        muted = tokens.special[position] and not masked
        fill, ink = chip_colours(masked=masked, muted=muted)
        place = self._places[position]
        edge = QPen(colour("border"), 1, Qt.PenStyle.DashLine if muted else Qt.PenStyle.SolidLine)
        painter.setPen(Qt.PenStyle.NoPen if masked else edge)
        painter.setBrush(fill)
        outline = chip_outline(chip.adjusted(0.5, 0.5, -0.5, -0.5), opens=place.opens, closes=place.closes)
        painter.drawPath(outline)
        self._paint_cursor(painter, position, outline, masked=masked)
        painter.setFont(token_font(BASE))
        painter.setPen(ink)
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, self._text(tokens, position))

    def _paint_cursor(self, painter: QPainter, position: int, outline: QPainterPath, *, masked: bool) -> None:
        cursor = self.cursor_at
        looked = position in (cursor.query, self._hovered)
        if not looked and position != cursor.key:
            return
        style = Qt.PenStyle.SolidLine if looked else Qt.PenStyle.DashLine
        painter.setPen(QPen(colour("text" if masked else "accent"), 2, style))
        painter.setBrush(
            Qt.BrushStyle.NoBrush if masked else colour("accent", 0.22 if self._pinned(position) else 0.12)
        )
        painter.drawPath(outline)

    def _paint_fixed(self, painter: QPainter) -> None:
        if self._has_legend(self.width()) and self.trace.every(OwnProbability):
            left = self._content_width() - legend.WIDTH - GRID
            legend.paint_colour_bar(painter, left, GRID, "own probability")


def attached(tokens: Tokens, position: int) -> bool:
    """Whether a token continues the word of the token before it."""
    if position == 0 or tokens.words[position] is None:
        return False
    return (
        tokens.words[position] == tokens.words[position - 1]
        and tokens.segments[position] == tokens.segments[position - 1]
    )


def original_label(tokens: Tokens, position: int) -> str | None:
    """What stood at a masked position, if known."""
    return tokens.original_labels[position] if position < len(tokens.original_labels) else None


def chip_colours(*, masked: bool, muted: bool) -> tuple[QColor, QColor]:
    """The fill and the ink of a chip."""
    if masked:
        return colour("accent"), colour("on_accent")
    return (colour("surface"), colour("muted")) if muted else (colour("raised"), colour("text"))


def chip_outline(chip: QRectF, *, opens: bool, closes: bool) -> QPainterPath:
    """A rounded box whose inner sides, where the word goes on, are straight."""
    path = QPainterPath()
    path.addRoundedRect(chip, RADIUS, RADIUS)
    if opens and closes:
        return path
    middle = chip.center().x()
    square = QPainterPath()
    if not opens:
        square.addRect(QRectF(chip.left(), chip.top(), middle - chip.left(), chip.height()))
    if not closes:
        square.addRect(QRectF(middle, chip.top(), chip.right() - middle, chip.height()))
    return path.united(square).simplified()
