"""How surprising each word of a text is to a masked model: a column a token in nats, the sum of each word of several pieces."""

from __future__ import annotations

import math
from collections import Counter

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.trace import OwnProbability, PseudoLikelihood, Tokens
from attnviz.views.lettering import isolated, percent
from attnviz.views.palette import BASE, GRID, SMALL, colour, diverging, token_font, ui_font
from attnviz.views.ruler import small_width, token_width
from attnviz.views.token_chips import attached, chip_outline
from attnviz.views.token_flow import TokenFlow, token_name

LOWEST, TALLEST, CELL, VALUE, SUM, PADDING = 32, 320, 26, 16, 14, 9
STEP, LEAST = 4, 8
CENTRE = Qt.AlignmentFlag.AlignCenter


class LikelihoodBars(TokenFlow):
    """-ln p of every token when it is masked; the pieces of a word stand together, and their sum is written below them.

    Fills in while OwnProbability records arrive; what isn't scored, special tokens and masks, has no column.
    """

    _cell_height = LOWEST + CELL + VALUE + SUM
    _line_gap = GRID
    _gap = 6.0

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._top = LEAST
        self._column = LOWEST
        self._pieces: Counter[int | None] = Counter()
        self.setAccessibleName("Pseudo-log-likelihood of every word")

    @property
    def highest(self) -> int:
        """The top of the axis in nats: the same for all lines, a multiple of 4, at least 8."""
        values = [own.nats for own in self.trace.every(OwnProbability)]
        finite = [value for value in values if math.isfinite(value)]
        return max(LEAST, STEP * math.ceil(max(finite, default=0.0) / STEP))

    def word_sum(self, position: int) -> float | None:
        """-ln p of all pieces of the word at ``position``; None where one is not computed."""
        tokens = self.tokens
        if tokens is None or tokens.words[position] is None:
            return None
        pieces = [place for place, word in enumerate(tokens.words) if word == tokens.words[position]]
        found = [own.nats for place in pieces if (own := self._own(place)) is not None]
        return math.fsum(found) if len(found) == len(pieces) else None

    def numbers(self) -> Table:
        """One row per token; empty cells where nothing was scored."""
        tokens = self.tokens
        columns = ("position", "token", "label", "word", "ln p", "rank", "ln p of the word")
        return Table(columns, tuple(self._row(tokens, place) for place in range(len(tokens))) if tokens else ())

    def _row(self, tokens: Tokens, position: int) -> tuple[str | int | float | None, ...]:
        own, total = self._own(position), self.word_sum(position)
        known = (-own.nats, own.rank) if own is not None else (None, None)
        word = -total if total is not None and own is not None else None
        return (position, tokens.pieces[position], tokens.labels[position], tokens.words[position], *known, word)

    def _own(self, position: int) -> OwnProbability | None:
        return self.trace.find(OwnProbability, position)

    def _has_pieces(self, tokens: Tokens, position: int) -> bool:
        """Whether the token is one of several that make a word."""
        word = tokens.words[position]
        return word is not None and self._pieces[word] > 1

    def _says(self, tokens: Tokens, position: int) -> str:
        name = f"{token_name(tokens, position)} · position {position}"
        own = self._own(position)
        if own is None:
            reason = "a mask has no word to score" if position in tokens.masks else "special tokens are not scored"
            waits = not tokens.special[position] and position not in tokens.masks
            return f"{name}\n{'not computed' if waits else reason}"
        said = [name, f"−ln p = {own.nats:.3f} nats · p = {percent(own.probability)} · rank {own.rank:,}"]
        if (total := self.word_sum(position)) is not None and self._has_pieces(tokens, position):
            said.append(f"the whole word: {total:.3f} nats")
        if own.expected:
            words = (f"{isolated(entry.label)} {percent(entry.probability)}" for entry in own.expected[:3])
            said.append(f"rather expected: {', '.join(words)}")
        return "\n".join(said)

    def _update(self, *, fresh: bool) -> None:
        if fresh:
            self._top = self.highest
            self._pieces = Counter(self.tokens.words if self.tokens is not None else ())
        super()._update(fresh=fresh)

    # geometry

    def _sentence(self) -> str:
        if self.tokens is None or not len(self.tokens):
            return "Type a sentence above to see how probable each of its words is."
        whole = self.trace.find(PseudoLikelihood)
        return "There is no word to score: nothing but special tokens and masks." if whole and not whole.scored else ""

    def _room(self, width: int) -> tuple[float, float, float, float]:
        return 5 * GRID, 3 * GRID, GRID, GRID

    def _refit(self) -> None:
        """The columns are as tall as there is room for without scrolling."""
        below = (
            CELL + VALUE + (SUM if any(count > 1 for word, count in self._pieces.items() if word is not None) else 0)
        )
        _, top, _, bottom = self._room(self.width())
        places = self._flow(self.width())
        lines = places[-1].line + 1 if places else 1
        room = (self.height() - top - bottom + self._line_gap) / lines - self._line_gap - below
        self._column = min(max(int(room), LOWEST), TALLEST)
        self._cell_height = self._column + below
        super()._refit()

    def heightForWidth(self, width: int) -> int:
        """What is asked for is the room of the lowest columns."""
        places = self._flow(width)
        lines = places[-1].line + 1 if places else 1
        _, top, _, bottom = self._room(width)
        return int(top + lines * (LOWEST + CELL + VALUE + SUM + self._line_gap) + bottom)

    def _groups(self, tokens: Tokens) -> tuple[int, ...]:
        group, groups = 0, []
        for position in range(len(tokens)):
            group += not attached(tokens, position)
            groups.append(group)
        return tuple(groups)

    def _measure(self, tokens: Tokens, position: int) -> float:
        value = 0.0 if tokens.special[position] else small_width("00.00") + 4
        return max(token_width(isolated(tokens.labels[position])) + 2 * PADDING, value)

    # painting

    def _paint_around(self, painter: QPainter) -> None:
        """An axis at the beginning of each line, in nats."""
        left, top, right, _ = self._room(self._content_width())
        end = self._content_width() - right
        painter.setFont(ui_font(SMALL))
        for line in range(self._places[-1].line + 1 if self._places else 0):
            base = top + line * self._pitch() + self._column
            for part in range(3):
                across = round(base - part * (self._column - 6) / 2) - 0.5
                painter.setPen(QPen(colour("border"), 1))
                painter.drawLine(QPointF(left, across), QPointF(end, across))
                painter.setPen(colour("muted"))
                tick = QRectF(0, across - 8, left - 6, 16)
                flags = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
                painter.drawText(tick, int(flags), str(part * self._top // 2))
        painter.drawText(QRectF(GRID, 2, 20 * GRID, 2 * GRID), Qt.AlignmentFlag.AlignLeft, "−ln p, nats")

    def _ring(self, position: int) -> QRectF:
        return self._area(position).adjusted(-2, self._column - 2, 2, self._column + CELL + 2 - self._cell_height)

    def _paint_cell(self, painter: QPainter, tokens: Tokens, position: int, area: QRectF) -> None:
        own, place = self._own(position), self._places[position]
        cell = QRectF(area.left(), area.top() + self._column, area.width(), CELL).adjusted(0.5, 0.5, -0.5, -0.5)
        looked = position in (self.cursor_at.query, self._hovered)
        if own is not None:
            self._paint_column(painter, own, area)
            painter.setPen(QPen(colour("accent"), 2) if looked else QPen(colour("border"), 1))
            painter.setBrush(colour("raised"))
            painter.drawPath(chip_outline(cell, opens=place.opens, closes=place.closes))
        painter.setFont(token_font(BASE))
        painter.setPen(colour("text" if own is not None else "muted"))
        painter.drawText(cell, CENTRE, isolated(tokens.labels[position]))
        if place.opens and self._has_pieces(tokens, position):
            self._paint_sum(painter, tokens, position, area)

    def _paint_column(self, painter: QPainter, own: OwnProbability, area: QRectF) -> None:
        share = min(own.nats / self._top, 1.0) if math.isfinite(own.nats) else 1.0
        height, width = share * (self._column - 6), min(area.width() - GRID, 3 * GRID)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_ink())
        painter.drawRect(QRectF(area.center().x() - width / 2, area.top() + self._column - height, width, height))
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("text"))
        below = QRectF(area.left() - 3, area.top() + self._column + CELL, area.width() + 6, VALUE)
        painter.drawText(below, CENTRE, f"{own.nats:.2f}")

    def _paint_sum(self, painter: QPainter, tokens: Tokens, position: int, area: QRectF) -> None:
        """A bracket under the pieces of a word and what they are together, as far as they stand in one line."""
        total, line = self.word_sum(position), self._places[position].line
        if total is None:
            return
        right = area.right()
        for other in range(position + 1, position + self._pieces[tokens.words[position]]):
            right = self._area(other).right() if self._places[other].line == line else right
        below = area.top() + self._column + CELL + VALUE
        painter.setPen(QPen(colour("muted"), 1))
        painter.drawLine(QPointF(area.left() + 2, below + 0.5), QPointF(right - 2, below + 0.5))
        painter.setFont(ui_font(SMALL, bold=True))
        painter.setPen(colour("text"))
        painter.drawText(QRectF(area.left() - 8, below, right - area.left() + 16, SUM), CENTRE, f"{total:.2f}")


def _ink() -> QColor:
    """The warm side of the diverging map, as surprise is drawn everywhere."""
    return QColor(*(int(part) for part in diverging()[224]))
