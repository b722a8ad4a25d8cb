"""Which words surprise the model: each word's own probability when it alone is masked, and its surprisal as a column."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.trace import OwnProbability, Tokens
from attnviz.views import legend
from attnviz.views.lettering import bits, isolated, percent, surprisal
from attnviz.views.palette import (
    BASE,
    GRID,
    SMALL,
    colour,
    diverging,
    readable_on,
    sequential_colour,
    token_font,
    ui_font,
)
from attnviz.views.ruler import small_width, token_width
from attnviz.views.token_flow import TokenFlow, token_name

COLUMN, CELL, VALUE, PADDING = 88, 28, 16, 10
EXPECTED, EXPECTED_LINE, LONGEST = 3, 15, 14
STEP_BITS, LEAST_BITS = 4, 8
CENTRE = Qt.AlignmentFlag.AlignCenter


class HeatStrip(TokenFlow):
    """The tokens in reading order: above each a column as high as its surprisal, below it its probability and what the
    model would rather have put there.

    Fills in while ``OwnProbability`` records arrive; a token without one is an outline. ``toggled`` carries the
    position (int) of a token that is clicked to be masked.
    """

    toggled = Signal(object)
    _cell_height = COLUMN + CELL + VALUE + EXPECTED * EXPECTED_LINE
    _line_gap = 2 * GRID
    _gap = 4.0

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._top_bits = LEAST_BITS
        self.setAccessibleName("Own probability of every word")

    @property
    def highest(self) -> int:
        """The top of the surprisal axis in bits: the same for all lines, a multiple of 4, at least 8."""
        values = [surprisal(own.probability) for own in self.trace.every(OwnProbability)]
        finite = [value for value in values if math.isfinite(value)]
        return max(LEAST_BITS, STEP_BITS * math.ceil(max(finite, default=0.0) / STEP_BITS))

    def numbers(self) -> Table:
        """One row per token; empty cells where nothing was computed."""
        tokens = self.tokens
        rows = (self._row(tokens, position) for position in range(len(tokens))) if tokens else ()
        expected = tuple(f"expected {place + 1}" for place in range(EXPECTED))
        return Table(("position", "token", "label", "probability", "rank", "surprisal in bits", *expected), tuple(rows))

    def _row(self, tokens: Tokens, position: int) -> tuple[str | int | float | None, ...]:
        own = self._own(position)
        known = (own.probability, own.rank, surprisal(own.probability)) if own else (None, None, None)
        words = [entry.label for entry in own.expected[:EXPECTED]] if own else []
        padded = (*words, *(None for _ in range(EXPECTED - len(words))))
        return (position, tokens.pieces[position], tokens.labels[position], *known, *padded)

    def _own(self, position: int) -> OwnProbability | None:
        return self.trace.find(OwnProbability, position)

    def _says(self, tokens: Tokens, position: int) -> str:
        name = f"{token_name(tokens, position)} · position {position}"
        own = self._own(position)
        if own is None:
            return f"{name}\n{'added by the model' if tokens.special[position] else 'not computed'}"
        return (
            f"{name}\np(token | rest) = {own.probability:.6g} · {percent(own.probability)}\n"
            f"rank {own.rank:,} · {bits(own.probability)}\n"
            f"expected: {', '.join(f'{isolated(entry.label)} {percent(entry.probability)}' for entry in own.expected)}\n"
            "click masks it"
        )

    def _act(self, tokens: Tokens, position: int) -> None:
        if not tokens.special[position]:
            self.toggled.emit(position)

    def _update(self, *, fresh: bool) -> None:
        if fresh:
            self._top_bits = self.highest
        super()._update(fresh=fresh)

    # geometry

    def _sentence(self) -> str:
        if self.tokens is None or not len(self.tokens):
            return "Type a sentence above to see which of its words surprise the model."
        computed = self.trace.every(OwnProbability)
        waits = self.tokens.masks and not computed
        return "Every word's own probability appears here when no word is masked." if waits else ""

    def _room(self, width: int) -> tuple[float, float, float, float]:
        right, top = (
            (legend.WIDTH + 3 * GRID, 3 * GRID) if self._legend_beside(width) else (GRID, legend.HEIGHT + 4 * GRID)
        )
        return 4 * GRID, top + GRID, right, GRID

    def _legend_beside(self, width: int) -> bool:
        return width >= 60 * GRID

    def _measure(self, tokens: Tokens, position: int) -> float:
        label = token_width(isolated(tokens.labels[position]))
        value = 0.0 if tokens.special[position] else small_width("< 0.1 %") + 2
        own = self._own(position)
        words = [small_width(_short(entry.label)) for entry in own.expected[:EXPECTED]] if own else []
        return max(label + 2 * PADDING, value, *words)

    # painting

    def _paint_around(self, painter: QPainter) -> None:
        """A small axis at the beginning of each line: bits of surprisal."""
        left, top, right, _ = self._room(self._content_width())
        end = self._content_width() - right
        for line in range(self._places[-1].line + 1 if self._places else 0):
            base = top + line * self._pitch() + COLUMN
            for part in range(3):
                y = round(base - part * (COLUMN - 4) / 2) - 0.5
                painter.setPen(QPen(colour("border"), 1))
                painter.drawLine(QPointF(left, y), QPointF(end, y))
                painter.setPen(colour("muted"))
                painter.setFont(ui_font(SMALL))
                tick = QRectF(0, y - 8, left - 4, 16)
                painter.drawText(
                    tick, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(part * self._top_bits // 2)
                )
        painter.drawText(
            QRectF(GRID, top - 3 * GRID, 20 * GRID, 2 * GRID), Qt.AlignmentFlag.AlignLeft, "surprisal, bits"
        )

    def _ring(self, position: int) -> QRectF:
        return self._area(position).adjusted(-2, COLUMN - 2, 2, -VALUE - EXPECTED * EXPECTED_LINE + 2)

    def _paint_cell(self, painter: QPainter, tokens: Tokens, position: int, area: QRectF) -> None:
        cell = QRectF(area.left(), area.top() + COLUMN, area.width(), CELL).adjusted(0.5, 0.5, -0.5, -0.5)
        own = self._own(position)
        if own is not None:
            self._paint_column(painter, own, area)
            self._paint_value(painter, own, area)
        fill = sequential_colour(own.probability) if own is not None else colour("surface")
        looked = position in (self.cursor_at.query, self._hovered)
        if not tokens.special[position] or looked:
            painter.setPen(QPen(colour("accent"), 2) if looked else QPen(colour("border"), 1))
            painter.setBrush(fill)
            painter.drawRect(cell)
        painter.setFont(token_font(BASE))
        painter.setPen(readable_on(fill) if own is not None else colour("muted"))
        painter.drawText(cell, CENTRE, isolated(tokens.labels[position]))

    def _paint_column(self, painter: QPainter, own: OwnProbability, area: QRectF) -> None:
        share = min(surprisal(own.probability) / self._top_bits, 1.0)
        if math.isnan(share):
            return
        height = share * (COLUMN - 4)
        width = min(area.width() - GRID, 3 * GRID)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(_surprise())
        painter.drawRect(QRectF(area.center().x() - width / 2, area.top() + COLUMN - height, width, height))

    def _paint_value(self, painter: QPainter, own: OwnProbability, area: QRectF) -> None:
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("text"))
        below = QRectF(area.left() - 2, area.top() + COLUMN + CELL, area.width() + 4, VALUE)
        painter.drawText(below, CENTRE, percent(own.probability))
        painter.setPen(colour("muted"))
        for entry in own.expected[:EXPECTED]:
            below = below.translated(0, EXPECTED_LINE)
            painter.drawText(below, CENTRE, _short(entry.label))

    def _paint_fixed(self, painter: QPainter) -> None:
        width = self.width()
        left = self._content_width() - legend.WIDTH - GRID if self._legend_beside(width) else self._room(width)[0]
        legend.paint_colour_bar(painter, left, GRID, "p(token | rest)")


def _short(label: str) -> str:
    shown = label if len(label) <= LONGEST else label[: LONGEST - 1] + "…"
    return isolated(shown)


def _surprise() -> QColor:
    """The colour of surprisal: the warm side of the diverging map, unlike the probabilities below it."""
    return QColor(*(int(part) for part in diverging()[224]))
