"""The encoder's states and the scores of a step: where attention looks from, one line per source token."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter

from attnviz.export.numbers import matrix_table, numbered
from attnviz.table import Table
from attnviz.trace import Floats
from attnviz.views.card import LEFT
from attnviz.views.palette import GRID, SMALL, colour, ui_font
from attnviz.views.row_map import RowMap
from attnviz.views.source_bars import BarScale, paint_axis, paint_bars, paint_numbers
from attnviz.views.step_moment import StepMoment, exact
from attnviz.views.step_source_card import SourceCard
from attnviz.views.vector_strip import Fold, Strip, limit_of, paint_scale, paint_strip

_FORMULAS = {
    "dot": "e = h{t} · h̃",
    "general": "e = h{t} W h̃",
    "additive": "e = v · tanh(W h{t} + U h̃)",
}
_MAP_SHARE = 0.62


class StatesCard(SourceCard):
    """The encoder's states, drawn once for a whole decoding."""

    def __init__(self) -> None:
        super().__init__()
        self.map: RowMap | None = None

    def _title(self, moment: StepMoment) -> str:
        return "encoder states h̃"

    def _formula(self, moment: StepMoment) -> str:
        return "read forwards | backwards"

    def _dims(self, moment: StepMoment) -> str:
        rows, columns = moment.encoding.states.shape
        return f"{rows} × {columns}"

    def _map_area(self) -> QRectF | None:
        return self.rows()

    def _arrived(self, moment: StepMoment) -> None:
        states = moment.encoding.states
        if self.map is None or self.map.values is not states:
            self.map = RowMap(states, limit_of(states))

    def _paint_rows(self, painter: QPainter, moment: StepMoment) -> None:
        if self.map is None:
            return
        self.map.paint(painter, self.rows())
        scale = QRectF(self.rows().left(), self.foot().top() + 2, self.rows().width(), 14)
        paint_scale(painter, scale, self.map.limit, signed=True)

    def _row_says(self, moment: StepMoment, position: int, point: QPointF | None) -> str:
        says, rows = moment.source(position), self.rows()
        column = (
            None
            if point is None
            else Fold(moment.encoding.states.shape[1], moment.encoding.states.shape[1], rows).at(point)
        )
        if column is None:
            return says
        return f"{says}   h̃[{column}] = {exact(float(moment.encoding.states[position, column]))}"

    def numbers(self) -> Table:
        """A row per source token, a column per dimension."""
        if self.moment is None:
            return Table((), ())
        states = self.moment.encoding.states
        columns = tuple(str(column) for column in range(states.shape[1]))
        return matrix_table("token", numbered(self.moment.tokens.labels), columns, states)


