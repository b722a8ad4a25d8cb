"""What is painted, in which order and how often: counted in paint events, never timed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QRect
from PySide6.QtGui import QPaintEvent, QRegion
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from attnviz.views.view import View
from attnviz.window import Window
from tests.windows import opened, settle, strong_folder

TEXT = "the cat sat on a mat"


class Paints(QObject):
    """The views that were painted, in order, with what was exposed of them, from now on."""

    def __init__(self, window: Window) -> None:
        super().__init__(window)
        self.order: list[str] = []
        self.exposed: dict[str, QRegion] = {}
        QApplication.instance().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent) and isinstance(watched, View):
            name = type(watched).__name__
            self.order.append(name)
            self.exposed[name] = self.exposed.get(name, QRegion()).united(event.region())
        return False

    def forget(self) -> None:
        self.order.clear()
        self.exposed.clear()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that nobody changes."""
    return strong_folder(tmp_path_factory.mktemp("painting") / "tiny")


@pytest.fixture
def window(qtbot: QtBot, folder: Path) -> Iterator[Window]:
    """The window with the inspector in front, painted."""
    made = opened(qtbot, folder, sentence=TEXT, tab="inspector")
    QApplication.processEvents()
    yield made
    made.close()


@pytest.fixture
def paints(window: Window) -> Iterator[Paints]:
    watching = Paints(window)
    yield watching
    QApplication.instance().removeEventFilter(watching)


def test_the_map_is_painted_before_the_other_views(qtbot: QtBot, window: Window, paints: Paints) -> None:
    """Of a new sentence, and of another head: who waits looks at the map."""
    window.header.sentence.put("a dog sat")
    settle(qtbot, window)
    assert paints.order[0] == "HeatMap"
    assert {"TokenChips", "HeadGrid", "HeadTable"} <= set(paints.order[1:])
    paints.forget()
    window.tab.point(replace(window.tab.cursor_at, head=1))
    assert paints.order == ["HeatMap"]
    QApplication.processEvents()
    assert "HeadGrid" in paints.order


def test_settled_is_said_when_everything_has_been_painted(qtbot: QtBot, window: Window, paints: Paints) -> None:
    """After it, nothing of the answer is left to paint."""
    painted: list[set[str]] = []
    window.tab.settled.connect(lambda: painted.append(set(paints.order)))
    window.header.sentence.put("a dog sat")
    settle(qtbot, window)
    assert {"HeatMap", "TokenChips", "HeadGrid", "HeadTable"} <= painted[-1]
    paints.forget()
    QApplication.processEvents()
    assert paints.order == []


def test_a_label_that_grows_repaints_no_view(qtbot: QtBot, window: Window, paints: Paints) -> None:
    """Laying out a page's labels anew is not a reason to paint every view of it."""
    window.tab.detail.set_title("Layer 0 · head 0, and a good deal more")
    QApplication.processEvents()
    assert paints.order == []


def test_views_of_other_pages_are_not_drawn(qtbot: QtBot, window: Window, paints: Paints) -> None:
    """Lines, hidden states and norms are drawn when they are turned to."""
    hidden = (window.tab.arcs, window.tab.hidden, window.tab.norms)
    before = [view.trace for view in hidden]
    window.header.sentence.put("a dog sat")
    settle(qtbot, window)
    assert [view.trace for view in hidden] == before
    window.tab.show_page(1)
    assert window.tab.arcs.trace is window.tab.trace


def test_pointing_repaints_no_overview(qtbot: QtBot, window: Window, paints: Paints) -> None:
    """While the mouse moves within a head, neither the grid nor the table of heads is painted."""
    window.tab.point(replace(window.tab.cursor_at, query=2, key=3))
    QApplication.processEvents()
    assert {"HeatMap", "TokenChips", "CellCard"} <= set(paints.order)
    assert not {"HeadGrid", "HeadTable"} & set(paints.order)


def test_another_head_repaints_two_tiles(qtbot: QtBot, window: Window, paints: Paints) -> None:
    """The frame of the old head goes, that of the new one comes; a tile that is neither stays as it is."""
    grid = window.tab.grid
    window.tab.point(replace(window.tab.cursor_at, head=1))
    QApplication.processEvents()
    atlas, exposed = grid.atlas(), paints.exposed["HeadGrid"]
    for layer, head in atlas.places():
        touched = exposed.contains(atlas.tile(layer, head).center().toPoint())
        assert touched == (layer == 0)
    window.tab.point(replace(window.tab.cursor_at, layer=1))
    QApplication.processEvents()
    image = grid.grab().toImage()
    painted = window.grab().toImage()
    corner = grid.mapTo(window, QPoint(0, 0))
    assert image == painted.copy(QRect(corner, grid.size()))
