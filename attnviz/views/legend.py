"""A small colour bar with a name and its two ends, for the sequential map on [0, 1]."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QLinearGradient, QPainter, QPen

from attnviz.views.palette import GRID, SMALL, colour, sequential_colour, ui_font

WIDTH, HEIGHT = 15 * GRID, 5 * GRID


def paint_colour_bar(painter: QPainter, left: float, top: float, name: str) -> None:
    """The bar, ``WIDTH`` × ``HEIGHT`` with its lettering, its top left corner at (left, top)."""
    painter.save()
    painter.setFont(ui_font(SMALL))
    painter.setPen(colour("muted"))
    line = QRectF(left, top, WIDTH, 14)
    painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
    ends = line.translated(0, 26)
    painter.drawText(ends, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, "0")
    painter.drawText(ends, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, "1")
    painter.setPen(QPen(colour("border"), 1))
    painter.setBrush(_gradient(left))
    painter.drawRect(QRectF(left + 0.5, top + 16.5, WIDTH - 1, GRID))
    painter.restore()


def _gradient(left: float) -> QLinearGradient:
    gradient = QLinearGradient(left, 0, left + WIDTH, 0)
    for stop in range(17):
        gradient.setColorAt(stop / 16, sequential_colour(stop / 16))
    return gradient
