"""Where a map's cells stand: the window of cells that is seen, and the area of the widget that it fills. No Qt widgets."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, QSizeF

LEAST_CELLS = 4.0
MOST_OBLONG = 4
MOST_CELL, LEAST_SIDE = 72.0, 28.0

Place = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Window:
    """The cells that are seen, in cell units: from ``top``/``left``, ``rows`` × ``columns`` of ``shape``."""

    shape: Place
    top: float = 0.0
    left: float = 0.0
    rows: float = 0.0
    columns: float = 0.0

    @staticmethod
    def whole(shape: Place) -> Window:
        return Window(shape, 0.0, 0.0, float(shape[0]), float(shape[1]))

    @property
    def zoomed(self) -> bool:
        return self.rows < self.shape[0] or self.columns < self.shape[1]

    def zoom(self, factor: float, row: float, column: float) -> Window:
        """Show ``factor`` times as many cells, holding (row, column) in place; at least four, at most all."""
        tall, wide = self.shape
        least = max(min(LEAST_CELLS, tall) / self.rows, min(LEAST_CELLS, wide) / self.columns)
        factor = max(factor, min(least, 1.0))
        rows, columns = min(self.rows * factor, tall), min(self.columns * factor, wide)
        top = row - (row - self.top) * rows / self.rows
        left = column - (column - self.left) * columns / self.columns
        return replace(self, top=top, left=left, rows=rows, columns=columns).clamped()

    def moved(self, rows: float, columns: float) -> Window:
        return replace(self, top=self.top + rows, left=self.left + columns).clamped()

    def revealing(self, place: Place) -> Window:
        """The nearest window in which the whole cell is seen."""
        row, column = place
        top = min(max(self.top, row + 1 - self.rows), row)
        left = min(max(self.left, column + 1 - self.columns), column)
        return replace(self, top=float(top), left=float(left)).clamped()

    def clamped(self) -> Window:
        top = min(max(self.top, 0.0), self.shape[0] - self.rows)
        left = min(max(self.left, 0.0), self.shape[1] - self.columns)
        return replace(self, top=top, left=left)


@dataclass(frozen=True, slots=True)
class Frame:
    """A window of cells laid onto ``area``."""

    area: QRectF
    window: Window
    slanted: bool = False

    @property
    def cell(self) -> QSizeF:
        return QSizeF(self.area.width() / self.window.columns, self.area.height() / self.window.rows)

    def spot(self, point: QPointF) -> tuple[float, float]:
        """A point of the widget in cell units (row, column), inside the map or not."""
        row = self.window.top + (point.y() - self.area.top()) / self.cell.height()
        return row, self.window.left + (point.x() - self.area.left()) / self.cell.width()

    def cell_at(self, point: QPointF) -> Place | None:
        if not self.area.contains(point):
            return None
        row, column = self.spot(point)
        return min(int(row), self.window.shape[0] - 1), min(int(column), self.window.shape[1] - 1)

    def cell_area(self, row: int, column: int) -> QRectF:
        left = self.area.left() + (column - self.window.left) * self.cell.width()
        top = self.area.top() + (row - self.window.top) * self.cell.height()
        return QRectF(left, top, self.cell.width(), self.cell.height())

    def seen_rows(self) -> range:
        return range(int(self.window.top), min(math.ceil(self.window.top + self.window.rows), self.window.shape[0]))

    def seen_columns(self) -> range:
        return range(
            int(self.window.left), min(math.ceil(self.window.left + self.window.columns), self.window.shape[1])
        )


def fitted(room: QRectF, shape: Place, *, square: bool, widest: float = 1.0) -> QRectF:
    """The area for ``shape`` cells in ``room``: square cells that aren't huge, unless a side gets too thin for them.

    Where the room is low they may be ``widest`` times as wide as high.
    """
    rows, columns = shape
    if not square:
        return QRectF(room)
    tall, wide = room.height() / rows, room.width() / columns
    if max(rows, columns) <= MOST_OBLONG * min(rows, columns):
        side = min(tall, wide, MOST_CELL)
        return QRectF(room.left(), room.top(), min(wide, side * widest, MOST_CELL) * columns, side * rows)
    height, width = min(tall, max(wide, LEAST_SIDE), MOST_CELL), min(wide, max(tall, LEAST_SIDE), MOST_CELL)
    return QRectF(room.left(), room.top(), width * columns, height * rows)
