"""Strokes of the projection: axes with their share of the variance, the cloud, its names, and one token's way."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QLinearGradient, QPainter, QPen, QPolygonF

from attnviz.export.ticks import even_ticks
from attnviz.trace import Floats, Tokens
from attnviz.views.label_places import placed
from attnviz.views.lens_reading import layer_name
from attnviz.views.lettering import isolated
from attnviz.views.map_frame import Place
from attnviz.views.palette import GRID, SMALL, colour, sequential, token_font, ui_font
from attnviz.views.principal import Plane
from attnviz.views.ruler import small_width

_CENTRE = Qt.AlignmentFlag.AlignCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LINE, _DOT, _SMALL_DOT, _STATION = 16.0, 4.0, 3.0, 7.0
_APART = 90.0
MOST_NAMES = 240
_PALEST, _STRONGEST = 60, 235


@dataclass(frozen=True, slots=True, eq=False)
class Cloud:
    """``places`` (layers, tokens, 2) are the states of ``layers`` (numbered as in Hidden) in ``plane``."""

    tokens: Tokens
    plane: Plane
    layers: tuple[int, ...]
    places: Floats

    def ink(self, row: int) -> QColor:
        """The colour of a layer: paler for lower ones."""
        share = row / (len(self.layers) - 1) if len(self.layers) > 1 else 1.0
        code = round(_PALEST + share * (_STRONGEST - _PALEST))
        return QColor(*(int(part) for part in sequential()[code]))


@dataclass(frozen=True, slots=True)
class Sheet:
    """The plane laid onto ``area``: both axes have one scale, so that distances are true."""

    area: QRectF
    middle: tuple[float, float]
    scale: float

    @staticmethod
    def of(cloud: Cloud, room: QRectF) -> Sheet:
        inner = room.adjusted(7.5 * GRID, 2.5 * _LINE, -2 * GRID, -2 * _LINE - GRID)
        area = QRectF(inner.topLeft(), inner.size().expandedTo(QSizeF(GRID, GRID)))
        flat = cloud.places.reshape(-1, 2).astype(np.float64)
        low, high = flat.min(axis=0), flat.max(axis=0)
        spread = np.maximum(high - low, 1e-9) * 1.12
        scale = min(area.width() / float(spread[0]), area.height() / float(spread[1]))
        middle = (low + high) / 2
        return Sheet(area, (float(middle[0]), float(middle[1])), scale)

    def across(self, values: Floats | NDArray[np.float64] | float) -> NDArray[np.float64]:
        return np.asarray(self.area.center().x() + (np.asarray(values, np.float64) - self.middle[0]) * self.scale)

    def down(self, values: Floats | NDArray[np.float64] | float) -> NDArray[np.float64]:
        return np.asarray(self.area.center().y() - (np.asarray(values, np.float64) - self.middle[1]) * self.scale)

    def point(self, place: Floats) -> QPointF:
        return QPointF(float(self.across(place[0])), float(self.down(place[1])))

    def points(self, places: Floats) -> list[QPointF]:
        return list(map(QPointF, self.across(places[:, 0]).tolist(), self.down(places[:, 1]).tolist()))

    def ends(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """What the area shows of each axis."""
        half = self.area.width() / 2 / self.scale, self.area.height() / 2 / self.scale
        return (
            (self.middle[0] - half[0], self.middle[0] + half[0]),
            (self.middle[1] - half[1], self.middle[1] + half[1]),
        )


def paint_axes(painter: QPainter, cloud: Cloud, sheet: Sheet) -> None:
    """Lines at round numbers, and the axes' names with what they show of the variance."""
    area, (across, down) = sheet.area, sheet.ends()
    painter.setFont(ui_font(SMALL))
    for (low, high), level in ((across, False), (down, True)):
        for value, text in _round_numbers(low, high, area.height() if level else area.width()):
            painter.setPen(QPen(colour("border", 0.9 if value == 0 else 0.45), 1))
            if level:
                at = float(sheet.down(value))
                painter.drawLine(QLineF(area.left(), at, area.right(), at))
                box, flags = QRectF(0, at - 8, area.left() - 5, 16), _RIGHT
            else:
                at = float(sheet.across(value))
                painter.drawLine(QLineF(at, area.top(), at, area.bottom()))
                box, flags = QRectF(at - 30, area.bottom() + 2, 60, _LINE), _CENTRE
            painter.setPen(colour("muted"))
            painter.drawText(box, int(flags), text)
    first, second = (f"{100 * share:.3g} % of the variance" for share in cloud.plane.shares)
    painter.setPen(colour("text"))
    below = QRectF(area.left(), area.bottom() + _LINE, area.width(), _LINE)
    painter.drawText(below, int(_CENTRE), f"1st principal component · {first}")
    painter.save()
    painter.translate(2, area.center().y())
    painter.rotate(-90)
    painter.drawText(
        QRectF(-area.height() / 2, 0, area.height(), _LINE), int(_CENTRE), f"2nd principal component · {second}"
    )
    painter.restore()


def _round_numbers(low: float, high: float, length: float) -> list[tuple[float, str]]:
    """Multiples of one round number between two ends, about ``_APART`` pixels from one to the next."""
    (step, _), *_ = even_ticks(high - low, max(1, int(length / _APART)))
    values = [step * index for index in range(math.ceil(low / step), math.floor(high / step) + 1)]
    return [(value, f"{value:g}".replace("-", "−")) for value in values]


