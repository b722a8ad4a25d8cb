"""Base of plots: curves over two linear axes that begin at 0; what doesn't move is painted once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from attnviz.export.ticks import even_ticks
from attnviz.views.palette import GRID, SMALL, colour, ui_font
from attnviz.views.plot_face import PlotFace
from attnviz.views.scrolled import paint_sentence
from attnviz.views.view import View

Numbers = NDArray[np.float64]
_CENTRE = Qt.AlignmentFlag.AlignCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True, eq=False)
class Curve:
    """``values`` over ascending ``places``, in the palette's colour ``ink``."""

    places: Numbers
    values: Numbers
    ink: str


class PlotView(View):
    """A subclass gives its ``_lines`` and ``_limits`` after a new trace, and may paint on them and over them."""

    _axes = ("", "")

    def __init__(self, sentence: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._what_to_do = sentence
        self._ends = 1.0, 1.0
        self._face = PlotFace(self, self._paint_face)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)

    def _lines(self) -> tuple[Curve, ...]:
        """The curves, the lowest first; without any, the sentence says what to do."""
        raise NotImplementedError

    def _limits(self) -> tuple[float, float]:
        """The plot shows 0 to the first number across and 0 to the second up; both are positive."""
        raise NotImplementedError

    def _paint_marks(self, painter: QPainter) -> None:
        """Paint what stands with the curves: points, names."""

    def _paint_over(self, painter: QPainter) -> None:
        """Paint what moves, over the curves."""

    def _go(self, place: QPointF) -> None:
        """A press or drag at a place of the plot, in its own units."""

    # geometry

    @property
    def area(self) -> QRectF:
        """Where the curves are."""
        line = QFontMetricsF(ui_font(SMALL)).height()
        whole = QRectF(self.rect()).adjusted(line + 5 * GRID, GRID, -1.5 * GRID, -2 * line - GRID)
        return QRectF(whole.topLeft(), whole.size().expandedTo(QRectF(0, 0, GRID, GRID).size()))

    def _at(self, right: float, top: float) -> QPointF:
        """A point of the plot, in its own units, as it stands in the widget."""
        area = self.area
        return QPointF(
            area.left() + right / self._ends[0] * area.width(), area.bottom() - top / self._ends[1] * area.height()
        )

    def _units(self, point: QPointF) -> QPointF:
        """A point of the widget in the plot's units."""
        area = self.area
        return QPointF(
            (point.x() - area.left()) / area.width() * self._ends[0],
            (area.bottom() - point.y()) / area.height() * self._ends[1],
        )

    # painting

    def _update(self, *, fresh: bool) -> None:
        if fresh:
            self._ends = self._limits()
            self._face.forget()
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        if not self._lines():
            painter.fillRect(self.rect(), colour("surface"))
            paint_sentence(painter, QRectF(self.rect()), self._what_to_do)
            return
        self._face.paint(painter)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_over(painter)

    def _paint_face(self, painter: QPainter) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), colour("surface"))
        self._paint_axes(painter)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for curve in self._lines():
            pen = QPen(colour(curve.ink), 2)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            painter.drawPolyline(self._polygon(curve))
        self._paint_marks(painter)

    def _paint_axes(self, painter: QPainter) -> None:
        """Lines at round numbers, these numbers beside them, and the names of the axes."""
        area, metrics = self.area, QFontMetricsF(ui_font(SMALL))
        line = metrics.height()
        painter.setFont(ui_font(SMALL))
        widest = metrics.horizontalAdvance(f"{self._ends[0]:,.0f}") + 3 * GRID
        grid, ink = QPen(colour("border", 0.5), 1), QPen(colour("muted"))
        for value, number in even_ticks(self._ends[0], int(area.width() / widest)):
            place = self._at(value, 0.0)
            painter.setPen(grid)
            painter.drawLine(QPointF(place.x(), area.top()), place)
            painter.setPen(ink)
            painter.drawText(QRectF(place.x() - 5 * GRID, area.bottom() + 2, 10 * GRID, line), _CENTRE, number)
        for value, number in even_ticks(self._ends[1], int(area.height() / (1.6 * line))):
            place = self._at(0.0, value)
            painter.setPen(grid)
            painter.drawLine(place, QPointF(area.right(), place.y()))
            painter.setPen(ink)
            left = QRectF(line, place.y() - line / 2, area.left() - line - GRID / 2, line)
            painter.drawText(left, int(_RIGHT), number)
        painter.setPen(QPen(colour("border"), 1))
        painter.drawPolyline(QPolygonF([area.topLeft(), area.bottomLeft(), area.bottomRight()]))
        painter.setPen(ink)
        painter.drawText(QRectF(area.left(), self.height() - line - 2, area.width(), line), _CENTRE, self._axes[0])
        painter.save()
        painter.translate(2, area.center().y())
        painter.rotate(-90)
        room = float(self.height())
        painter.drawText(QRectF(-room / 2, 0, room, line), _CENTRE, self._axes[1])
        painter.restore()

    def _polygon(self, curve: Curve) -> QPolygonF:
        """At most two points for each pixel across, the last one always."""
        area = self.area
        step = max(1, len(curve.places) // max(1, 2 * int(area.width())))
        chosen = np.unique(np.append(np.arange(0, len(curve.places), step), len(curve.places) - 1))
        across = area.left() + curve.places[chosen] * (area.width() / self._ends[0])
        down = area.bottom() - curve.values[chosen] * (area.height() / self._ends[1])
        return QPolygonF(list(map(QPointF, across.tolist(), down.tolist())))

    # Qt

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.buttons() & Qt.MouseButton.LeftButton and self._lines():
            self._go(self._units(event.position()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.mousePressEvent(event)

    def sizeHint(self) -> QSize:
        return QSize(40 * GRID, 24 * GRID)

    def minimumSizeHint(self) -> QSize:
        return QSize(24 * GRID, 10 * GRID)
