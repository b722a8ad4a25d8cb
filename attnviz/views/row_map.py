"""A small map of numbers without axes: painted at once for every size and theme, so that scrubbing repaints a picture."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen

from attnviz.export.cells import is_vector, paint_cells, pooled
from attnviz.trace import Floats
from attnviz.views.cell_image import cell_image, inks_on, paint_image
from attnviz.views.image import coded, safe_image
from attnviz.views.palette import SMALL, colour, diverging, theme, ui_font
from attnviz.views.step_moment import lettered_number
from attnviz.views.vector_strip import LETTER_HEIGHT, LETTER_WIDTH

_Key = tuple[int, int, str]


class RowMap:
    """Signed ``values`` (rows, columns) on a scale of ±``limit``; the picture is kept for the last size and theme."""

    def __init__(self, values: Floats, limit: float) -> None:
        self.values = values
        self.limit = limit
        self._codes = coded(safe_image(values)[0], -limit, limit)
        self._image: QImage | None = None
        self._key: _Key | None = None

    def image(self, width: int, height: int) -> QImage:
        """The picture with at most a cell a pixel; the strongest value of a patch stays."""
        key = (width, height, theme().name)
        if self._image is None or key != self._key:
            codes = pooled(self._codes, height, width, signed=True)
            self._image, self._key = cell_image(codes, diverging()), key
        return self._image

    def paint(self, painter: QPainter, area: QRectF) -> None:
        painter.save()
        if is_vector(painter):
            paint_cells(painter, area, self._codes, diverging())
        else:
            ratio = painter.device().devicePixelRatio()
            image = self.image(max(int(area.width() * ratio), 1), max(int(area.height() * ratio), 1))
            paint_image(painter, area, image)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour("border"), 1))
        painter.drawRect(area)
        self._paint_numbers(painter, area)
        painter.restore()

    def _paint_numbers(self, painter: QPainter, area: QRectF) -> None:
        rows, columns = self.values.shape
        width, height = area.width() / max(columns, 1), area.height() / max(rows, 1)
        if width < LETTER_WIDTH or height < LETTER_HEIGHT:
            return
        inks = inks_on(signed=True)
        painter.setFont(ui_font(SMALL))
        for row in range(rows):
            for column in range(columns):
                painter.setPen(inks[self._codes[row, column]])
                cell = QRectF(area.left() + column * width, area.top() + row * height, width, height)
                text = lettered_number(float(self.values[row, column]))
                painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, text)