def paint_legend(painter: QPainter, cloud: Cloud, sheet: Sheet, row: int, *, whole: bool) -> None:
    """Which states these are, and the ramp of their layers."""
    count = len(cloud.layers) * len(cloud.tokens)
    line = QRectF(sheet.area.left(), 4, sheet.area.width(), _LINE)
    painter.setFont(ui_font(SMALL))
    painter.setPen(colour("muted"))
    shown = layer_name(cloud.layers[row])
    said = f"{count} states of all layers · large dots: {shown}" if whole else f"{count} states, {shown} only"
    if not cloud.plane.settled:
        said += " · no two directions stand out: the axes are approximate"
    painter.drawText(line, int(_LEFT), said)
    if not whole or len(cloud.layers) < 2:
        return
    line = line.translated(0, _LINE)
    names = layer_name(cloud.layers[0]), layer_name(cloud.layers[-1])
    painter.drawText(line, int(_LEFT), names[0])
    left = line.left() + small_width(names[0]) + GRID
    ramp = QLinearGradient(left, 0, left + 10 * GRID, 0)
    for each in range(len(cloud.layers)):
        ramp.setColorAt(each / (len(cloud.layers) - 1), cloud.ink(each))
    painter.setPen(QPen(colour("border"), 1))
    painter.setBrush(ramp)
    painter.drawRect(QRectF(left, line.center().y() - 4, 10 * GRID, 8))
    painter.setPen(colour("muted"))
    painter.drawText(line.adjusted(left + 11 * GRID - line.left(), 0, 0, 0), int(_LEFT), names[1])


def paint_cloud(painter: QPainter, cloud: Cloud, sheet: Sheet, row: int) -> None:
    """Every state as a small square, the shown layer's as larger dots on top."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for other in range(len(cloud.layers)):
        if other != row:
            painter.setPen(QPen(cloud.ink(other), _SMALL_DOT, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap))
            painter.drawPoints(QPolygonF(sheet.points(cloud.places[other])))
    painter.restore()
    painter.setPen(QPen(colour("surface"), 1))
    painter.setBrush(colour("text"))
    for point in sheet.points(cloud.places[row]):
        painter.drawEllipse(point, _DOT, _DOT)


def paint_labels(painter: QPainter, cloud: Cloud, sheet: Sheet, row: int) -> None:
    """The names of the shown layer's points, as many as have room: every word once before one comes twice."""
    painter.setFont(token_font(SMALL))
    metrics = QFontMetricsF(painter.font())
    texts = [isolated(label, 14) for label in cloud.tokens.labels]
    widths = {text: metrics.horizontalAdvance(text) for text in set(texts)}
    sizes = np.array([(widths[text], metrics.height()) for text in texts])
    points = np.stack([sheet.across(cloud.places[row, :, 0]), sheet.down(cloud.places[row, :, 1])], axis=1)
    found = placed(points, sizes, sheet.area, _DOT + 3, _news_first(texts))
    painter.setPen(colour("text"))
    for index, area in found.items():
        painter.fillRect(area, colour("surface", 0.75))
        painter.drawText(area, int(_CENTRE), texts[index])
    missing = len(texts) - len(found)
    if missing:
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("muted"))
        line = QRectF(sheet.area.left(), 4, sheet.area.width(), _LINE)
        painter.drawText(line, int(_RIGHT), f"{missing} of {len(texts)} names have no room: point at a dot")


def _news_first(texts: list[str]) -> list[int]:
    """All positions, ordered by how often their text was there before."""
    seen: dict[str, int] = {}
    times = []
    for text in texts:
        times.append(seen.get(text, 0))
        seen[text] = times[-1] + 1
    return sorted(range(len(texts)), key=times.__getitem__)[:MOST_NAMES]


def paint_way(painter: QPainter, cloud: Cloud, sheet: Sheet, marked: Place, *, pinned: bool) -> None:
    """One token through the layers: stations with their numbers, joined in order, the shown one filled."""
    row, token = marked
    points = sheet.points(cloud.places[:, token])
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for name, width in (("surface", 4.5), ("accent", 2.0)):
        painter.setPen(QPen(colour(name), width))
        painter.drawPolyline(QPolygonF(points))
    painter.setFont(ui_font(10 if len(cloud.layers) > 10 else SMALL))
    for station in [*(each for each in range(len(points)) if each != row), row]:
        shown = station == row
        size = _STATION + (2.0 if shown else 0.0)
        painter.setPen(QPen(colour("accent"), 3 if shown and pinned else 1.5))
        painter.setBrush(colour("accent" if shown else "surface"))
        painter.drawEllipse(points[station], size, size)
        painter.setPen(colour("on_accent" if shown else "accent"))
        layer = cloud.layers[station]
        box = QRectF(points[station].x() - 10, points[station].y() - 10, 20, 20)
        painter.drawText(box, int(_CENTRE), "e" if layer == 0 else str(layer - 1))
    _paint_name(painter, points[row], isolated(cloud.tokens.labels[token]), sheet.area)


def _paint_name(painter: QPainter, point: QPointF, text: str, room: QRectF) -> None:
    """The name of the token whose way it is, on a plate beside the shown station."""
    painter.setFont(token_font(SMALL))
    metrics = QFontMetricsF(painter.font())
    wide, tall = metrics.horizontalAdvance(text) + GRID, metrics.height() + 2
    left = point.x() + _STATION + 4
    plate = QRectF(
        left if left + wide <= room.right() else point.x() - _STATION - 4 - wide, point.y() - tall / 2, wide, tall
    )
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour("surface", 0.9))
    painter.drawRoundedRect(plate, 3, 3)
    painter.setPen(colour("accent"))
    painter.drawText(plate, int(_CENTRE), text)
