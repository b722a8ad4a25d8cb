"""A text as training sees it: what was chosen in three colours, with what is shown in its place."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from attnviz.table import Cell, Table
from attnviz.trace import Candidates, Chosen, Sampled, Tokens, Treatment, loss
from attnviz.views.lettering import isolated, percent
from attnviz.views.palette import BASE, GRID, SMALL, colour, readable_on, token_font, ui_font
from attnviz.views.ruler import small_width, token_width
from attnviz.views.token_chips import CHIP, PADDING, attached, chip_outline
from attnviz.views.token_flow import TokenFlow, token_name
from attnviz.views.treatment_ink import SAYS, SQUARE, paint_square, treatment_colour

CENTRE = Qt.AlignmentFlag.AlignCenter
LINE = 14
LINES_SHOWN = 4


class SampledChips(TokenFlow):
    """Chips show what the model sees; under a chosen one stand what was there and its loss. A click pins the cursor."""

    _cell_height = CHIP + 2 * LINE
    _line_gap = GRID // 2

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chosen: dict[int, tuple[Chosen, str]] = {}
        self.setAccessibleName("The text as training sees it")

    def numbers(self) -> Table:
        columns = ("position", "token", "shown", "treatment", "probability of the token", "rank", "loss in nats")
        tokens = self.tokens
        return Table(columns, tuple(self._row(tokens, position) for position in range(len(tokens))) if tokens else ())

    def _row(self, tokens: Tokens, position: int) -> tuple[Cell, ...]:
        found, known = self._chosen.get(position), self.trace.find(Candidates, position)
        shown = (tokens.labels[position], None) if found is None else (found[1], str(found[0].treatment))
        measured = (known.probability, known.rank, loss(known)) if known is not None else (None, None, None)
        return (position, tokens.labels[position], *shown, *measured)

    def _update(self, *, fresh: bool) -> None:
        if fresh:
            self._measured = None
            sampled = self.trace.find(Sampled)
            self._chosen = {} if sampled is None else {
                one.position: (one, label) for one, label in zip(sampled.chosen, sampled.shown_labels, strict=True)
            }  # fmt: skip
        super()._update(fresh=fresh)

    def _says(self, tokens: Tokens, position: int) -> str:
        name, found = token_name(tokens, position), self._chosen.get(position)
        if found is None:
            return f"{name} · position {position}\n{_why_not(tokens, position, self.trace.find(Sampled))}"
        lines = [f"{name} · position {position}", SAYS[found[0].treatment]]
        if found[0].treatment is Treatment.RANDOM:
            lines[-1] += f": {isolated(found[1])}"
        if (known := self.trace.find(Candidates, position)) is not None and known.probability is not None:
            lines.append(f"p(token) = {percent(known.probability)} · rank {known.rank:,} · loss {loss(known):.2f} nats")
        return "\n".join([*lines, "click pins it"])

    def _act(self, tokens: Tokens, position: int) -> None:
        free = self.cursor_at.pinned and self.cursor_at.query == position
        self.pointed.emit(replace(self.cursor_at, query=position, key=None, pinned=not free))

    # geometry

    def _sentence(self) -> str:
        return "" if self.tokens else "Type a sentence above to see what training would make of it."

    def _tallest(self) -> int:
        return self._lines_height(LINES_SHOWN, self.width())

    def _room(self, width: int) -> tuple[float, float, float, float]:
        return GRID, 4 * GRID, GRID, GRID

    def _groups(self, tokens: Tokens) -> tuple[int, ...]:
        group, groups = 0, []
        for position in range(len(tokens)):
            group += not attached(tokens, position)
            groups.append(group)
        return tuple(groups)

    def _measure(self, tokens: Tokens, position: int) -> float:
        captions = max(small_width(line) for line in self._captions(tokens, position))
        return max(token_width(self._text(tokens, position)) + 2 * PADDING, captions + 6, 4 * GRID)

    def _text(self, tokens: Tokens, position: int) -> str:
        found = self._chosen.get(position)
        label = tokens.labels[position] if found is None else found[1]
        same = found is None or found[0].treatment is Treatment.KEPT
        if same and attached(tokens, position) and label.startswith("##") and len(label) > 2:
            label = label[2:]
        return isolated(label)

    def _captions(self, tokens: Tokens, position: int) -> tuple[str, str]:
        """What was there, and its loss."""
        found, known = self._chosen.get(position), self.trace.find(Candidates, position)
        if found is None:
            return str(position), ""
        return token_name(tokens, position), "" if known is None else f"{loss(known):.2f}"

    # painting

    def _paint_around(self, painter: QPainter) -> None:
        """The legend, in the line above the chips."""
        left, middle = float(GRID), 2.0 * GRID
        painter.setFont(ui_font(SMALL))
        sampled = self.trace.find(Sampled)
        for treatment in Treatment:
            text = SAYS[treatment] if sampled is None else f"{sampled.count(treatment)} {SAYS[treatment]}"
            if left + SQUARE + small_width(text) > self._content_width():
                return
            paint_square(painter, left, middle, treatment_colour(treatment))
            left = _letter(painter, left + SQUARE + 6, middle, text) + 2 * GRID
        text = "below: the token that was there, and its loss in nats"
        if left + small_width(text) < self._content_width():
            _letter(painter, left, middle, text)

    def _ring(self, position: int) -> QRectF:
        area = self._area(position)
        return QRectF(area.left(), area.top(), area.width(), CHIP).adjusted(-3, -3, 3, 3)

    def _paint_cell(self, painter: QPainter, tokens: Tokens, position: int, area: QRectF) -> None:
        chip = QRectF(area.left(), area.top(), area.width(), CHIP)
        found, place = self._chosen.get(position), self._places[position]
        muted = tokens.special[position]
        fill = colour("surface" if muted else "raised") if found is None else treatment_colour(found[0].treatment)
        edge = QPen(colour("border"), 1, Qt.PenStyle.DashLine if muted else Qt.PenStyle.SolidLine)
        painter.setPen(edge if found is None else Qt.PenStyle.NoPen)
        painter.setBrush(fill)
        outline = chip_outline(chip.adjusted(0.5, 0.5, -0.5, -0.5), opens=place.opens, closes=place.closes)
        painter.drawPath(outline)
        if position in (self.cursor_at.query, self._hovered):
            painter.setPen(QPen(colour("text" if found else "accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(outline)
        painter.setFont(token_font(BASE))
        painter.setPen(readable_on(fill) if found else colour("muted" if muted else "text"))
        painter.drawText(chip, CENTRE, self._text(tokens, position))
        self._paint_captions(painter, tokens, position, chip)

    def _paint_captions(self, painter: QPainter, tokens: Tokens, position: int, chip: QRectF) -> None:
        painter.setFont(ui_font(SMALL))
        line = QRectF(chip.left(), chip.bottom(), chip.width(), LINE)
        for text, ink in zip(self._captions(tokens, position), self._inks(position), strict=True):
            painter.setPen(colour(ink))
            painter.drawText(line, CENTRE, text)
            line = line.translated(0, LINE)

    def _inks(self, position: int) -> tuple[str, str]:
        return ("text" if position in self._chosen else "muted"), "muted"


def _letter(painter: QPainter, left: float, middle: float, text: str) -> float:
    """A muted text from ``left``; the place where it ends."""
    width = small_width(text) + 2
    painter.setPen(colour("muted"))
    painter.drawText(QRectF(left, middle - GRID, width, 2 * GRID), int(Qt.AlignmentFlag.AlignVCenter), text)
    return left + width


def _why_not(tokens: Tokens, position: int, sampled: Sampled | None) -> str:
    if tokens.special[position]:
        return "added by the model's template; never chosen"
    if position in tokens.masks:
        return "masked already; never chosen"
    return "not chosen in this draw" if sampled is not None else "nothing drawn yet"
