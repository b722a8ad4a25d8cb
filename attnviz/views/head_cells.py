"""Small heat cells of one query: heads down, tokens across; those of tokens to come are not there."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen

from attnviz.export.cells import is_vector, paint_cells, pooled
from attnviz.trace import Floats
from attnviz.views.cell_image import cell_image, inks_on, paint_image
from attnviz.views.image import coded, safe_image
from attnviz.views.palette import SMALL, colour, sequential, ui_font
from attnviz.views.step_moment import lettered_number

Spot = tuple[int, int]
LETTERED, SHORTLY, TALL = 30.0, 21.0, 13.0
PARTED = 6.0


@dataclass(frozen=True, slots=True)
class HeadCells:
    """``heads`` × ``columns`` cells on ``area``, of which the first ``there`` columns exist."""

    area: QRectF
    heads: int
    columns: int
    there: int

    @property
    def pitch(self) -> float:
        """The width of a cell."""
        return self.area.width() / max(self.columns, 1)

    @property
    def rise(self) -> float:
        """The height of a cell."""
        return self.area.height() / max(self.heads, 1)

    @property
    def filled(self) -> QRectF:
        """What the cells that exist cover."""
        return QRectF(self.area.left(), self.area.top(), self.pitch * self.there, self.area.height())

    def row(self, head: int) -> QRectF:
        """All of a head's cells that exist."""
        return QRectF(self.area.left(), self.area.top() + head * self.rise, self.pitch * self.there, self.rise)

    def column(self, column: int) -> QRectF:
        return QRectF(self.area.left() + column * self.pitch, self.area.top(), self.pitch, self.area.height())

    def cell(self, spot: Spot) -> QRectF:
        head, column = spot
        return QRectF(self.area.left() + column * self.pitch, self.area.top() + head * self.rise, self.pitch, self.rise)

    def head_at(self, point: QPointF) -> int | None:
        """The head whose line is under a point, beside its cells too."""
        if not self.area.top() <= point.y() < self.area.bottom():
            return None
        return min(int((point.y() - self.area.top()) / self.rise), self.heads - 1)

    def column_at(self, point: QPointF) -> int | None:
        """The column under a point of the cells; None where there is no token yet."""
        if not self.filled.contains(point):
            return None
        return min(int((point.x() - self.area.left()) / self.pitch), self.there - 1)


def paint_head_cells(painter: QPainter, cells: HeadCells, weights: Floats, *, lettered: bool) -> None:
    """Weights (heads, tokens) on a scale from 0 to 1, ``lettered`` where there is room; one line of the surface between heads."""
    codes = coded(safe_image(weights)[0], 0.0, 1.0)
    area = cells.filled
    painter.save()
    if is_vector(painter):
        paint_cells(painter, area, codes, sequential())
    else:
        ratio = painter.device().devicePixelRatio()
        small = pooled(codes, max(int(area.height() * ratio), 1), max(int(area.width() * ratio), 1))
        paint_image(painter, area, cell_image(small, sequential()))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour("border"), 1))
    painter.drawRect(area)
    if cells.rise >= PARTED:
        painter.setPen(QPen(colour("surface"), 1))
        for head in range(1, cells.heads):
            y = round(cells.row(head).top()) + 0.5
            painter.drawLine(QPointF(area.left(), y), QPointF(area.right(), y))
    if lettered and cells.pitch >= SHORTLY and cells.rise >= TALL:
        _paint_numbers(painter, cells, weights)
    painter.restore()


def _paint_numbers(painter: QPainter, cells: HeadCells, weights: Floats) -> None:
    codes, inks = coded(safe_image(weights)[0], 0.0, 1.0), inks_on(signed=False)
    painter.setFont(ui_font(SMALL))
    for head in range(cells.heads):
        for column in range(cells.there):
            text = lettered_number(float(weights[head, column]))
            short = text if cells.pitch >= LETTERED or not text.startswith("0") else text[1:]
            painter.setPen(inks[codes[head, column]])
            painter.drawText(cells.cell((head, column)), Qt.AlignmentFlag.AlignCenter, short)


def paint_head_numbers(painter: QPainter, cells: HeadCells, chosen: int | None) -> None:
    """The number of each head before its line, where lines are tall enough; that of the chosen one always."""
    flags = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
    for head in range(cells.heads):
        own = head == chosen
        if cells.rise >= SMALL - 1 or own:
            painter.setFont(ui_font(min(SMALL, max(int(cells.rise), 9)), bold=own))
            painter.setPen(colour("accent" if own else "muted"))
            row = cells.row(head)
            painter.drawText(QRectF(0, row.top() - 3, cells.area.left() - 5, row.height() + 6), flags, str(head))


def paint_band(painter: QPainter, area: QRectF, *, strong: bool = True) -> None:
    """A frame around a row or a column that is looked at."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for name, width in (("surface", 3.5), ("accent", 1.75)) if strong else (("accent", 1.0),):
        painter.setPen(QPen(colour(name), width))
        painter.drawRect(area)
