"""A spoiled text as the discriminator reads it: what was replaced, how sure it is of that, and what either objective learns from."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from attnviz.table import Cell, Table
from attnviz.trace import Call, Spoiled, Tokens
from attnviz.views import legend
from attnviz.views.call_ink import SAYS, SIGN, has_sign, paint_sign
from attnviz.views.lettering import isolated, percent
from attnviz.views.palette import (
    BASE,
    GRID,
    SMALL,
    colour,
    head_colour,
    readable_on,
    sequential_colour,
    token_font,
    ui_font,
)
from attnviz.views.ruler import small_width, token_width
from attnviz.views.spoiled_reading import Word, words_of
from attnviz.views.token_chips import CHIP, PADDING, attached, chip_outline
from attnviz.views.token_flow import TokenFlow, token_name

CENTRE = int(Qt.AlignmentFlag.AlignCenter)
RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
LINE, BAR = 16, 6
ROWS = ("original", "is read", "p(replaced)", "MLM", "ELECTRA")
HEIGHTS = (LINE, CHIP, LINE, 12, 12)
LINES_SHOWN = 3
CORNER = 7.0
BY_HAND, LEARNS = "put in by hand", "bars: the objective learns from this position"


class SpoiledChips(TokenFlow):
    """Five rows a line: the original where it was replaced, the word that is read in the colour of p(replaced), that number with a
    sign, and whether masked-word prediction and replaced-token detection learn from the position. A click pins the cursor.
    """

    _cell_height = sum(HEIGHTS)
    _line_gap = GRID + 2

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._words: tuple[Word, ...] = ()
        self.setAccessibleName("The text as the discriminator reads it")

    @property
    def tokens(self) -> Tokens | None:
        """As they are read: the text's own until it is spoiled."""
        spoiled = self.trace.find(Spoiled)
        return self.trace.tokens() if spoiled is None else spoiled.tokens

    def numbers(self) -> Table:
        columns = (
            "position",
            "token",
            "position in the text",
            "original",
            "masked",
            "put in by hand",
            "replaced",
            "p(token) of the generator",
            "p(original) of the generator",
            "p(replaced) of the discriminator",
            "call",
        )
        return Table(columns, tuple(_cells(word) for word in self._words))

    def _update(self, *, fresh: bool) -> None:
        if fresh:
            self._measured = None
            self._words = words_of(self.trace)
        super()._update(fresh=fresh)

    def _says(self, tokens: Tokens, position: int) -> str:
        name = f"{token_name(tokens, position)} · position {position}"
        word = self._word(position)
        if word is None:
            return name
        return "\n".join(
            (name, *_facts(word, special=tokens.special[position]), "click shows what else could stand here")
        )

    def _act(self, tokens: Tokens, position: int) -> None:
        free = self.cursor_at.pinned and self.cursor_at.query == position
        self.pointed.emit(replace(self.cursor_at, query=position, key=None, pinned=not free))

    def _word(self, position: int) -> Word | None:
        return self._words[position] if position < len(self._words) else None

    # geometry

    def _sentence(self) -> str:
        return "" if self.tokens else "Type a sentence above to have it spoiled and judged."

    def _tallest(self) -> int:
        return self._lines_height(LINES_SHOWN, self.width())

    def _room(self, width: int) -> tuple[float, float, float, float]:
        beside = legend.WIDTH + 3 * GRID if self._has_legend(width) else GRID
        return 10 * GRID, 4 * GRID, beside, GRID

    def _has_legend(self, width: int) -> bool:
        return width >= 70 * GRID

    def _groups(self, tokens: Tokens) -> tuple[int, ...]:
        group, groups = 0, []
        for position in range(len(tokens)):
            group += not attached(tokens, position)
            groups.append(group)
        return tuple(groups)

    def _measure(self, tokens: Tokens, position: int) -> float:
        word = self._word(position)
        original = small_width(isolated(word.original)) + 8 if word is not None and word.leads else 0.0
        number = small_width("100.0 %") + SIGN + 8 if word is not None and word.probability is not None else 0.0
        return max(token_width(self._text(tokens, position)) + 2 * PADDING, original, number, 4 * GRID)

    def _text(self, tokens: Tokens, position: int) -> str:
        label = tokens.labels[position]
        if attached(tokens, position) and label.startswith("##") and len(label) > 2:
            label = label[2:]
        return isolated(label)

    # painting

    def _paint_around(self, painter: QPainter) -> None:
        """The signs' legend above, and the rows' names at the left of every line."""
        self._paint_signs(painter)
        left, top, _, _ = self._room(self._content_width())
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("muted"))
        for line in range(self._places[-1].line + 1 if self._places else 0):
            y = top + line * self._pitch()
            for name, height in zip(ROWS, HEIGHTS, strict=True):
                painter.drawText(QRectF(0, y, left - GRID, height), RIGHT, name)
                y += height

    def _paint_signs(self, painter: QPainter) -> None:
        left, middle = self._room(self._content_width())[0], 2.0 * GRID
        end = self._content_width() - self._room(self._content_width())[2]
        painter.setFont(ui_font(SMALL))
        for call in filter(has_sign, Call):
            if left + SIGN + 4 + small_width(SAYS[call]) > end:
                return
            paint_sign(painter, call, left, middle)
            left = _letter(painter, left + SIGN + 4, middle, SAYS[call]) + 2 * GRID
        if any(word.by_hand for word in self._words) and left + CORNER + 4 + small_width(BY_HAND) <= end:
            _paint_corner(painter, QPointF(left + CORNER, middle - CORNER / 2), colour("text"))
            left = _letter(painter, left + CORNER + 4, middle, BY_HAND) + 2 * GRID
        if left + small_width(LEARNS) <= end:
            _letter(painter, left, middle, LEARNS)

    def _ring(self, position: int) -> QRectF:
        return self._chip(self._area(position)).adjusted(-3, -3, 3, 3)

    def _chip(self, area: QRectF) -> QRectF:
        return QRectF(area.left(), area.top() + LINE, area.width(), CHIP)

    def _paint_cell(self, painter: QPainter, tokens: Tokens, position: int, area: QRectF) -> None:
        word, chip = self._word(position), self._chip(area)
        self._paint_chip(painter, tokens, position, chip)
        if word is None:
            return
        if word.leads:
            font = ui_font(SMALL)
            font.setStrikeOut(True)
            _write(painter, font, "text", QRectF(area.left(), area.top(), area.width(), LINE), isolated(word.original))
        if word.by_hand:
            _paint_corner(painter, chip.topRight() + QPointF(-1, 1), readable_on(self._fill(word)))
        self._paint_number(painter, word, QRectF(area.left(), chip.bottom(), area.width(), LINE))
        self._paint_bars(painter, word, area)

    def _paint_chip(self, painter: QPainter, tokens: Tokens, position: int, chip: QRectF) -> None:
        word, place, special = self._word(position), self._places[position], tokens.special[position]
        judged = word is not None and word.probability is not None
        fill = self._fill(word)
        painter.setPen(QPen(colour("border"), 1, Qt.PenStyle.SolidLine if judged else Qt.PenStyle.DashLine))
        painter.setBrush(fill)
        outline = chip_outline(chip.adjusted(0.5, 0.5, -0.5, -0.5), opens=place.opens, closes=place.closes)
        painter.drawPath(outline)
        if position in (self.cursor_at.query, self._hovered):
            painter.setPen(QPen(colour("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(outline)
        painter.setFont(token_font(BASE))
        painter.setPen(readable_on(fill) if judged else colour("muted" if special else "text"))
        painter.drawText(chip, CENTRE, self._text(tokens, position))

    def _fill(self, word: Word | None) -> QColor:
        return colour("surface") if word is None or word.probability is None else sequential_colour(word.probability)

    def _paint_number(self, painter: QPainter, word: Word, area: QRectF) -> None:
        if word.probability is None or word.call is None:
            return
        text, signed = percent(word.probability), has_sign(word.call)
        width = small_width(text) + (SIGN + 4 if signed else 0)
        left = area.center().x() - width / 2
        paint_sign(painter, word.call, left, area.center().y())
        left += SIGN + 4 if signed else 0
        _write(
            painter, ui_font(SMALL), "text" if signed else "muted", QRectF(left, area.top(), width, LINE), text, LEFT
        )

    def _paint_bars(self, painter: QPainter, word: Word, area: QRectF) -> None:
        """Filled where the objective learns from this position, an empty track where it could and doesn't."""
        if word.probability is None:
            return
        y = area.top() + LINE + CHIP + LINE
        for height, learns, ink in ((12, word.drawn is not None, 0), (12, True, 4)):
            bar = QRectF(area.left() + 2, y + (height - BAR) / 2, area.width() - 4, BAR)
            painter.fillRect(bar, head_colour(ink) if learns else colour("raised"))
            y += height

    def _paint_fixed(self, painter: QPainter) -> None:
        if self._has_legend(self.width()):
            left = self._content_width() - legend.WIDTH - GRID
            legend.paint_colour_bar(painter, left, GRID, "p(replaced)")


def _cells(word: Word) -> tuple[Cell, ...]:
    return (
        word.position,
        word.label,
        word.origin,
        word.original,
        int(word.drawn is not None),
        int(word.by_hand),
        int(word.replaced),
        word.generated,
        word.original_probability,
        word.probability,
        None if word.call is None else str(word.call),
    )


def _facts(word: Word, *, special: bool) -> tuple[str, ...]:
    """What is known of a token, a line a fact."""
    if word.probability is None:
        return ("added by the model's template; judged by nobody" if special else "judged by nobody, or not yet",)
    said = f"p(replaced) = {percent(word.probability)} · {SAYS[word.call]}" if word.call else ""
    lines = [said, f"put in by hand for {isolated(word.original)}" if word.by_hand else ""]
    if word.drawn is not None:
        kept = "the word that was there, so it counts as original" if word.drawn.is_original else ""
        drawn = (
            f"masked: the generator drew {isolated(word.drawn.word.label)}, p = {percent(word.drawn.word.probability)}"
        )
        original = f"p({isolated(word.original)}) = {percent(word.original_probability or 0.0)}"
        lines += [drawn, kept or original]
    return tuple(filter(None, lines))


def _paint_corner(painter: QPainter, at: QPointF, ink: QColor) -> None:
    """A small triangle whose right angle is the upper right corner ``at``."""
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ink)
    painter.drawPolygon(QPolygonF([at, at - QPointF(CORNER, 0), at + QPointF(0, CORNER)]))


def _write(painter: QPainter, font: QFont, ink: str, area: QRectF, text: str, flags: int = CENTRE) -> None:
    painter.setFont(font)
    painter.setPen(colour(ink))
    painter.drawText(area, flags, text)


def _letter(painter: QPainter, left: float, middle: float, text: str) -> float:
    """A muted text from ``left``; the place where it ends."""
    width = small_width(text) + 2
    painter.setPen(colour("muted"))
    painter.drawText(QRectF(left, middle - GRID, width, 2 * GRID), LEFT, text)
    return left + width
