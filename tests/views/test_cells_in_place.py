"""Cells stand where they belong: in a widget within a window, on fine screens, and on the screen itself."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from attnviz.export.cells import paint_cells
from attnviz.export.colours import diverging_table

AREA = QRectF(10, 5, 20, 20)
TABLE = diverging_table(dark=False)


class Cells(QWidget):
    """Two rows of two cells: blue and orange, orange and blue."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.translate(0, 5)
        paint_cells(painter, AREA, np.array([[0, 255], [255, 0]], np.uint8), TABLE)
        painter.end()


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    """The cells at (50, 40) of a plain window."""
    made = QWidget()
    qtbot.addWidget(made)
    made.resize(120, 100)
    made.setStyleSheet("background: white")
    cells = Cells(made)
    cells.setGeometry(50, 40, 60, 50)
    made.show()
    return made


def check(image: QImage, ratio: int) -> None:
    blue, orange = (QColor(*(int(part) for part in TABLE[code])) for code in (0, 255))
    left, top = 50 + 10, 40 + 5 + 5
    for x, y, expected in ((5, 5, blue), (15, 5, orange), (5, 15, orange), (15, 15, blue), (-3, 5, QColor("white"))):
        assert image.pixelColor(ratio * (left + x), ratio * (top + y)) == expected, (x, y)


@pytest.mark.parametrize("ratio", [1, 2, 3])
def test_in_a_picture_of_the_window(window: QWidget, ratio: int) -> None:
    """Whatever the window's offset and the fineness of the screen."""
    image = QImage(120 * ratio, 100 * ratio, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    window.render(image, QPoint())
    check(image, ratio)


def test_on_the_screen(qtbot: QtBot, window: QWidget) -> None:
    """What the window system was given."""
    qtbot.waitExposed(window)
    window.repaint()
    check(window.screen().grabWindow(window.winId()).toImage(), 1)
