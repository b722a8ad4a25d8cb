"""The picture of a plot, painted once and shown until something of the plot changes, so that a marker may move over it."""

from __future__ import annotations

import math
from collections.abc import Callable

from PySide6.QtCore import QSize
from PySide6.QtGui import QPaintEngine, QPainter, QPixmap
from PySide6.QtWidgets import QWidget


class PlotFace:
    """What ``paint`` draws on ``widget``, kept as pixels for the screen; on paper and in figures it is drawn in strokes."""

    def __init__(self, widget: QWidget, paint: Callable[[QPainter], None]) -> None:
        self._widget, self._draw = widget, paint
        self._picture = QPixmap()

    def forget(self) -> None:
        """The plot looks different now."""
        self._picture = QPixmap()

    def paint(self, painter: QPainter) -> None:
        """Everything but what moves."""
        ratio = self._widget.devicePixelRatioF()
        if not is_screen(painter, ratio):
            self._draw(painter)
            return
        size = QSize(math.ceil(self._widget.width() * ratio), math.ceil(self._widget.height() * ratio))
        if self._picture.size() != size or self._picture.devicePixelRatioF() != ratio:
            self._picture = self._painted(size, ratio)
        painter.drawPixmap(0, 0, self._picture)

    def _painted(self, size: QSize, ratio: float) -> QPixmap:
        picture = QPixmap(size)
        picture.setDevicePixelRatio(ratio)
        painter = QPainter(picture)
        self._draw(painter)
        painter.end()
        return picture


def is_screen(painter: QPainter, ratio: float) -> bool:
    """Pixels of the size that the picture has; a figure is drawn in strokes or finer pixels."""
    is_raster = painter.paintEngine().type() is QPaintEngine.Type.Raster
    return is_raster and math.isclose(painter.deviceTransform().m11(), ratio)
