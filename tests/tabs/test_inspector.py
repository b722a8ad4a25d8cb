"""Looking inside, as a person does it: point, click, step, leave out, take the numbers along."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from attnviz.trace import Attention, Overview
from attnviz.window import Window
from tests.tabs.inspecting import TEXT, ask, centre, click, hover, inspector, weights
from tests.windows import opened, sentences, settle

CONTROL, ALT = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.AltModifier
PAGES = ("map", "arcs", "block", "neurons", "hidden", "lens")


@pytest.fixture
def window(qtbot: QtBot, tiny: Path) -> Iterator[Window]:
    """The window with the inspector in front and the map in focus."""
    yield from inspector(qtbot, tiny)


@pytest.fixture
def submitted(window: Window) -> list[object]:
    """The jobs that are asked for from now on."""
    jobs: list[object] = []
    window.engine.started.connect(lambda request: jobs.append(request.job))
    return jobs


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
    assert "Esc frees" in window.tab.detail._subtitle.text()
    qtbot.keyClick(window.tab.map, Qt.Key.Key_Escape)
    assert not window.tab.cursor_at.pinned
    assert window.tab.cursor_at.query is None


def test_the_pinned_place_stays_on_every_page_and_in_every_head(qtbot: QtBot, window: Window) -> None:
    """Pages and heads change what is drawn, not where one looks."""
    click(qtbot, window, 2, 4)
    pages = window.tab.pages
    for page in (1, 2, 3, 4, 5, 0):
        qtbot.keyClick(window.tab, getattr(Qt.Key, f"Key_{page + 1}"), ALT)
        view = (pages.map, pages.arcs, pages.block, pages.neurons, pages.hidden, pages.lens)[page]
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
    assert window.tab.detail.title == "Layer 1 · head 1"
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


@pytest.mark.parametrize("page", range(len(PAGES)), ids=PAGES)
def test_every_page_draws_and_can_be_saved(qtbot: QtBot, window: Window, tmp_path: Path, page: int) -> None:
    """Alt and a number turns the page; the panel saves what is in front as PNG, SVG, PDF and CSV."""
    qtbot.keyClick(window.tab, getattr(Qt.Key, f"Key_{page + 1}"), ALT)
    qtbot.waitUntil(lambda: window.engine.current is None, timeout=10_000)
    view = getattr(window.tab.pages, PAGES[page])
    panel = window.tab.detail
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
    window.tab.detail.save_picture(str(tmp_path / "missing" / "x.svg"))
    assert "No such file" in sentences(window)[0]


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
    for page in (1, 2, 3, 4, 5, 0):
        window.tab.show_page(page)
        assert not getattr(window.tab.pages, PAGES[page]).grab().isNull()
    qtbot.waitUntil(lambda: window.engine.current is None, timeout=30_000)
    jobs.clear()
    grid = window.tab.grid
    qtbot.mouseClick(grid, Qt.MouseButton.LeftButton, pos=grid.atlas().tile(4, 7).center().toPoint())
    np.testing.assert_allclose(window.tab.map.picture.values, weights(window.tab.trace, 4, 7), atol=1e-5)
    assert jobs == []
    window.close()
