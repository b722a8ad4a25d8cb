"""All heads at once: tiles where layers have arrived, the cursor framed, and click and arrows that move it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication, QToolTip
from pytestqt.qtbot import QtBot

from attnviz.trace import Cursor, Overview, Trace
from attnviz.views.atlas import Atlas, atlas_codes
from attnviz.views.head_grid import HeadGrid
from attnviz.views.head_table import COLUMNS
from attnviz.views.palette import colour
from tests.views.sentences import in_theme, svg_text
from tests.views.traces import attention_of, overview_of, press, shown, tokens_of, trace_of, words


def tile(view: HeadGrid, layer: int, column: int) -> QPoint:
    atlas = view.atlas()
    assert atlas is not None
    return atlas.tile(layer, column).center().toPoint()


def test_a_click_goes_to_layer_and_head_and_keeps_query_and_key(qtbot: QtBot) -> None:
    """What was pinned stays pinned under the new head."""
    view = shown(qtbot, HeadGrid(), trace_of(), Cursor(0, 0, 3, 4, pinned=True))
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=tile(view, 1, 2))
    assert view.cursor_at == Cursor(1, 2, 3, 4, pinned=True)


def test_arrow_keys_move_between_heads_and_stop_at_the_edge(qtbot: QtBot) -> None:
    """Up and down change the layer, left and right the head."""
    view = shown(qtbot, HeadGrid(), trace_of(), Cursor())
    press(view, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right)
    assert view.cursor_at == Cursor(1, 2)
    press(view, Qt.Key.Key_Up, Qt.Key.Key_Left)
    assert view.cursor_at == Cursor(0, 1)


@pytest.mark.parametrize(("layers", "heads", "size"), [(6, 12, (560, 330)), (12, 12, (560, 560)), (1, 1, (300, 200))])
def test_the_whole_grid_fits_without_scrolling(qtbot: QtBot, layers: int, heads: int, size: tuple[int, int]) -> None:
    """The last tile is inside the widget and tiles are square."""
    view = shown(qtbot, HeadGrid(), trace_of(layers=layers, heads=heads), Cursor(), size=size)
    atlas = view.atlas()
    assert atlas is not None
    last = atlas.tile(layers - 1, heads - 1)
    assert last.width() == last.height() >= 16
    assert view.rect().contains(last.toRect())


def test_tiles_fill_in_as_layers_arrive(qtbot: QtBot) -> None:
    """Room for all layers is kept, and a place without a head can't be chosen."""
    view = HeadGrid()
    view.extent = (3, 3)
    shown(qtbot, view, trace_of(layers=1), Cursor())
    assert view.grid_shape() == (3, 3)
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=tile(view, 2, 1))
    assert view.cursor_at == Cursor()
    view.draw(trace_of(layers=3), Cursor())
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=tile(view, 2, 1))
    assert view.cursor_at == Cursor(2, 1)


@pytest.mark.parametrize("order", Overview.SUMMARY)
def test_sorting_puts_the_highest_first_and_keeps_the_true_numbers(qtbot: QtBot, order: str) -> None:
    """A click on the first tile goes to the head with the highest value."""
    trace = trace_of(heads=5)
    view = shown(qtbot, HeadGrid(), trace, Cursor(0, 4))
    view.order = order
    overview = trace.overview(1)
    assert overview is not None
    column = overview.summary[:, Overview.SUMMARY.index(order)]
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=tile(view, 1, 0))
    assert view.cursor_at.head == int(column.argmax())
    assert [view.head_at(1, place) for place in range(5)] == np.argsort(-column, kind="stable").tolist()


def test_the_current_head_is_framed_with_the_accent(qtbot: QtBot) -> None:
    """The frame is painted around the cursor's tile and around no other."""
    view = shown(qtbot, HeadGrid(), trace_of(), Cursor(1, 1))
    atlas = view.atlas()
    assert atlas is not None
    image = view.grab().toImage()
    framed = [
        (layer, head) for layer, head in atlas.places()
        if image.pixelColor(int(atlas.tile(layer, head).center().x()), int(atlas.tile(layer, head).top() - 1)) == colour("accent")
    ]  # fmt: skip
    assert framed == [(1, 1)]


