"""Painting cells, labels and colour bars on any device: the same strokes serve the screen and the printed figure."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QImage, QPaintEngine, QPainter, QPen

from attnviz.export.colours import Codes
from attnviz.export.ticks import Ticks

MOST_VECTOR_CELLS = 96 * 96
SLANT = 50.0
SEAM = 0.5
_RASTER = (QPaintEngine.Type.Raster, QPaintEngine.Type.OpenGL, QPaintEngine.Type.OpenGL2)


@dataclass(frozen=True, slots=True)
class Ink:
    """Fonts and colours of lettering: strong for what is read first, muted for the rest."""

    text: QColor
    muted: QColor
    line: QColor
    labels: QFont
    small: QFont


def indexed_image(codes: Codes, table: Codes) -> QImage:
    """An 8-bit image that owns its pixels; ``table`` is (256, 4) RGBA."""
    rows, columns = codes.shape
    image = QImage(np.ascontiguousarray(codes).data, columns, rows, columns, QImage.Format.Format_Indexed8).copy()
    red, green, blue, alpha = table.astype(np.uint32).T
    image.setColorTable((alpha << 24 | red << 16 | green << 8 | blue).tolist())
    return image


def is_vector(painter: QPainter) -> bool:
    return painter.paintEngine().type() not in _RASTER


def pooled(codes: Codes, rows: int, columns: int, *, signed: bool = False) -> Codes:
    """``codes`` (…, rows, columns) brought down to at most ``rows`` × ``columns``; the strongest cell of each patch stays."""
    high = _reduced(np.maximum, codes, rows, columns)
    if signed and high.shape != codes.shape:
        low = _reduced(np.minimum, codes, rows, columns)
        high = np.where(high.astype(np.int16) - 128 >= 127 - low.astype(np.int16), high, low)
    return np.ascontiguousarray(high)


def _reduced(strongest: np.ufunc, codes: Codes, rows: int, columns: int) -> Codes:
    """Patches reduced by shifted gathers, which ``reduceat`` takes ten times as long for."""
    for axis, wanted in ((codes.ndim - 2, max(rows, 1)), (codes.ndim - 1, max(columns, 1))):
        length = codes.shape[axis]
        if wanted >= length:
            continue
        starts = np.arange(wanted) * length // wanted
        lasts = np.append(starts[1:], length) - 1
        patch = codes.take(starts, axis=axis)
        for shift in range(1, int((lasts - starts).max()) + 1):
            strongest(patch, codes.take(np.minimum(starts + shift, lasts), axis=axis), out=patch)
        codes = patch
    return codes


def paint_cells(painter: QPainter, area: QRectF, codes: Codes, table: Codes) -> None:
    """Fill ``area`` with one cell per code: rectangles where the device is vectorial and they aren't too many."""
    if not is_vector(painter):
        _paint_pixels(painter, area, codes, table)
    elif codes.size <= MOST_VECTOR_CELLS:
        _paint_rectangles(painter, area, codes, table)
    else:
        times = max(1, 2048 // max(codes.shape))  # viewers blur what they enlarge
        painter.drawImage(area, indexed_image(np.repeat(np.repeat(codes, times, axis=0), times, axis=1), table))


def _paint_pixels(painter: QPainter, area: QRectF, codes: Codes, table: Codes) -> None:
    """Device pixels made here and put there as they are: Qt would scale in threads, and wait for them where cores are busy."""
    onto = painter.deviceTransform()
    place = onto.mapRect(area)
    left, top = math.ceil(place.left() - 0.5), math.ceil(place.top() - 0.5)
    columns = _nearest(left, place.left(), place.width(), codes.shape[1])
    rows = _nearest(top, place.top(), place.height(), codes.shape[0])
    if onto.isRotating() or not (rows.size and columns.size) or int(table[:, 3].min()) < 255:
        painter.drawImage(area, indexed_image(codes, table))
        return
    red, green, blue, _ = table.astype(np.uint32).T
    colours = (0xFF000000 | red << 16 | green << 8 | blue).astype(np.uint32)
    pixels = colours.take(codes).take(columns, axis=1).take(rows, axis=0)  # last what is copied line by line
    image = QImage(pixels.data, columns.size, rows.size, 4 * columns.size, QImage.Format.Format_RGB32)
    painter.save()
    painter.resetTransform()
    rest = painter.deviceTransform()  # a window's offset and fineness, which no reset takes away
    image.setDevicePixelRatio(rest.m11())
    painter.drawImage(rest.inverted()[0].map(QPointF(left, top)), image)
    painter.restore()


def _nearest(first: int, start: float, length: float, cells: int) -> NDArray[np.intp]:
    """The cell under the middle of each pixel from ``first`` on, where ``cells`` take ``length`` pixels from ``start``."""
    middles = np.arange(first, math.ceil(start + length - 0.5)) + 0.5
    return np.clip(((middles - start) * cells / length).astype(np.intp), 0, cells - 1)


def _paint_rectangles(painter: QPainter, area: QRectF, codes: Codes, table: Codes) -> None:
    """One rectangle for each run of equal cells; they overlap a little, because viewers let the page shine through seams."""
    height, width = area.height() / codes.shape[0], area.width() / codes.shape[1]
    painter.save()
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    for row, line in enumerate(codes):
        edges = [0, *(np.flatnonzero(np.diff(line)) + 1).tolist(), len(line)]
        for first, last in pairwise(edges):
            left, top = area.left() + first * width, area.top() + row * height
            right, bottom = left + (last - first) * width + SEAM, top + height + SEAM
            painter.setBrush(QColor(*(int(part) for part in table[line[first]])))
            painter.drawRect(QRectF(QPointF(left, top), QPointF(min(right, area.right()), min(bottom, area.bottom()))))
    painter.restore()


def paint_bar(painter: QPainter, area: QRectF, table: Codes, ticks: Ticks, ink: Ink) -> None:
    """A vertical colour bar, highest value on top, numbers right of it and the unit running along."""
    ramp = np.arange(255, -1, -1, dtype=np.uint8)[:, None]
    paint_cells(painter, area, ramp, table)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(ink.line, 1))
    painter.drawRect(area)
    painter.setFont(ink.small)
    metrics = QFontMetricsF(ink.small)
    drawn: list[float] = []
    # Ends first: on a short bar a number between them gives way.
    for height, number in sorted(zip(ticks.heights, ticks.numbers, strict=True), key=lambda tick: -abs(tick[0] - 0.5)):
        level = area.bottom() - height * area.height()
        if any(abs(level - other) < metrics.height() for other in drawn):
            continue
        drawn.append(level)
        painter.setPen(QPen(ink.muted, 1))
        painter.drawLine(QLineF(area.right(), level, area.right() + 4, level))
        painter.setPen(ink.text)
        baseline = min(max(level + metrics.capHeight() / 2, area.top() + metrics.capHeight()), area.bottom())
        painter.drawText(QPointF(area.right() + 7, baseline), number)
    widest = max((metrics.horizontalAdvance(number) for number in ticks.numbers), default=0.0)
    painter.setPen(ink.muted)
    painter.save()
    painter.translate(area.right() + 12 + widest + metrics.ascent(), area.center().y())
    painter.rotate(-90)
    unit = metrics.elidedText(ticks.unit, Qt.TextElideMode.ElideRight, max(area.height(), 60.0))
    painter.drawText(QPointF(-metrics.horizontalAdvance(unit) / 2, 0), unit)
    painter.restore()


