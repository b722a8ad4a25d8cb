"""Hidden states and their norms: the record's own numbers, one token marked in both."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from attnviz.trace import Cursor, Trace
from attnviz.views.hidden_map import HiddenMap
from attnviz.views.map_view import MapView
from attnviz.views.norm_plot import NormPlot
from tests.views.sentences import hover, in_theme, svg_text
from tests.views.traces import press, shown, trace_of, words


def cell(view: MapView, row: int, column: int) -> QPoint:
    frame = view.frame()
    assert frame is not None
    return frame.cell_area(row, column).center().toPoint()


def test_hidden_states_follow_the_layer_of_the_cursor(qtbot: QtBot) -> None:
    """What leaves the cursor's layer is shown, and said."""
    trace = trace_of()
    view = shown(qtbot, HiddenMap(), trace, Cursor(1))
    hidden = trace.hidden(2)
    assert hidden is not None
    assert view.picture is not None
    assert np.array_equal(view.picture.values, hidden.states)
    assert "leaving layer 1" in svg_text(view)
    view.draw(trace, Cursor(0))
    assert "leaving layer 0" in svg_text(view)


def test_a_fixed_layer_stays_whatever_the_cursor_does(qtbot: QtBot) -> None:
    """0 is the embeddings."""
    view = shown(qtbot, HiddenMap(), trace_of(), Cursor(1))
    view.layer = 0
    assert "after the embeddings" in svg_text(view)


def test_colours_end_at_a_percentile_and_the_value_is_the_true_one(qtbot: QtBot) -> None:
    """An outlier is clipped in colour only."""
    view = shown(qtbot, HiddenMap(), trace_of(width=400), Cursor(1))
    assert view.picture is not None
    assert "99.5th percentile" in view.picture.ticks.unit
    row, dimension = np.unravel_index(np.abs(view.picture.values).argmax(), view.picture.values.shape)
    frame = view.frame()
    assert frame is not None
    hover(qtbot, view, frame.cell_area(int(row), int(dimension)).center().toPoint())
    assert view.cursor_at.query == int(row)
    marked = view._marked()
    assert marked[1] is not None
    assert f"dimension {marked[1]}   {float(view.picture.values[row, marked[1]]):.4g}" in svg_text(view)


def test_hovering_a_state_points_at_its_token_only(qtbot: QtBot) -> None:
    """A dimension is no key."""
    view = shown(qtbot, HiddenMap(), trace_of(), Cursor(1, 2))
    hover(qtbot, view, cell(view, 4, 3))
    assert view.cursor_at == Cursor(1, 2, query=4)


def test_keys_walk_tokens_and_dimensions(qtbot: QtBot) -> None:
    """The dimension is walked though the cursor doesn't hold it."""
    view = shown(qtbot, HiddenMap(), trace_of(), Cursor(1))
    press(view, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down)
    assert view.cursor_at == Cursor(1, query=1, pinned=True)
    assert "dimension 2 " in svg_text(view)
    press(view, Qt.Key.Key_Escape)
    assert view.cursor_at == Cursor(1)


def test_norms_are_those_of_the_states(qtbot: QtBot) -> None:
    """Every layer's row is numpy's L2 norm of that layer's states."""
    trace = trace_of()
    view = shown(qtbot, NormPlot(), trace, Cursor())
    assert view.picture is not None
    for row, layer in enumerate(view.picture.rows):
        hidden = trace.hidden(layer)
        assert hidden is not None
        assert np.allclose(view.picture.values[row], np.sqrt((hidden.states.astype(np.float64) ** 2).sum(axis=1)))
    assert view.picture.row_labels == ("embeddings", "layer 0", "layer 1")


def test_hovering_a_norm_points_at_the_token_and_a_click_goes_to_the_layer(qtbot: QtBot) -> None:
    """The layer changes on a click only, or every view would flicker."""
    view = shown(qtbot, NormPlot(), trace_of(), Cursor(0, 2))
    hover(qtbot, view, cell(view, 2, 5))
    assert view.cursor_at == Cursor(0, 2, query=5)
    assert "norm " in svg_text(view)
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=cell(view, 2, 5))
    assert view.cursor_at == Cursor(1, 2, query=5, pinned=True)


def test_the_token_of_the_cursor_is_marked_in_both(qtbot: QtBot) -> None:
    """One cursor lights all views."""
    trace, cursor = trace_of(), Cursor(1, 0, query=3)
    assert shown(qtbot, HiddenMap(), trace, cursor)._marked()[0] == 3
    assert shown(qtbot, NormPlot(), trace, cursor)._marked() == (2, 3)


@pytest.mark.parametrize("kind", [HiddenMap, NormPlot])
def test_states_as_numbers_empty_and_dark(qtbot: QtBot, kind: type[MapView]) -> None:
    """Nothing is a sentence and an empty table; a run gives a row per line of the map in either theme."""
    view = shown(qtbot, kind(), Trace(), Cursor())
    assert "Type a sentence" in svg_text(view)
    assert view.numbers().rows == ()
    view.draw(trace_of(words(512), layers=1, heads=1), Cursor())
    assert view.picture is not None
    assert len(view.numbers().rows) == view.picture.shape[0]
    with in_theme("dark") as chosen:
        image = view.grab().toImage()
        assert image.pixelColor(12, image.height() - 12).name() == chosen.surface
