"""Looking inside, as a person does it: point, click, step, leave out, take the numbers along."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QImage
from pytestqt.qtbot import QtBot

from attnviz.trace import Attention, Overview, Trace
from attnviz.views.map_view import MapView
from attnviz.window import Window
from tests.windows import opened, sentences, settle, strong_folder

CONTROL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
TEXT, PAIR = "the cat sat on a mat", "the cat\nit sat"
PAGES = ("map", "arcs", "hidden", "norms")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that nobody changes."""
    return strong_folder(tmp_path_factory.mktemp("inspector") / "tiny")


@pytest.fixture
def window(qtbot: QtBot, folder: Path) -> Iterator[Window]:
    """The window with the inspector in front and the map in focus."""
    made = opened(qtbot, folder, sentence=TEXT, tab="inspector")
    made.tab.map.setFocus()
    yield made
    made.close()


@pytest.fixture
def submitted(window: Window) -> list[object]:
    """The jobs that are asked for from now on."""
    jobs: list[object] = []
    window.engine.started.connect(lambda request: jobs.append(request.job))
    return jobs


def ask(qtbot: QtBot, window: Window, text: str) -> None:
    window.header.sentence.put(text)
    settle(qtbot, window)


def centre(view: MapView, row: int, column: int) -> QPoint:
    return view.frame().cell_area(row, column).center().toPoint()


def hover(qtbot: QtBot, window: Window, row: int, column: int) -> None:
    view = window.tab.map
    qtbot.mouseMove(view, QPoint(1, 1))
    qtbot.mouseMove(view, centre(view, row, column))
    qtbot.waitUntil(lambda: window.tab.cursor_at.key == column)


def click(qtbot: QtBot, window: Window, row: int, column: int) -> None:
    view = window.tab.map
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=centre(view, row, column))


def table(text: str) -> tuple[list[str], list[list[str]]]:
    heading, *rows = list(csv.reader(text.splitlines()))
    return heading, rows


def numbers(text: str) -> np.ndarray:
    """The cells of a copied matrix, without its labels; an empty cell is not a number."""
    return np.array([[float(cell or "nan") for cell in row[1:]] for row in table(text)[1]], np.float32)


def weights(trace: Trace, layer: int, head: int) -> np.ndarray:
    """Attention from the record's queries and keys, by numpy in float64."""
    record = trace.attention(layer)
    assert record is not None
    scores = record.query[head].astype(np.float64) @ record.key[head].T.astype(np.float64) * record.scale
    exponentials = np.exp(scores - scores.max(-1, keepdims=True))
    found: np.ndarray = exponentials / exponentials.sum(-1, keepdims=True)
    return found


def test_hovering_points_in_every_view_for_as_long_as_it_lasts(qtbot: QtBot, window: Window) -> None:
    """One cursor: the chips, the grid, the card and the page in front get the same; leaving the map takes it back."""
    hover(qtbot, window, 3, 5)
    cursor = window.tab.cursor_at
    assert (cursor.query, cursor.key, cursor.pinned) == (3, 5, False)
    seen = [view for view in window.tab.views() if view.isVisible()]
    assert len(seen) == 5
    assert {view.cursor_at for view in seen} == {cursor}
    assert window.tab.card.shown("query").startswith("\u2068sat") or "sat" in window.tab.card.shown("query")
    assert float(window.tab.card.shown("weight")) == pytest.approx(weights(window.tab.trace, 0, 0)[3, 5], abs=6e-4)
    qtbot.mouseMove(window.tab.map, QPoint(1, 1))
    qtbot.waitUntil(lambda: window.tab.cursor_at.key is None)


