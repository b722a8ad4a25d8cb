"""Curves of any measurements over one axis: bands of uncertainty, points, a legend, linear or logarithmic axes."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from attnviz.table import Cell, Table
from attnviz.trace import Axis, Cursor, Plot, Series
from attnviz.trace.plots import Numbers
from attnviz.views.axis_scale import AxisScale, scale_of
from attnviz.views.line_paint import (
    LINE,
    Field,
    ink,
    legend_places,
    paint_axes,
    paint_curves,
    paint_legend,
    paint_marks,
    up_ticks,
)
from attnviz.views.map_frame import Place
from attnviz.views.option import Option
from attnviz.views.palette import GRID, colour
from attnviz.views.place_view import PlaceView
from attnviz.views.plot_spot import Spot, spot_of
from attnviz.views.ruler import small_width

SCALES = ("as given", "linear", "log")
_LOOKED = 5.5


class LinePlot(PlaceView):
    """Draws the Plot of one name; the cursor is a Spot, and plots of the same places show it together.

    Left and right walk along a curve, up and down from curve to curve. ``scale_across`` and ``scale_up`` overrule what the
    record says of its axes; what is not above zero has no place on a logarithmic one.
    """

    scale_across = Option(SCALES[0], SCALES)
    scale_up = Option(SCALES[0], SCALES)

    def __init__(self, name: str, sentence: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self.plot: Plot | None = None
        self._what_to_do = sentence
        self.setAccessibleName(name)

    def numbers(self) -> Table:
        """A row for each point of each curve, with everything that is told of it."""
        if self.plot is None:
            return Table((), ())
        told = tuple(dict.fromkeys(name for series in self.plot.series for name, _ in series.told))
        columns = ("series", self.plot.across.title, self.plot.up.title, "low", "high", *told)
        return Table(columns, tuple(row for series in self.plot.series for row in _rows(series, told)))

    def _sentence(self) -> str:
        some = self.plot is not None and any(np.isfinite(series.values).any() for series in self.plot.series)
        return "" if some else self._what_to_do

    def _update(self, *, fresh: bool) -> None:
        found = self.trace.find(Plot, self.name)
        fresh = (fresh and found is not self.plot) or self.plot is None
        self.plot = found
        super()._update(fresh=fresh)

    def refresh(self) -> None:
        self.plot = None
        super().refresh()

    # geometry

    def field(self, plot: Plot) -> Field:
        """The area of the curves, as wide as the numbers beside it leave it, and its scales."""
        bounds = (bound for series in plot.series for bound in (series.values, series.low, series.high))
        across = self._scale(plot.across, self.scale_across, [series.places for series in plot.series], padded=False)
        up = self._scale(plot.up, self.scale_up, [bound for bound in bounds if bound is not None], padded=True)
        beyond = max(2.0 * GRID, small_width(f"{across.high:,.4g}") / 2 + 4)
        room = QRectF(self.rect()).adjusted(LINE + GRID, self._top(plot), -beyond, -2 * LINE - GRID)
        room.setHeight(max(room.height(), GRID))
        widest = max((small_width(number) for _, number in up_ticks(Field(room, across, up))), default=0.0)
        room.setLeft(min(math.ceil(room.left() + widest), self.width() - 4 * GRID))
        return Field(room, across, up)

    def _scale(self, axis: Axis, wish: str, values: list[Numbers], *, padded: bool) -> AxisScale:
        logarithmic = axis.logarithmic if wish == "as given" else wish == "log"
        return scale_of(axis, values, logarithmic=logarithmic, padded=padded)

    def _legend(self, plot: Plot) -> tuple[QRectF, ...]:
        return legend_places(plot, QRectF(LINE + GRID, 2, self.width() - LINE - 2 * GRID, LINE))

    def _top(self, plot: Plot) -> float:
        places = self._legend(plot)
        return (places[-1].bottom() if places else 0.0) + GRID + 2

    # painting

    def _paint_face(self, painter: QPainter) -> None:
        if (plot := self.plot) is None:
            return
        field = self.field(plot)
        paint_axes(painter, plot, field)
        paint_marks(painter, plot.marks, field)
        paint_curves(painter, plot, field)
        paint_legend(painter, plot, self._legend(plot))

    def _paint_over(self, painter: QPainter, marked: Place | None) -> None:
        if marked is None or self.plot is None:
            return
        field = self.field(self.plot)
        point = field.point(self.plot.series[marked[0]], marked[1])
        if not math.isfinite(point.x() + point.y()):
            return
        painter.setPen(QPen(colour("accent", 0.7), 1))
        painter.drawLine(QPointF(point.x(), field.area.top()), QPointF(point.x(), field.area.bottom()))
        painter.setPen(QPen(colour("text"), 2 if self.cursor_at.pinned else 1.5))
        painter.setBrush(ink(self.plot, marked[0]))
        painter.drawEllipse(point, _LOOKED, _LOOKED)

    # pointing

    def _place_at(self, point: QPointF) -> Place | None:
        """The nearest point that is drawn, wherever in the plot the mouse is."""
        if self.plot is None:
            return None
        field = self.field(self.plot)
        if not field.area.adjusted(-GRID, -GRID, GRID, GRID).contains(point):
            return None
        nearest, found = math.inf, None
        for index, series in enumerate(self.plot.series):
            far = np.hypot(field.lefts(series.places) - point.x(), field.tops(series.values) - point.y())
            far = np.where(np.isfinite(far), far, np.inf)
            if len(far) and far.min() < nearest:
                nearest, found = float(far.min()), (index, int(far.argmin()))
        return found

    def _marked(self) -> Place | None:
        spot = spot_of(self.cursor_at)
        if self.plot is None or spot.place is None:
            return None
        names = [series.name for series in self.plot.series]
        index = names.index(spot.series) if spot.series in names else 0
        if index >= len(names) or not len(self.plot.series[index]):
            return None
        places = self.plot.series[index].places
        nearest = int(np.abs(places - spot.place).argmin())
        return (index, nearest) if math.isclose(places[nearest], spot.place) else None

    def _aimed(self, place: Place, *, pinned: bool) -> Cursor:
        if self.plot is None:
            return Spot()
        series = self.plot.series[place[0]]
        return Spot(place=float(series.places[place[1]]), series=series.name, pinned=pinned)

    def _freed(self) -> Cursor:
        return replace(spot_of(self.cursor_at), place=None, series=None, pinned=False)

    def _walked(self, place: Place | None, rows: int, columns: int) -> Place | None:
        if self.plot is None or not any(map(len, self.plot.series)):
            return None
        if place is None:
            return next(index for index, series in enumerate(self.plot.series) if len(series)), 0
        index = min(max(place[0] + rows, 0), len(self.plot.series) - 1)
        here, there = self.plot.series[place[0]], self.plot.series[index]
        if not len(there):
            return place
        point = place[1] if index == place[0] else int(np.abs(there.places - here.places[place[1]]).argmin())
        return index, min(max(point + columns, 0), len(there) - 1)

    def _readout(self, place: Place) -> str:
        """The curve's name, the point, its band, and what is told of it."""
        if (plot := self.plot) is None:
            return ""
        series, index = plot.series[place[0]], place[1]
        lines = [f"{series.name} at {lettered(plot.across, series.places[index])}"]
        lines += [f"{plot.up.name} {lettered(plot.up, series.values[index])}"]
        if series.low is not None and series.high is not None:
            lines += [f"from {number_of(series.low[index])} to {lettered(plot.up, series.high[index])}"]
        if series.told:
            lines += ["   ".join(f"{name} {number_of(numbers[index])}" for name, numbers in series.told)]
        return "\n".join(lines)

    def _area_of(self, place: Place) -> QRectF:
        if self.plot is None:
            return QRectF()
        point = self.field(self.plot).point(self.plot.series[place[0]], place[1])
        if not math.isfinite(point.x() + point.y()):
            return QRectF()
        return QRectF(point.x() - _LOOKED, point.y() - _LOOKED, 2 * _LOOKED, 2 * _LOOKED)

    def sizeHint(self) -> QSize:
        return QSize(48 * GRID, 30 * GRID)

    def minimumSizeHint(self) -> QSize:
        return QSize(24 * GRID, 14 * GRID)


def number_of(value: float) -> str:
    """A number in at most four digits, whole ones in full."""
    if not math.isfinite(value):
        return "not a number"
    whole = float(value).is_integer() and abs(value) < 1e15
    return (f"{value:,.0f}" if whole else f"{value:,.4g}").replace("-", "−")


def lettered(axis: Axis, value: float) -> str:
    """A value of an axis with its unit, or the name of the place."""
    for place, name in axis.names:
        if math.isclose(place, value):
            return name
    return f"{number_of(value)} {axis.unit}".rstrip()


def _rows(series: Series, told: tuple[str, ...]) -> list[tuple[Cell, ...]]:
    known = dict(series.told)
    columns = (series.places, series.values, series.low, series.high, *(known.get(name) for name in told))
    return [(series.name, *(_cell(numbers, index) for numbers in columns)) for index in range(len(series))]


def _cell(numbers: Numbers | None, index: int) -> float | None:
    return float(numbers[index]) if numbers is not None and math.isfinite(numbers[index]) else None
