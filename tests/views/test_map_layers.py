"""The layers of a map: the same pixels as strokes, and only what changed is painted anew."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRectF
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from attnviz.trace import Cursor
from attnviz.views.heat_map import HeatMap
from attnviz.views.map_paint import paint_crosshair, paint_map
from attnviz.views.map_view import MapView
from attnviz.views.palette import colour
from tests.views.sentences import in_theme
from tests.views.traces import shown, trace_of, words

HERE = Cursor(layer=1, head=2)


def pixels(image: QImage) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.width(), 4)[:, :, :3].copy()


def stroked(view: MapView) -> QImage:
    """The map painted stroke by stroke, without layers."""
    frame, marked = view.frame(), view._marked()
    assert frame is not None
    assert view.picture is not None
    image = QImage(view.size(), QImage.Format.Format_RGB32)
    image.fill(colour("surface"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    paint_map(painter, view.picture, frame, marked, QRectF(view.rect()))
    paint_crosshair(painter, frame, marked, pinned=view.cursor_at.pinned)
    painter.end()
    return image


def assert_same(view: MapView) -> None:
    """To the last bit; the ring of the keyboard is no part of it."""
    view.clearFocus()
    np.testing.assert_array_equal(pixels(view.grab().toImage()), pixels(stroked(view)))


@pytest.mark.parametrize("count", [3, 9, 40, 130])
def test_layers_show_what_strokes_would(qtbot: QtBot, count: int) -> None:
    """With no place marked, with one, with another head, and zoomed."""
    view = shown(qtbot, HeatMap(), trace_of(words(count)), HERE)
    assert_same(view)
    for cursor in (replace(HERE, query=1, key=2, pinned=True), replace(HERE, query=2, key=0), replace(HERE, head=0)):
        view.draw(view.trace, cursor)
        assert_same(view)
    view._window = view.window_of_cells.zoom(0.5, 1.0, 1.0)
    assert_same(view)


def test_layers_follow_the_options_and_the_theme(qtbot: QtBot) -> None:
    """Hidden keys, the scale, other colours, another sentence, another size, dark: nothing old stays."""
    view = shown(qtbot, HeatMap(), trace_of(words(20)), HERE)
    view.grab()
    view.hidden_tokens = (0, 6)
    assert_same(view)
    view.scale = "log"
    assert_same(view)
    view.kind = "scores"
    assert_same(view)
    view.resize(300, 350)
    assert_same(view)
    view.draw(trace_of(tuple(reversed(words(20)))), HERE)
    assert_same(view)
    with in_theme("dark"):
        assert_same(view)


def test_pointing_paints_no_cell_again(qtbot: QtBot) -> None:
    """The crosshair moves over cells that are kept."""
    view = shown(qtbot, HeatMap(), trace_of(words(20)), HERE)
    view.grab()
    layers = view._layers
    before = layers.cells.paints, layers.bar.paints
    for place in range(10):
        view.draw(view.trace, replace(HERE, query=place, key=place))
        view.grab()
    assert (layers.cells.paints, layers.bar.paints) == before


def test_another_head_is_not_lettered_again(qtbot: QtBot) -> None:
    """The words on the axes are the same for every head."""
    view = shown(qtbot, HeatMap(), trace_of(words(20)), HERE)
    view.grab()
    before = view._layers.lettering.paints
    view.draw(view.trace, replace(HERE, head=1))
    view.grab()
    assert view._layers.lettering.paints <= before + 1  # the numbers beside the bar may be wider and move the map
    middle = view._layers.lettering.paints
    view.draw(view.trace, replace(HERE, head=1, layer=1))
    view.grab()
    assert view._layers.lettering.paints == middle


def test_a_cell_has_its_colour_wherever_it_is_touched(qtbot: QtBot) -> None:
    """The pixel under the middle of every cell is the colour table's entry for its code."""
    view = shown(qtbot, HeatMap(), trace_of(words(40)), HERE)
    image, frame, picture = view.grab().toImage(), view.frame(), view.picture
    assert frame is not None
    assert picture is not None
    for row in range(40):
        for column in range(40):
            point: QPoint = frame.cell_area(row, column).center().toPoint()
            found = image.pixelColor(point)
            assert [found.red(), found.green(), found.blue()] == picture.table[picture.codes[row, column]][:3].tolist()