def bar_width(ticks: Ticks, ink: Ink) -> float:
    """What a colour bar of 12 units takes with its numbers and its unit."""
    metrics = QFontMetricsF(ink.small)
    return (
        12 + 14 + max((metrics.horizontalAdvance(number) for number in ticks.numbers), default=0.0) + metrics.height()
    )


def stride(spacing: float, needed: float) -> int:
    """Every how manyth label fits when labels stand ``spacing`` apart and need ``needed``: 1, 2, 5, 10, 20, 50 …"""
    if spacing <= 0:
        return 1
    for power in range(7):
        for step in (1, 2, 5):
            if step * 10**power * spacing >= needed:
                return int(step * 10**power)
    return 10**7


def label_width(labels: tuple[str, ...], font: QFont) -> float:
    """The width of the widest label."""
    return _label_width(labels, font.toString())


@lru_cache(maxsize=64)
def _label_width(labels: tuple[str, ...], description: str) -> float:
    font = QFont()
    font.fromString(description)
    metrics = QFontMetricsF(font)
    return max((metrics.horizontalAdvance(label) for label in set(labels)), default=0.0)


def label_extent(labels: tuple[str, ...], font: QFont, cell: float) -> tuple[float, bool]:
    """The height that labels on top take over cells of width ``cell``, and whether they must be slanted."""
    metrics, widest = QFontMetricsF(font), label_width(labels, font)
    if widest + 8 <= cell:
        return metrics.height(), False
    return math.sin(math.radians(SLANT)) * widest + metrics.height() * 0.7, True


def paint_row_label(painter: QPainter, right: float, middle: float, label: str) -> None:
    """``label`` right-aligned before a row, in the painter's font and pen."""
    metrics = QFontMetricsF(painter.font())
    painter.drawText(QPointF(right - metrics.horizontalAdvance(label), middle + metrics.capHeight() / 2), label)


def paint_column_label(painter: QPainter, middle: float, bottom: float, label: str, *, slanted: bool) -> None:
    """``label`` over a column, level and centred or rising to the right."""
    metrics = QFontMetricsF(painter.font())
    if not slanted:
        painter.drawText(QPointF(middle - metrics.horizontalAdvance(label) / 2, bottom - metrics.descent()), label)
        return
    painter.save()
    painter.translate(middle + metrics.capHeight() * 0.45, bottom - 1)
    painter.rotate(-SLANT)
    painter.drawText(QPointF(0, 0), label)
    painter.restore()