def test_a_click_pins_until_escape(qtbot: QtBot, window: Window) -> None:
    """A pinned place stays when the mouse goes on, says that it is pinned, and Esc lets it go."""
    hover(qtbot, window, 2, 2)
    click(qtbot, window, 2, 2)
    assert window.tab.cursor_at.pinned
    qtbot.mouseMove(window.tab.map, centre(window.tab.map, 5, 5))
    assert (window.tab.cursor_at.query, window.tab.cursor_at.key) == (2, 2)
    assert "Esc frees" in window.tab._detail._subtitle.text()
    qtbot.keyClick(window.tab.map, Qt.Key.Key_Escape)
    assert not window.tab.cursor_at.pinned
    assert window.tab.cursor_at.query is None


def test_the_pinned_place_stays_on_every_page_and_in_every_head(qtbot: QtBot, window: Window) -> None:
    """Pages and heads change what is drawn, not where one looks."""
    click(qtbot, window, 2, 4)
    for page in (1, 2, 3, 0):
        qtbot.keyClick(window.tab, getattr(Qt.Key, f"Key_{page + 1}"), ALT)
        view = (window.tab.map, window.tab.arcs, window.tab.hidden, window.tab.norms)[page]
        assert view.isVisible()
        assert (view.cursor_at.query, view.cursor_at.pinned) == (2, True)
        view.setFocus()
    qtbot.keyClick(window.tab.map, Qt.Key.Key_Right, CONTROL)
    assert (window.tab.cursor_at.head, window.tab.cursor_at.query, window.tab.cursor_at.key) == (1, 2, 4)
    assert float(window.tab.card.shown("weight")) == pytest.approx(weights(window.tab.trace, 0, 1)[2, 4], abs=6e-4)


def test_another_head_costs_no_forward(qtbot: QtBot, window: Window, submitted: list[object]) -> None:
    """A click in the grid shows another head's map from the same records: no job is asked for."""
    grid = window.tab.grid
    trace = window.tab.trace
    qtbot.mouseClick(grid, Qt.MouseButton.LeftButton, pos=grid.atlas().tile(1, 1).center().toPoint())
    assert (window.tab.cursor_at.layer, window.tab.cursor_at.head) == (1, 1)
    assert window.tab._detail.title == "Layer 1 · head 1"
    np.testing.assert_allclose(window.tab.map.picture.values, weights(window.tab.trace, 1, 1), atol=1e-6)
    assert window.tab.trace is trace
    assert submitted == []


def test_control_and_arrows_step_through_layers_and_heads(qtbot: QtBot, window: Window) -> None:
    """They stop at the ends."""
    places = []
    for key in (Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Left):
        qtbot.keyClick(window.tab.map, key, CONTROL)
        places.append((window.tab.cursor_at.layer, window.tab.cursor_at.head))
    assert places == [(1, 0), (1, 0), (1, 1), (1, 1), (0, 1), (0, 0)]


def test_the_grid_shows_every_head_that_came(window: Window) -> None:
    """Layers × heads of the model, each with its pooled picture."""
    assert window.tab.grid.grid_shape() == (2, 2)
    for record in window.tab.trace.every(Overview):
        for head in range(2):
            expected = np.rint(weights(window.tab.trace, record.layer, head) * 255)
            assert np.abs(record.tiles[head].astype(int) - expected).max() <= 1
    assert len(window.tab.table.numbers().rows) == 4


@pytest.mark.parametrize("page", range(4), ids=PAGES)
def test_every_page_draws_and_can_be_saved(qtbot: QtBot, window: Window, tmp_path: Path, page: int) -> None:
    """Alt and a number turns the page; the panel saves what is in front as PNG, SVG, PDF and CSV."""
    qtbot.keyClick(window.tab, getattr(Qt.Key, f"Key_{page + 1}"), ALT)
    view = getattr(window.tab, PAGES[page])
    panel = window.tab._detail
    assert panel.view is view
    image = view.grab().toImage()
    assert len({image.pixel(x, y) for x in range(0, view.width(), 7) for y in range(0, view.height(), 7)}) > 3
    for suffix in ("png", "svg", "pdf"):
        with qtbot.waitSignal(panel.saved):
            panel.save_picture(str(tmp_path / f"x.{suffix}"))
    with qtbot.waitSignal(panel.saved):
        panel.save_numbers(str(tmp_path / "x.csv"))
    assert not QImage(str(tmp_path / "x.png")).isNull()
    assert ET.parse(tmp_path / "x.svg").getroot().tag.endswith("svg")  # noqa: S314 - our own file
    assert (tmp_path / "x.pdf").read_bytes().startswith(b"%PDF")
    assert len((tmp_path / "x.csv").read_text(encoding="utf-8").splitlines()) > 2
    assert sentences(window) == []