def test_the_tooltip_gives_the_head_in_numbers(qtbot: QtBot) -> None:
    """Entropy and distance are read without opening the head."""
    view = shown(qtbot, HeadGrid(), trace_of(), Cursor())
    spot = tile(view, 1, 2)
    QApplication.sendEvent(view, QHelpEvent(QHelpEvent.Type.ToolTip, spot, view.mapToGlobal(spot)))
    assert "layer 1 · head 2" in QToolTip.text()
    assert "entropy (nats): " in QToolTip.text()
    QToolTip.hideText()


def test_before_anything_has_arrived_it_says_what_to_do(qtbot: QtBot) -> None:
    """Keys and clicks do nothing then."""
    view = shown(qtbot, HeadGrid(), Trace(), Cursor())
    press(view, Qt.Key.Key_Right)
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton)
    assert view.cursor_at == Cursor()
    assert "Type a sentence" in svg_text(view)


def test_an_atlas_keeps_the_strongest_cell_of_what_it_pools() -> None:
    """One bright cell among 64 × 64 is seen in a tile of 20 pixels."""
    tiles = np.zeros((1, 64, 64), np.uint8)
    tiles[0, 37, 11] = 200
    codes = atlas_codes({0: tiles}, Atlas((1, 1), QPointF(), 20.0), 1.0)
    assert codes.max() == 200
    assert np.count_nonzero(codes) == 1


def test_an_atlas_repeats_the_cells_of_what_is_small() -> None:
    """Two by two cells fill a tile of ten pixels in quarters."""
    tiles = np.array([[[10, 20], [30, 40]]], np.uint8)
    codes = atlas_codes({0: tiles}, Atlas((1, 1), QPointF(), 10.0), 1.0)
    assert codes[:10, :10][::9, ::9].tolist() == [[10, 20], [30, 40]]
    assert (codes[:5, :5] == 10).all()


def test_layers_of_different_shapes_share_an_atlas() -> None:
    """Each stands at its own place; a layer that hasn't arrived stays empty."""
    tiles = {0: np.full((2, 3, 3), 9, np.uint8), 2: np.full((1, 5, 5), 7, np.uint8)}
    atlas = Atlas((3, 2), QPointF(), 8.0)
    codes = atlas_codes(tiles, atlas, 1.0)
    assert codes[0, 0] == codes[0, 11] == 9
    assert codes[22, 0] == 7
    assert codes[11:19].max() == 0


def test_the_grid_gives_its_numbers(qtbot: QtBot) -> None:
    """One row per head, with layer and head."""
    view = shown(qtbot, HeadGrid(), trace_of(), Cursor())
    assert view.numbers().columns == COLUMNS
    assert [row[:2] for row in view.numbers().rows] == [(layer, head) for layer in range(2) for head in range(3)]


def test_144_heads_of_512_tokens_are_painted(qtbot: QtBot) -> None:
    """The atlas of a large model is drawn from its pooled tiles."""
    attention = attention_of(64, heads=12)
    layers = [
        Overview(attention.site, layer, overview_of(attention).tiles, overview_of(attention).summary)
        for layer in range(12)
    ]
    view = shown(qtbot, HeadGrid(), Trace().plus(tokens_of(words(512)), *layers), Cursor(11, 11), size=(700, 700))
    assert view.grid_shape() == (12, 12)
    assert not view.grab().isNull()


def test_the_grid_follows_the_theme(qtbot: QtBot) -> None:
    """Dark surfaces are dark under the tiles too."""
    view = shown(qtbot, HeadGrid(), trace_of(), Cursor())
    for name in ("dark", "light"):
        with in_theme(name) as chosen:
            image = view.grab().toImage()
            assert image.pixelColor(12, image.height() - 12).name() == chosen.surface
