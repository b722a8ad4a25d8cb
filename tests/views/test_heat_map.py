"""One head as a heat map: its numbers are the softmax's, and mouse and keys point, pin, free, zoom and walk."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from attnviz.trace import Cursor, Hiding, Site, Trace
from attnviz.views.heat_map import HeatMap
from attnviz.views.map_view import MapView
from tests.views.sentences import HOSTILE, hover, in_theme, svg_text
from tests.views.traces import WORDS, attention_of, crossing, press, shown, tokens_of, trace_of, turn_wheel, words

HERE = Cursor(layer=1, head=2)


def cell(view: MapView, row: int, column: int) -> QPoint:
    frame = view.frame()
    assert frame is not None
    return frame.cell_area(row, column).center().toPoint()


def values(view: MapView) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    assert view.picture is not None
    return view.picture.values


def test_the_map_shows_what_torch_computes(qtbot: QtBot) -> None:
    """Every weight equals torch's own softmax of the scaled products."""
    trace = trace_of()
    view = shown(qtbot, HeatMap(), trace, HERE)
    attention = trace.attention(1)
    assert attention is not None
    query, key = torch.tensor(attention.query[2]), torch.tensor(attention.key[2])
    expected = torch.nn.functional.softmax(query @ key.T * attention.scale, dim=-1)
    assert np.abs(values(view) - expected.numpy()).max() < 1e-6


def test_before_anything_has_arrived_it_says_what_to_do(qtbot: QtBot) -> None:
    """An empty map is a sentence, in the picture too, and has no numbers."""
    view = shown(qtbot, HeatMap(), Trace(), HERE)
    assert view.picture is None
    assert "Type a sentence" in svg_text(view)
    assert view.numbers().rows == ()


def test_a_layer_that_is_still_computed_is_named(qtbot: QtBot) -> None:
    """Tokens without attention are waiting, not broken."""
    view = shown(qtbot, HeatMap(), Trace().plus(tokens_of(WORDS)), HERE)
    assert "Layer 1 has not arrived yet." in svg_text(view)


def test_hovering_points_for_a_moment(qtbot: QtBot) -> None:
    """The cursor follows the mouse unpinned, and goes when the mouse goes."""
    view = shown(qtbot, HeatMap(), trace_of(), HERE)
    hover(qtbot, view, cell(view, 2, 4))
    assert view.cursor_at == Cursor(1, 2, 2, 4)
    hover(qtbot, view, QPoint(2, 2))
    assert view.cursor_at == HERE


def test_a_click_pins_and_hovering_leaves_the_pin(qtbot: QtBot) -> None:
    """A pinned cell holds still under the moving mouse."""
    view = shown(qtbot, HeatMap(), trace_of(), HERE)
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=cell(view, 2, 4))
    hover(qtbot, view, cell(view, 5, 5))
    assert view.cursor_at == Cursor(1, 2, 2, 4, pinned=True)


def test_a_second_click_or_escape_frees(qtbot: QtBot) -> None:
    """Both ways lead back to no cell."""
    view = shown(qtbot, HeatMap(), trace_of(), HERE)
    for free in (
        lambda: qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=cell(view, 1, 1)),
        lambda: press(view, Qt.Key.Key_Escape),
    ):
        qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=cell(view, 1, 1))
        assert view.cursor_at.pinned
        free()
        assert view.cursor_at == HERE


def test_arrow_keys_walk_the_pinned_cell_and_stop_at_the_edge(qtbot: QtBot) -> None:
    """The first key enters the map at its corner."""
    view = shown(qtbot, HeatMap(), trace_of(), HERE)
    press(view, Qt.Key.Key_Down)
    assert view.cursor_at == Cursor(1, 2, 0, 0, pinned=True)
    press(view, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Up)
    assert view.cursor_at == Cursor(1, 2, 0, 2, pinned=True)