def test_a_picture_that_can_not_be_saved_is_told(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    """One sentence in the window."""
    window.tab._detail.save_picture(str(tmp_path / "missing" / "x.svg"))
    assert "No such file" in sentences(window)[0]


def test_the_copied_map_is_the_record(qtbot: QtBot, window: Window) -> None:
    """CSV on the clipboard: a row per query, a column per key, the softmax of the record to seven digits."""
    window.tab._detail.copy_numbers()
    text = QGuiApplication.clipboard().text()
    heading, rows = table(text)
    assert heading[1:] == [row[0] for row in rows]
    assert [label.rpartition("·")[0] for label in heading[1:]] == list(window.tab.trace.tokens().labels)
    np.testing.assert_allclose(numbers(text), weights(window.tab.trace, 0, 0), atol=1e-6)


def test_the_copied_states_and_norms_are_the_records(qtbot: QtBot, window: Window) -> None:
    """Hidden states to the bit; norms as numpy has them."""
    window.tab.show_page(2)
    window.tab._detail.copy_numbers()
    states = window.tab.trace.hidden(1).states
    np.testing.assert_array_equal(numbers(QGuiApplication.clipboard().text()), states)
    window.tab.show_page(3)
    window.tab._detail.copy_numbers()
    norms = numbers(QGuiApplication.clipboard().text())
    assert norms.shape == (3, 8)
    np.testing.assert_allclose(norms[1], np.sqrt((states.astype(np.float64) ** 2).sum(-1)), rtol=1e-5)


def test_the_stages_of_a_head_are_chosen(qtbot: QtBot, window: Window) -> None:
    """Weight, scaled score, raw product: every stage is there without a forward."""
    record = window.tab.trace.attention(0)
    controls = window.tab.controls
    found = {}
    for place in range(controls.kind.count()):
        controls.kind.setCurrentIndex(place)
        window.tab._detail.copy_numbers()
        found[controls.kind.currentText()] = numbers(QGuiApplication.clipboard().text())
    products = record.query[0] @ record.key[0].T
    kinds = list(found)
    np.testing.assert_allclose(found[kinds[0]], weights(window.tab.trace, 0, 0), atol=1e-6)
    by_size = sorted(kinds[1:], key=lambda kind: float(np.abs(found[kind]).max()))
    np.testing.assert_allclose(found[by_size[1]], products, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found[by_size[0]], products * record.scale, rtol=1e-4, atol=1e-5)


def test_a_pair_can_be_filtered_by_segment(qtbot: QtBot, window: Window) -> None:
    """A→B is the part of the map in which the first sentence looks at the second; without a pair there is no choice."""
    controls = window.tab.controls
    assert not controls.segments.isEnabled()
    ask(qtbot, window, PAIR)
    assert controls.segments.isEnabled()
    whole = weights(window.tab.trace, 0, 0)
    controls.segments.setCurrentText("A→B")
    np.testing.assert_allclose(window.tab.map.picture.values, whole[:4, 4:], atol=1e-6)
    ask(qtbot, window, TEXT)
    assert not controls.segments.isEnabled()
    assert controls.segments.currentText() == "all"
    assert window.tab.map.picture.values.shape == (8, 8)


def test_hiding_special_tokens_says_how_much_is_hidden(qtbot: QtBot, window: Window) -> None:
    """Rows are renormalised, and the picture and the lines say so with the share that is missing."""
    window.tab.controls.special.setChecked(True)
    whole = weights(window.tab.trace, 0, 0)
    share = round(100 * float(whole[:, [0, 7]].sum(-1).mean()))
    said = f"hidden keys carry {share} % of the mass; rows renormalised"
    assert said in window.tab.map.picture.caption
    rest = whole[:, 1:7] / whole[:, 1:7].sum(-1, keepdims=True)
    np.testing.assert_allclose(window.tab.map.picture.values[:, 1:7], rest, atol=1e-5)
    assert np.isnan(window.tab.map.picture.values[:, [0, 7]]).all()
    window.tab.show_page(1)
    assert said in window.tab.arcs.caption()


def test_hidden_tokens_move_with_the_sentence(qtbot: QtBot, window: Window) -> None:
    """A shorter and then a longer text: what is hidden is always its own [CLS] and [SEP]."""
    window.tab.controls.special.setChecked(True)
    for text, last in (("a cat", 3), ("the cat sat on a mat in it", 9), (PAIR, 6)):
        ask(qtbot, window, text)
        assert window.tab.map.hidden_tokens[-1] == last
        values = window.tab.map.picture.values
        hidden = list(window.tab.map.hidden_tokens)
        assert np.isnan(values[:, hidden]).all()
        np.testing.assert_allclose(np.nansum(values, -1), 1.0, atol=1e-5)


def test_v07_fewer_tokens_free_a_cursor_that_would_stand_outside(qtbot: QtBot, window: Window) -> None:
    """V07: the pinned token is gone; nothing is pinned, and no view stumbles."""
    click(qtbot, window, 6, 6)
    ask(qtbot, window, "a")
    cursor = window.tab.cursor_at
    assert (cursor.query, cursor.key, cursor.pinned) == (None, None, False)
    ask(qtbot, window, TEXT)
    click(qtbot, window, 1, 1)
    ask(qtbot, window, "a cat")
    assert (window.tab.cursor_at.query, window.tab.cursor_at.pinned) == (1, True)


def test_the_answer_of_the_newest_sentence_is_shown(qtbot: QtBot, window: Window) -> None:
    """Q05: thirty edits in a row, without waiting: the last one stands there in every view."""
    for count in range(30):
        window.header.sentence.put("cat " * (count % 7 + 1))
    window.header.sentence.put("the dog sat")
    settle(qtbot, window)
    assert window.tab.trace.tokens().text == "the dog sat"
    assert all(view.trace is window.tab.trace for view in window.tab.views() if view.isVisible())
    assert all(record.query.shape[1] == 5 for record in window.tab.trace.every(Attention))


def test_the_mouse_wheel_zooms_and_another_sentence_shows_the_whole(qtbot: QtBot, window: Window) -> None:
    """A zoomed map of another size begins anew."""
    view = window.tab.map
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_Plus)
    assert view.window_of_cells.zoomed
    ask(qtbot, window, "a cat")
    assert not view.window_of_cells.zoomed
    assert view.frame().cell_at(QPointF(centre(view, 3, 3))) == (3, 3)


@pytest.mark.slow
def test_512_tokens_of_the_shipped_model(qtbot: QtBot, shipped: Path) -> None:
    """As long as the model reads: every page, another head without a forward, and the cut is said."""
    window = opened(qtbot, shipped, sentence="paris is the capital of france . " * 100, tab="inspector")
    jobs: list[object] = []
    window.engine.started.connect(lambda request: jobs.append(request.job))
    assert len(window.tab.trace.tokens()) == 512
    assert [text for text in sentences(window) if "first 510 of 700 tokens" in text]
    assert window.tab.grid.grid_shape() == (6, 12)
    for page in (1, 2, 3, 0):
        window.tab.show_page(page)
        assert not getattr(window.tab, PAGES[page]).grab().isNull()
    grid = window.tab.grid
    qtbot.mouseClick(grid, Qt.MouseButton.LeftButton, pos=grid.atlas().tile(4, 7).center().toPoint())
    np.testing.assert_allclose(window.tab.map.picture.values, weights(window.tab.trace, 4, 7), atol=1e-5)
    assert jobs == []
    window.close()
