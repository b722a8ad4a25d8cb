"""The frame around a view: its numbers and its picture leave through the menu, and what fails is said."""

from __future__ import annotations

import csv
from pathlib import Path
from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QFileDialog, QPushButton
from pytestqt.qtbot import QtBot

from attnviz.errors import ExportError
from attnviz.trace import Cursor, Trace
from attnviz.views.arcs import Arcs
from attnviz.views.heat_map import HeatMap
from attnviz.views.panel import Panel
from attnviz.views.view import View
from tests.views.traces import WORDS, trace_of, words


def framed(qtbot: QtBot, view: View, trace: Trace) -> Panel:
    panel = Panel("Attention map", view, "layer 0 · head 0")
    qtbot.addWidget(panel)
    view.draw(trace, Cursor())
    panel.resize(560, 520)
    with qtbot.waitExposed(panel):
        panel.show()
    return panel


def test_the_numbers_are_copied_as_csv(qtbot: QtBot) -> None:
    """What is on the clipboard is the view's table, by menu or by shortcut."""
    panel = framed(qtbot, HeatMap(), trace_of())
    panel.actions_by_name["Copy numbers as CSV"].trigger()
    assert QApplication.clipboard().text() == panel.view.numbers().csv()
    QApplication.clipboard().clear()
    panel.view.setFocus()
    qtbot.waitUntil(panel.view.hasFocus)
    qtbot.keyClick(panel.view, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    assert QApplication.clipboard().text() == panel.view.numbers().csv()


def test_a_lone_surrogate_is_copied_escaped(qtbot: QtBot) -> None:
    """The clipboard loses no part of a token."""
    panel = framed(qtbot, HeatMap(), trace_of(("a\ud800", "b")))
    panel.copy_numbers()
    assert QApplication.clipboard().text().startswith("query,a\\ud800·0,b·1")


def test_the_numbers_are_saved_as_csv(qtbot: QtBot, tmp_path: Path) -> None:
    """The file holds one row per query."""
    panel = framed(qtbot, HeatMap(), trace_of())
    with qtbot.waitSignal(panel.saved):
        panel.save_numbers(str(tmp_path / "map.csv"))
    with (tmp_path / "map.csv").open(newline="", encoding="utf-8") as file:
        assert [line[0] for line in csv.reader(file)] == ["query", *(f"{label}·{at}" for at, label in enumerate(WORDS))]


def test_a_picture_is_saved_in_twice_the_pixels(qtbot: QtBot, tmp_path: Path) -> None:
    """PNG opens at two pixels to one."""
    panel = framed(qtbot, HeatMap(), trace_of())
    panel.save_picture(str(tmp_path / "map.png"))
    assert QImage(str(tmp_path / "map.png")).size() == panel.view.size() * 2


def test_a_picture_is_saved_as_strokes(qtbot: QtBot, tmp_path: Path) -> None:
    """SVG is XML whose texts are the tokens; PDF is a PDF."""
    panel = framed(qtbot, HeatMap(), trace_of())
    panel.save_picture(str(tmp_path / "map.svg"))
    panel.save_picture(str(tmp_path / "map.pdf"))
    page = ElementTree.parse(tmp_path / "map.svg")  # noqa: S314 - our own file
    texts = {"".join(node.itertext()).strip() for node in page.iter() if node.tag.endswith("text")}
    assert set(WORDS) <= texts
    assert (tmp_path / "map.pdf").read_bytes().startswith(b"%PDF")


def test_what_is_scrolled_away_is_in_the_picture_and_the_view_keeps_its_size(qtbot: QtBot, tmp_path: Path) -> None:
    """A long view is saved whole."""
    view = Arcs()
    panel = framed(qtbot, view, trace_of(words(60)))
    size = QSize(view.size())
    panel.save_picture(str(tmp_path / "lines.png"))
    assert QImage(str(tmp_path / "lines.png")).height() == 2 * view.full_height(size.width())
    assert view.size() == size


def test_the_focus_ring_is_not_in_the_picture(qtbot: QtBot, tmp_path: Path) -> None:
    """Saving from the keyboard gives the same picture as from the mouse, and the focus stays."""
    panel = framed(qtbot, HeatMap(), trace_of())
    panel.view.setFocus()
    qtbot.waitUntil(panel.view.hasFocus)
    panel.save_picture(str(tmp_path / "focused.png"))
    assert panel.view.hasFocus()
    panel.view.clearFocus()
    panel.save_picture(str(tmp_path / "plain.png"))
    assert QImage(str(tmp_path / "focused.png")) == QImage(str(tmp_path / "plain.png"))


@pytest.mark.parametrize("name", ["no/such/folder/map.png", "map.bmp", "."])
def test_a_failure_is_told_with_the_path_or_the_way_out(qtbot: QtBot, tmp_path: Path, name: str) -> None:
    """The panel raises nothing; it emits the error for the window to show."""
    panel = framed(qtbot, HeatMap(), trace_of())
    with qtbot.waitSignal(panel.failed) as heard:
        panel.save_picture(str(tmp_path / name))
    assert isinstance(heard.args[0], ExportError)


def test_there_is_nothing_to_copy_before_anything_has_arrived(qtbot: QtBot) -> None:
    """An empty view says so and leaves the clipboard alone."""
    panel = framed(qtbot, HeatMap(), Trace())
    QApplication.clipboard().setText("kept")
    with qtbot.waitSignal(panel.failed):
        panel.copy_numbers()
    assert QApplication.clipboard().text() == "kept"


def test_the_dialog_proposes_a_name_and_the_suffix_is_added(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name typed without a suffix gets the format's."""
    panel = framed(qtbot, HeatMap(), trace_of())
    proposed: list[str] = []

    def answer(parent: Panel, title: str, path: str, *_: object, **__: object) -> tuple[str, str]:
        proposed.append(Path(path).name)
        return str(tmp_path / "mine"), ""

    monkeypatch.setattr(QFileDialog, "getSaveFileName", answer)
    panel.actions_by_name["Save picture as SVG…"].trigger()
    panel.actions_by_name["Save numbers as CSV…"].trigger()
    assert proposed == ["attention-map.svg", "attention-map.csv"]
    assert (tmp_path / "mine.svg").exists()
    assert (tmp_path / "mine.csv").exists()


def test_a_dialog_that_is_left_saves_nothing(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cancelling is no failure."""
    panel = framed(qtbot, HeatMap(), trace_of())
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, **__: ("", ""))
    with qtbot.assertNotEmitted(panel.failed), qtbot.assertNotEmitted(panel.saved):
        panel.actions_by_name["Save picture as PNG…"].trigger()


def test_titles_are_plain_text_and_controls_stand_in_the_header(qtbot: QtBot) -> None:
    """A title with markup shows the markup."""
    panel = framed(qtbot, HeatMap(), trace_of())
    panel.set_title("<b>map</b>")
    panel.set_subtitle("layer 1 · head 2")
    button = QPushButton("log")
    panel.add_control(button)
    assert panel.title == "<b>map</b>"
    qtbot.waitUntil(button.isVisible)
    assert button.mapTo(panel, button.rect().bottomLeft()).y() < panel.view.y()
