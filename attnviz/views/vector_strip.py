"""A vector as a strip of cells, folded into as many lines as its place needs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPen

from attnviz.export.cells import is_vector
from attnviz.export.colours import Codes
from attnviz.trace import Floats
from attnviz.views.cell_image import inks_on, paint_codes
from attnviz.views.image import coded, safe_image
from attnviz.views.palette import SMALL, Theme, colour, diverging, sequential, theme, token_font, ui_font
from attnviz.views.ruler import small_width
from attnviz.views.step_moment import exact, lettered_number

MOST_CELL = 56.0
LETTER_WIDTH, LETTER_HEIGHT = 36.0, 15.0
_RAMP = 36.0


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """A vector to be drawn: ``limit`` is the end of its scale, symmetric about 0 when ``signed``, else from 0.

    ``symbol`` stands before it, ``meaning`` says in words what it is; ``names`` are what its cells stand for, if anything.
    """

    symbol: str
    meaning: str
    values: Floats
    limit: float
    signed: bool = True
    names: tuple[str, ...] = ()
    marked: int | None = None

    def codes(self) -> Codes:
        safe, _ = safe_image(self.values[None])
        codes: Codes = coded(safe, -self.limit if self.signed else 0.0, self.limit)[0]
        return codes

    def table(self) -> Codes:
        return diverging() if self.signed else sequential()

    def says(self, index: int) -> str:
        """A cell in words."""
        name = f" {self.names[index]}" if self.names else ""
        return f"{self.symbol}[{index}]{name} = {exact(float(self.values[index]))}"


@dataclass(frozen=True, slots=True)
class Fold:
    """``count`` cells laid out in lines of ``columns`` in ``area``."""

    count: int
    columns: int
    area: QRectF

    @property
    def lines(self) -> int:
        return math.ceil(self.count / self.columns)

    def cell(self, index: int) -> QRectF:
        line, column = divmod(index, self.columns)
        width, height = self.area.width() / self.columns, self.area.height() / self.lines
        return QRectF(self.area.left() + column * width, self.area.top() + line * height, width, height)

    def at(self, point: QPointF) -> int | None:
        """The cell under a point."""
        if not self.area.contains(point):
            return None
        column = int((point.x() - self.area.left()) / self.area.width() * self.columns)
        line = int((point.y() - self.area.top()) / self.area.height() * self.lines)
        index = min(line, self.lines - 1) * self.columns + min(column, self.columns - 1)
        return index if index < self.count else None


def folded(count: int, room: QRectF) -> Fold:
    """The fold whose cells come nearest to squares, or to room for a number where there is some; lines of 2ⁿ cells."""
    options = sorted({count, *(2**power for power in range(1, 14) if 2**power < count)})
    wide, tall = max(room.width(), 1.0), max(room.height(), 1.0)

    def odd(columns: int) -> float:
        width, height = wide / columns, tall / math.ceil(count / columns)
        ideal = 2.4 if min(width / LETTER_WIDTH, height / LETTER_HEIGHT) >= 1 else 1.0
        waste = math.ceil(count / columns) * columns / count - 1
        return abs(math.log(max(width, 1e-6) / max(height, 1e-6) / ideal)) + 2 * waste

    columns = min(options, key=odd)
    lines = math.ceil(count / columns)
    area = QRectF(room.left(), room.top(), min(wide, columns * 2 * MOST_CELL), min(tall, lines * MOST_CELL))
    return Fold(count, columns, area)


def paint_strip(painter: QPainter, strip: Strip, fold: Fold, looked: int | None = None) -> None:
    """The cells, a thin outline, the numbers where they fit, and a frame around the cell that is looked at."""
    codes = strip.codes()
    filler = 128 if strip.signed else 0
    grid = np.full(fold.lines * fold.columns, filler, np.uint8)
    grid[: fold.count] = codes
    painter.save()
    paint_codes(painter, fold.area, grid.reshape(fold.lines, fold.columns), strip.table())
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour("border"), 1))
    painter.drawRect(fold.area)
    _paint_numbers(painter, strip, fold, codes)
    for index, name in ((strip.marked, "text"), (looked, "accent")):
        if index is not None:
            _paint_frame(painter, fold.cell(index), name)
    painter.restore()


def _paint_numbers(painter: QPainter, strip: Strip, fold: Fold, codes: Codes) -> None:
    size = fold.cell(0).size()
    lines = 2 if strip.names and size.height() >= 2 * LETTER_HEIGHT else 1
    if size.width() < LETTER_WIDTH or size.height() < LETTER_HEIGHT or (is_vector(painter) and fold.count > 1024):
        return
    painter.setFont(ui_font(SMALL))
    inks = inks_on(signed=strip.signed)
    for index in range(fold.count):
        painter.setPen(inks[codes[index]])
        area = fold.cell(index)
        if lines == 2:
            painter.setFont(token_font(SMALL))
            upper = area.adjusted(1, 1, -1, -area.height() / 2)
            painter.drawText(upper, Qt.AlignmentFlag.AlignCenter, strip.names[index])
            painter.setFont(ui_font(SMALL))
            area = area.adjusted(0, area.height() / 2, 0, -1)
        painter.drawText(area, Qt.AlignmentFlag.AlignCenter, lettered_number(float(strip.values[index])))


def _paint_frame(painter: QPainter, cell: QRectF, name: str) -> None:
    grown = max(0.0, 3.0 - cell.width() / 2, 3.0 - cell.height() / 2)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for ink, width in (("surface", 4.0), (name, 2.0)):
        painter.setPen(QPen(colour(ink), width))
        painter.drawRect(cell.adjusted(-grown, -grown, grown, grown))


def paint_scale(painter: QPainter, area: QRectF, limit: float, *, signed: bool) -> float:
    """A small colour bar with the two ends of the scale, left in ``area``; returns where it ends."""
    digits = 0 if limit == 1.0 else 2
    low, high = lettered_number(-limit, digits) if signed else "0", lettered_number(limit, digits)
    middle = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
    painter.setFont(ui_font(SMALL))
    painter.setPen(colour("muted"))
    painter.drawText(area, int(middle), low)
    left = area.left() + small_width(low) + 4
    ramp = QLinearGradient(left, 0, left + _RAMP, 0)
    ramp.setStops(_stops(theme(), signed=signed))
    painter.setPen(QPen(colour("border"), 1))
    painter.setBrush(ramp)
    painter.drawRect(QRectF(left, area.center().y() - 3.5, _RAMP, 7))
    painter.setPen(colour("muted"))
    painter.drawText(area.adjusted(left + _RAMP + 4 - area.left(), 0, 0, 0), int(middle), high)
    return left + _RAMP + 4 + small_width(high)


@lru_cache(4)
def _stops(_theme: Theme, *, signed: bool) -> list[tuple[float, QColor]]:
    """The colours of a scale, made once a theme: nine scales are painted for every step of a scrub."""
    table = diverging() if signed else sequential()
    return [(stop / 16, QColor(*(int(part) for part in table[stop * 255 // 16]))) for stop in range(17)]


def limit_of(*arrays: Floats) -> float:
    """The largest magnitude of some arrays: the end of a scale that holds for all steps; 1 for nothing but zeros."""
    finite = [np.abs(array[np.isfinite(array)]) for array in arrays if array.size]
    return max((float(part.max()) for part in finite if part.size), default=0.0) or 1.0