def test_the_wheel_zooms_and_zero_goes_back(qtbot: QtBot) -> None:
    """The cell under the mouse stays under it."""
    view = shown(qtbot, HeatMap(), trace_of(words(60)), HERE)
    spot = cell(view, 30, 30)
    turn_wheel(view, spot.toPointF(), 4)
    frame = view.frame()
    assert view.window_of_cells.zoomed
    assert frame is not None
    assert frame.cell_at(spot.toPointF()) == (30, 30)
    press(view, Qt.Key.Key_0)
    assert not view.window_of_cells.zoomed


def test_dragging_pans_and_pins_nothing(qtbot: QtBot) -> None:
    """A drag is no click."""
    view = shown(qtbot, HeatMap(), trace_of(words(60)), HERE)
    turn_wheel(view, cell(view, 30, 30).toPointF(), 4)
    start, left = cell(view, 30, 30), view.window_of_cells.left
    qtbot.mousePress(view, Qt.MouseButton.LeftButton, pos=start)
    for way in (20, 60):
        qtbot.mouseMove(view, start + QPoint(way, 0))
    qtbot.mouseRelease(view, Qt.MouseButton.LeftButton, pos=start + QPoint(60, 0))
    assert view.window_of_cells.left < left
    assert not view.cursor_at.pinned


def test_v10_an_encoder_and_a_decoder_of_different_lengths(qtbot: QtBot) -> None:
    """Rows are the target's tokens, columns the source's."""
    view = shown(qtbot, HeatMap(), crossing(3, 7), Cursor(site=Site.CROSS))
    assert view.picture is not None
    assert view.picture.shape == (3, 7)
    hover(qtbot, view, cell(view, 2, 6))
    assert (view.cursor_at.query, view.cursor_at.key) == (2, 6)
    assert view.numbers().columns[-1] == "in6·6"
    assert view.numbers().rows[-1][0] == "out2·2"


def test_v10_one_token_one_head_one_layer(qtbot: QtBot) -> None:
    """The smallest model has a map of one cell of weight 1."""
    view = shown(qtbot, HeatMap(), trace_of(("x",), layers=1, heads=1), Cursor())
    assert values(view).tolist() == [[1.0]]
    assert not view.grab().isNull()


def test_v07_a_head_that_the_new_model_lacks_is_not_drawn(qtbot: QtBot) -> None:
    """After a change of model the old cursor may point at nothing; that is a sentence, no crash."""
    view = shown(qtbot, HeatMap(), trace_of(heads=2), Cursor(1, 11))
    assert view.picture is None


def test_hidden_keys_are_left_out_and_the_share_is_said(qtbot: QtBot) -> None:
    """The rest is renormalised by the record's own rule, and the caption gives the hidden share."""
    trace = trace_of()
    view = shown(qtbot, HeatMap(), trace, HERE)
    view.hidden_tokens = (0, 8)
    attention = trace.attention(1)
    assert attention is not None
    hiding = Hiding.of(attention.weights(2), (0, 8))
    assert np.array_equal(values(view)[:, 1:8], hiding.weights[:, 1:8])
    assert np.isnan(values(view)[:, [0, 8]].astype(np.float32)).all()
    assert f"hidden keys carry {100 * hiding.share:.0f} % of the mass; rows renormalised" in svg_text(view)
    assert view.numbers().rows[0][1] is None


@pytest.mark.parametrize(("pair", "shape"), [("all", (9, 9)), ("A→B", (5, 4)), ("B→A", (4, 5)), ("B→B", (4, 4))])
def test_segments_choose_rows_and_columns(qtbot: QtBot, pair: str, shape: tuple[int, int]) -> None:
    """A→B is the first sentence's queries over the second's keys, under their true positions."""
    view = shown(qtbot, HeatMap(), trace_of(second=5), HERE)
    view.segments = pair
    assert view.picture is not None
    assert view.picture.shape == shape
    assert view.picture.rows[-1] == (8 if pair.startswith(("B", "all")) else 4)


def test_a_segment_without_tokens_says_how_to_get_one(qtbot: QtBot) -> None:
    """A single sentence has no B."""
    view = shown(qtbot, HeatMap(), trace_of(), HERE)
    view.segments = "A→B"
    assert "second sentence" in svg_text(view)