class ScoresCard(SourceCard):
    """The raw scores; opened, what they are summed from: the layer inside, or the products of the two vectors."""

    hides = True

    def __init__(self) -> None:
        super().__init__()
        self._low, self._high = 0.0, 1.0
        self._inner: RowMap | None = None
        self._inner_of: tuple[object, int] | None = None

    def _title(self, moment: StepMoment) -> str:
        return f"scores e{moment.now}"

    def _formula(self, moment: StepMoment) -> str:
        return _FORMULAS.get(moment.encoding.attention, moment.encoding.attention).format(t=moment.now)

    def _dims(self, moment: StepMoment) -> str:
        return f"{moment.encoding.attention} · {len(moment.tokens)}"

    def _arrived(self, moment: StepMoment) -> None:
        scores = moment.decoding.scores
        finite = np.zeros(0) if scores is None else scores[np.isfinite(scores)]
        self._low, self._high = min(float(finite.min(initial=0.0)), 0.0), max(float(finite.max(initial=0.0)), 0.0)
        if self._high - self._low <= 0:
            self._high = 1.0
        self._inner_of = None

    # what is inside

    def inner(self) -> RowMap | None:
        """The map that an opened card shows: tanh(W h + U h̃) for additive, else the terms of each product."""
        moment = self.moment
        if moment is None:
            return None
        if self._inner_of != (moment.decoding, moment.step):
            values = _inside(moment)
            self._inner = None if values is None else RowMap(values, limit_of(values))
            self._inner_of = (moment.decoding, moment.step)
        return self._inner

    def _inner_area(self) -> QRectF:
        rows = self.rows()
        return QRectF(rows.left(), rows.top(), rows.width() * _MAP_SHARE, rows.height())

    def _map_area(self) -> QRectF | None:
        return self._inner_area() if self._opened and self.inner() is not None else None

    def _bar_scale(self) -> BarScale:
        area = self.rows()
        if self._opened and self.inner() is not None:
            area = area.adjusted(area.width() * _MAP_SHARE + 2 * GRID, 0, 0, 0)
        return BarScale(area, self._low, self._high, reserve=40.0)

    # drawing

    def _paint_rows(self, painter: QPainter, moment: StepMoment) -> None:
        scores = moment.decoding.scores
        if scores is None:
            return
        scale = self._bar_scale()
        paint_axis(painter, scale, (self._low, 0.0, self._high))
        paint_bars(painter, scale, scores[moment.step], signed=True)
        paint_numbers(painter, scale, scores[moment.step], self.marked)
        if self._opened:
            self._paint_inner(painter, moment)

    def _paint_inner(self, painter: QPainter, moment: StepMoment) -> None:
        inner, area = self.inner(), self._inner_area()
        if inner is None:
            return
        inner.paint(painter, area)
        below = QRectF(area.left(), area.bottom() + 4, area.width(), 12)
        painter.setFont(ui_font(SMALL))
        vector = moment.encoding.vector
        text = _inner_words(moment)
        if vector is not None and moment.encoding.attention == "additive":
            strip = Strip("v", "v", vector, limit_of(vector))
            paint_strip(painter, strip, Fold(len(vector), len(vector), below))
            painter.setPen(colour("text"))
            painter.drawText(below.adjusted(-14, 0, 0, 0), int(LEFT), "v")
            below = below.translated(0, 14)
            text += f" · v ±{limit_of(vector):.2f}"
        end = paint_scale(painter, below.adjusted(0, 1, 0, 3), inner.limit, signed=True)
        painter.setPen(colour("muted"))
        painter.drawText(QRectF(end + GRID, below.top() + 1, self.width() - end - 2 * GRID, 14), int(LEFT), text)

    def _row_says(self, moment: StepMoment, position: int, point: QPointF | None) -> str:
        scores = moment.decoding.scores
        if scores is None:
            return moment.source(position)
        says = f"{moment.source(position)}   e = {exact(float(scores[moment.step, position]))}"
        inner = self.inner() if self._opened else None
        if point is None or inner is None:
            return says
        columns = inner.values.shape[1]
        column = Fold(columns, columns, self._inner_area()).at(point)
        return (
            says if column is None else f"{says}   inside [{column}] = {exact(float(inner.values[position, column]))}"
        )

    def numbers(self) -> Table:
        """A row per source token."""
        if self.moment is None or self.moment.decoding.scores is None:
            return Table((), ())
        scores = self.moment.decoding.scores[self.moment.step]
        rows = enumerate(zip(self.moment.tokens.labels, scores.tolist(), strict=True))
        return Table(("position", "token", "score"), tuple((place, label, score) for place, (label, score) in rows))


def _inside(moment: StepMoment) -> Floats | None:
    """What the scores are summed from, (source, width)."""
    if moment.encoding.attention == "additive":
        return moment.decoding.inside(moment.step, moment.encoding)
    other = moment.encoding.states if moment.encoding.keys is None else moment.encoding.keys
    hidden = moment.decoding.hidden[moment.step]
    return hidden[None] * other if other.shape[1] == len(hidden) else None


def _inner_words(moment: StepMoment) -> str:
    now = moment.now
    match moment.encoding.attention:
        case "additive":
            return f"tanh(W h{now} + U h̃): a line times v sums to e"
        case "general":
            return f"terms of h{now} · (W h̃): a line sums to e"
        case _:
            return f"terms of h{now} · h̃: a line sums to e"
