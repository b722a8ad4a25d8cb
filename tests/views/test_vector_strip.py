"""Vectors folded into lines: every cell once, found where it is drawn, coloured by its value."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from attnviz.trace import frozen
from attnviz.views.palette import diverging
from attnviz.views.vector_strip import Strip, folded, limit_of, paint_strip
from tests.views.sentences import in_theme


@pytest.mark.parametrize("count", [1, 3, 8, 43, 128, 256, 1000])
@pytest.mark.parametrize("size", [(160, 46), (800, 360), (20, 10)])
def test_each_cell_is_found_where_it_stands(count: int, size: tuple[int, int]) -> None:
    """The middle of a cell leads back to its index, inside the room."""
    room = QRectF(5, 7, *size)
    fold = folded(count, room)
    assert fold.lines * fold.columns >= count
    for index in range(count):
        cell = fold.cell(index)
        assert room.adjusted(-0.01, -0.01, 0.01, 0.01).contains(cell)
        assert fold.at(cell.center()) == index


def test_beside_the_cells_there_is_none() -> None:
    """Neither outside nor in the unfilled rest of the last line."""
    fold = folded(43, QRectF(0, 0, 160, 80))
    assert fold.at(QPointF(-1, 5)) is None
    assert fold.columns * fold.lines == 43 or fold.at(fold.area.bottomRight() - QPointF(1, 1)) is None


def test_cells_are_about_square() -> None:
    """256 states in a small card and in a row of its own."""
    for size in ((160, 60), (220, 16), (60, 160)):
        cell = folded(256, QRectF(0, 0, *size)).cell(0)
        assert 0.4 < cell.width() / cell.height() < 2.5


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_colours_are_the_values_on_a_symmetric_scale(qtbot: QtBot, theme: str) -> None:
    """The ends of the diverging map at ± the limit, its middle at zero; read from the pixels."""
    values = frozen(np.array((-2.0, 0.0, 2.0, 1.0)))
    with in_theme(theme):
        strip = Strip("h", "state", values, limit_of(values))
        image = QImage(120, 30, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        fold = folded(4, QRectF(0, 0, 120, 30))
        paint_strip(painter, strip, fold)
        painter.end()
        for index, code in enumerate((0, 128, 255, 191)):
            corner = (fold.cell(index).topLeft() + QPointF(3, 3)).toPoint()
            assert image.pixelColor(corner) == QColor(*map(int, diverging()[code][:3]))


def test_the_limit_is_the_largest_magnitude() -> None:
    """Over all arrays; what isn't finite doesn't count, and zeros alone give 1."""
    assert limit_of(frozen(np.array((1.0, -3.0))), frozen(np.array((2.0, np.inf)))) == 3.0
    assert limit_of(frozen(np.zeros(4))) == 1.0
    assert limit_of() == 1.0


def test_a_cell_says_its_exact_value() -> None:
    """Six digits and a true minus sign."""
    assert Strip("h₃", "state", frozen(np.array((0.0, -0.1234567))), 1.0).says(1) == "h₃[1] = −0.123457"
