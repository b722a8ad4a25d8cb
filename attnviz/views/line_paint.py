"""Strokes of a line plot: axes, bands, curves, points, marks and the legend; where they stand is the plot's."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from attnviz.export.cells import stride
from attnviz.trace import Mark, Plot, Series
from attnviz.trace.plots import Numbers
from attnviz.views.axis_scale import AxisScale
from attnviz.views.palette import GRID, SMALL, colour, head_colour, ui_font
from attnviz.views.ruler import small_width

CENTRE = Qt.AlignmentFlag.AlignCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
ELIDED = Qt.TextElideMode.ElideRight
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
LINE, DOT, SAMPLE = 16.0, 3.5, 20.0
_LEAST_APART = 7.0


@dataclass(frozen=True, slots=True)
class Field:
    """Where curves are: the area and the scales of its two sides."""

    area: QRectF
    across: AxisScale
    up: AxisScale

    def lefts(self, places: Numbers) -> Numbers:
        return self.area.left() + self.across.shares(places) * self.area.width()

    def tops(self, values: Numbers) -> Numbers:
        return self.area.bottom() - self.up.shares(values) * self.area.height()

    def point(self, series: Series, index: int) -> QPointF:
        """Where a point of a curve stands; not a finite place where the value is none."""
        part = slice(index, index + 1)
        return QPointF(float(self.lefts(series.places[part])[0]), float(self.tops(series.values[part])[0]))


def ink(plot: Plot, index: int) -> QColor:
    """The colour of a curve: references are muted, the measured ones differ."""
    series = plot.series[index]
    if series.dashed:
        return colour("muted")
    if series.ink is not None:
        return head_colour(series.ink)
    return head_colour(sum(not series.dashed for series in plot.series[:index]))


# axes


def paint_axes(painter: QPainter, plot: Plot, field: Field) -> None:
    """Lines at round numbers with these numbers beside them, the frame, and the names of the axes."""
    area, metrics = field.area, QFontMetricsF(ui_font(SMALL))
    painter.setFont(ui_font(SMALL))
    grid, lettering = QPen(colour("border", 0.6), 1), QPen(colour("muted"))
    for value, number in _across_ticks(plot, field):
        left = area.left() + field.across.share(value) * area.width()
        painter.setPen(grid)
        painter.drawLine(QLineF(left, area.top(), left, area.bottom()))
        painter.setPen(lettering)
        painter.drawText(QRectF(left - 40, area.bottom() + 3, 80, LINE), int(CENTRE), number)
    for value, number in up_ticks(field):
        top = area.bottom() - field.up.share(value) * area.height()
        painter.setPen(grid)
        painter.drawLine(QLineF(area.left(), top, area.right(), top))
        painter.setPen(lettering)
        painter.drawText(QRectF(0, top - 8, area.left() - 5, LINE), int(RIGHT), number)
    painter.setPen(QPen(colour("muted"), 1))
    painter.drawPolyline(QPolygonF([area.topLeft(), area.bottomLeft(), area.bottomRight()]))
    painter.setPen(lettering)
    painter.drawText(QRectF(area.left(), area.bottom() + 3 + LINE, area.width(), LINE), int(CENTRE), plot.across.title)
    painter.save()
    painter.translate(2, area.center().y())
    painter.rotate(-90)
    room = QRectF(-area.height() / 2 - LINE, 0, area.height() + 2 * LINE, LINE)
    painter.drawText(room, int(CENTRE), metrics.elidedText(plot.up.title, ELIDED, room.width()))
    painter.restore()


def _across_ticks(plot: Plot, field: Field) -> tuple[tuple[float, str], ...]:
    """The numbers below, or the names, as many as have room."""
    names = plot.across.names
    if not names:
        return field.across.ticks(_most_across(field))
    widest = max(small_width(name) for _, name in names) + GRID
    return names[:: stride(field.area.width() / len(names), widest)]


def up_ticks(field: Field) -> tuple[tuple[float, str], ...]:
    """The numbers at the left, as many as have room."""
    return field.up.ticks(max(2, int(field.area.height() / (1.8 * LINE))))


def _most_across(field: Field) -> int:
    ends = (f"{end:,.4g}" for end in (field.across.low, field.across.high))
    return max(2, int(field.area.width() / (max(map(small_width, ends)) + 4 * GRID)))


# curves


def paint_curves(painter: QPainter, plot: Plot, field: Field) -> None:
    """Bands below, then curves with their points, the first one on top."""
    painter.save()
    painter.setClipRect(field.area.adjusted(-DOT - 1, -DOT - 1, DOT + 1, DOT + 1))
    order = range(len(plot.series) - 1, -1, -1)
    for index in order:
        _paint_band(painter, plot.series[index], field, ink(plot, index))
    for index in order:
        _paint_curve(painter, plot.series[index], field, ink(plot, index))
    painter.restore()


def _paint_band(painter: QPainter, series: Series, field: Field, tint: QColor) -> None:
    if series.low is None or series.high is None or not len(series):
        return
    lefts, lows, highs = field.lefts(series.places), field.tops(series.low), field.tops(series.high)
    tint = QColor(tint)
    tint.setAlphaF(0.18)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(tint)
    chosen = thinned(highs - lows, 2 * int(field.area.width()))
    for run in runs(lefts[chosen] + lows[chosen] + highs[chosen]):
        part = chosen[run]
        outline = [*_points(lefts[part], highs[part]), *reversed(_points(lefts[part], lows[part]))]
        painter.drawPolygon(QPolygonF(outline))
    if not _has_dots(series, field):
        return
    painter.setBrush(Qt.BrushStyle.NoBrush)
    tint.setAlphaF(0.7)
    painter.setPen(QPen(tint, 1))
    for left, low, high in zip(lefts.tolist(), lows.tolist(), highs.tolist(), strict=True):
        if np.isfinite(left + low + high):
            painter.drawLine(QLineF(left, low, left, high))


def _paint_curve(painter: QPainter, series: Series, field: Field, tint: QColor) -> None:
    lefts, tops = field.lefts(series.places), field.tops(series.values)
    chosen = thinned(tops, 2 * int(field.area.width()))
    wide = 1.5 if series.dashed else 1.0 if len(chosen) < len(tops) else 2.0
    pen = QPen(tint, wide, Qt.PenStyle.DashLine if series.dashed else Qt.PenStyle.SolidLine)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for run in runs(lefts[chosen] + tops[chosen]):
        painter.drawPolyline(QPolygonF(_points(lefts[chosen[run]], tops[chosen[run]])))
    if not _has_dots(series, field):
        return
    painter.setPen(QPen(colour("surface"), 1))
    painter.setBrush(tint)
    for left, top in zip(lefts.tolist(), tops.tolist(), strict=True):
        if np.isfinite(left + top):
            painter.drawEllipse(QPointF(left, top), DOT, DOT)


def thinned(values: Numbers, most: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Which of many points are drawn: of each run of neighbours the lowest and the highest, and both ends."""
    count = len(values)
    if count <= max(most, 2):
        return np.arange(count)
    size = -(-2 * count // max(most, 2))
    filled = np.full(-(-count // size) * size, np.nan)
    filled[:count] = values
    table = filled.reshape(-1, size)
    starts = np.arange(len(table)) * size
    lowest = starts + np.where(np.isnan(table), np.inf, table).argmin(axis=1)
    highest = starts + np.where(np.isnan(table), -np.inf, table).argmax(axis=1)
    return np.unique(np.concatenate([lowest, highest, [0, count - 1]]))


def runs(values: Numbers) -> Iterator[slice]:
    """The unbroken stretches of finite numbers."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], np.isfinite(values), [False]]).astype(np.int8)))
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        yield slice(start, end)


def _points(lefts: Numbers, tops: Numbers) -> list[QPointF]:
    return list(map(QPointF, lefts.tolist(), tops.tolist()))


def _has_dots(series: Series, field: Field) -> bool:
    """Points are drawn where they are measurements and stand apart."""
    return not series.dashed and len(series) * _LEAST_APART <= field.area.width()


# marks and legend


def paint_marks(painter: QPainter, marks: tuple[Mark, ...], field: Field) -> None:
    """A dashed line upwards at each place, its name at the top, beside the line where there is room."""
    painter.setFont(ui_font(SMALL))
    for mark in marks:
        left = field.area.left() + field.across.share(mark.place) * field.area.width()
        if not field.area.left() <= left <= field.area.right():
            continue
        painter.setPen(QPen(colour("text", 0.7), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QLineF(left, field.area.top(), left, field.area.bottom()))
        wide = small_width(mark.name) + 2
        beside = left + 4 if left + 4 + wide < field.area.right() else left - 4 - wide
        painter.setPen(colour("text"))
        painter.drawText(QRectF(beside, field.area.top() - 2, wide, LINE), int(LEFT), mark.name)


def legend_places(plot: Plot, room: QRectF) -> tuple[QRectF, ...]:
    """Where each curve's name stands, line under line from the top left corner; none where there is only one curve."""
    if len(plot.series) < 2:
        return ()
    places, left, top = [], room.left(), room.top()
    for series in plot.series:
        wide = min(SAMPLE + 4 + small_width(series.name), room.width())
        if left > room.left() and left + wide > room.right():
            left, top = room.left(), top + LINE
        places.append(QRectF(left, top, wide, LINE))
        left += wide + 2 * GRID
    return tuple(places)


def paint_legend(painter: QPainter, plot: Plot, places: tuple[QRectF, ...]) -> None:
    """A stroke of each curve with its name."""
    painter.setFont(ui_font(SMALL))
    metrics = QFontMetricsF(ui_font(SMALL))
    for index, place in enumerate(places):
        series = plot.series[index]
        style = Qt.PenStyle.DashLine if series.dashed else Qt.PenStyle.SolidLine
        painter.setPen(QPen(ink(plot, index), 2, style))
        middle = place.center().y()
        painter.drawLine(QLineF(place.left(), middle, place.left() + SAMPLE - 2, middle))
        painter.setPen(colour("muted"))
        words = place.adjusted(SAMPLE + 2, 0, 4, 0)
        painter.drawText(words, int(LEFT), metrics.elidedText(series.name, ELIDED, words.width()))