def test_signed_kinds_are_coloured_symmetrically(qtbot: QtBot) -> None:
    """Zero sits in the middle of the bar for scores and products alike."""
    view = shown(qtbot, HeatMap(), trace_of(), HERE)
    for kind in ("scores", "raw products"):
        view.kind = kind
        assert view.picture is not None
        assert view.picture.ticks.numbers[0].replace("−", "") == view.picture.ticks.numbers[-1]
        middle = view.picture.codes[np.abs(view.picture.values) == np.abs(view.picture.values).min()]
        assert 118 <= int(middle[0]) <= 137


def test_the_logarithmic_scale_ends_at_a_ten_thousandth_and_says_so(qtbot: QtBot) -> None:
    """Fainter weights take the lowest colour."""
    view = shown(qtbot, HeatMap(), trace_of(), HERE)
    view.scale = "log"
    assert view.picture is not None
    assert view.picture.ticks.numbers[0] == "≤ 0.0001"
    weights = view.picture.values
    assert (view.picture.codes[weights <= 1e-4] == 0).all()
    assert view.picture.codes[np.unravel_index(weights.argmax(), weights.shape)] == 255


@pytest.mark.parametrize(
    ("name", "value"), [("kind", "sums"), ("scale", "root"), ("colour_map", "jet"), ("segments", "C")]
)
def test_an_option_that_does_not_exist_is_refused(qtbot: QtBot, name: str, value: str) -> None:
    """The sentence names the choices."""
    view = shown(qtbot, HeatMap(), trace_of(), HERE)
    with pytest.raises(ValueError, match=f"{name} is one of"):
        setattr(view, name, value)


def test_masked_scores_are_said_to_be_masked(qtbot: QtBot) -> None:
    """−∞ is no number to colour; the cells are hatched and counted."""
    causal = replace(attention_of(9), mask=np.tril(np.ones((9, 9), bool)))
    view = shown(qtbot, HeatMap(), Trace().plus(tokens_of(WORDS), causal), Cursor())
    view.kind = "scores"
    assert "masked: 36 cells" in svg_text(view)


def test_v09_hostile_tokens_are_lettered_literally(qtbot: QtBot) -> None:
    """Markup stays markup, controls are escaped, long names cut; the picture can be painted and exported."""
    view = shown(qtbot, HeatMap(), trace_of(HOSTILE), HERE, size=(900, 800))
    hover(qtbot, view, cell(view, 0, 0))
    page = svg_text(view)
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert "<b>x" not in page
    assert "w" * 25 not in page


def test_the_exported_picture_letters_every_token(qtbot: QtBot) -> None:
    """Labels on both axes are text in the SVG, cells are rectangles."""
    view = shown(qtbot, HeatMap(), trace_of(), HERE, size=(700, 600))
    page = svg_text(view)
    for label in WORDS:
        assert page.count(f">{label}<") >= 2
    assert "queries ↓" in page
    assert "keys →" in page
    assert "attention weight" in page
    assert "<image" not in page


def test_512_tokens_are_drawn_with_labels_thinned(qtbot: QtBot) -> None:
    """A long map is one image, and neither its labels nor its lines collide."""
    view = shown(qtbot, HeatMap(), trace_of(words(512), layers=1, heads=1), Cursor(), size=(800, 700))
    assert view.picture is not None
    assert view.picture.shape == (512, 512)
    assert 40 < svg_text(view).count("<text") < 140


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_map_takes_the_colours_of_the_theme(qtbot: QtBot, theme: str) -> None:
    """The page behind the map is the theme's surface, and the table follows a change."""
    view = shown(qtbot, HeatMap(), trace_of(), HERE)
    with in_theme(theme) as chosen:
        image = view.grab().toImage()
        assert image.pixelColor(12, image.height() - 12).name() == chosen.surface
        assert view.picture is not None
        assert bool(view.picture.table[0, 0] < 128) is chosen.dark


def test_the_focus_is_seen(qtbot: QtBot) -> None:
    """Keyboard users see where they are."""
    view = shown(qtbot, HeatMap(), trace_of(), HERE)
    view.setFocus()
    qtbot.waitUntil(view.hasFocus)
    focused = view.grab().toImage()
    view.clearFocus()
    assert view.grab().toImage() != focused
