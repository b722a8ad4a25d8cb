"""The picture of a plot, painted once and shown until something of the plot changes, so that a marker may move over it."""

from __future__ import annotations

import math
from typing import Any

from PySide6.QtCore import QObject, QRectF, QSize, Qt, Slot
from PySide6.QtGui import QPaintEngine, QPainter, QPixmap


class PlotFace(QObject):
    """Paints ``plot``, a pyqtgraph widget, on its viewport; on paper and in figures the plot paints itself."""

    def __init__(self, plot: Any) -> None:
        super().__init__(plot)
        self._plot = plot
        self._picture = QPixmap()
        plot.viewport().setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        plot.scene().changed.connect(self.forget)

    @property
    def area(self) -> QRectF:
        """Where the curves are, in pixels of the viewport."""
        box = self._plot.getViewBox()
        found: QRectF = self._plot.viewportTransform().mapRect(box.mapRectToScene(box.boundingRect()))
        return found

    @Slot()
    def forget(self) -> None:
        """The plot looks different now."""
        self._picture = QPixmap()
        self._plot.viewport().update()

    def paint(self, painter: QPainter) -> None:
        """Everything but what moves."""
        viewport = self._plot.viewport()
        ratio = viewport.devicePixelRatioF()
        if not is_screen(painter, ratio):
            self._render(painter)
            return
        size = QSize(math.ceil(viewport.width() * ratio), math.ceil(viewport.height() * ratio))
        if self._picture.size() != size or self._picture.devicePixelRatioF() != ratio:
            self._picture = self._painted(size, ratio)
        painter.drawPixmap(0, 0, self._picture)

    def _painted(self, size: QSize, ratio: float) -> QPixmap:
        picture = QPixmap(size)
        picture.setDevicePixelRatio(ratio)
        painter = QPainter(picture)
        self._render(painter)
        painter.end()
        return picture

    def _render(self, painter: QPainter) -> None:
        area = self._plot.viewport().rect()
        painter.setRenderHints(self._plot.renderHints())
        self._plot.render(painter, QRectF(area), area, Qt.AspectRatioMode.IgnoreAspectRatio)


def is_screen(painter: QPainter, ratio: float) -> bool:
    """Pixels of the size that the picture has; a figure is drawn in strokes or finer pixels."""
    is_raster = painter.paintEngine().type() is QPaintEngine.Type.Raster
    return is_raster and math.isclose(painter.deviceTransform().m11(), ratio)
