"""The window as a frame: what it remembers, its keys, its messages and the sentence box."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QToolButton
from pytestqt.qtbot import QtBot

from attnviz import session, settings
from attnviz.trace import Candidates
from attnviz.views import palette
from attnviz.views.load_report import LoadReportDialog
from attnviz.views.message_bar import Message
from attnviz.window import Window
from tests.windows import SENTENCE, opened, sentences, settle, strong_folder

CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that nobody changes."""
    return strong_folder(tmp_path_factory.mktemp("window") / "tiny")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the settings are kept."""
    return tmp_path / "settings.json"


@pytest.fixture
def window(qtbot: QtBot, folder: Path, file: Path) -> Iterator[Window]:
    """The window with its example answered."""
    made = opened(qtbot, folder, file)
    yield made
    made.close()


def paste(window: Window, text: str) -> None:
    data = QMimeData()
    data.setText(text)
    window.header.sentence.selectAll()
    window.header.sentence.insertFromMimeData(data)


def test_the_next_start_is_like_the_last_one(qtbot: QtBot, window: Window, file: Path) -> None:
    """Size, checkpoint, sentence, tab, theme: what was closed is what opens."""
    window.resize(1000, 700)
    window.set_theme("dark")
    qtbot.keyClick(window, Qt.Key.Key_2, CONTROL)
    paste(window, "a dog [MASK]")
    settle(qtbot, window)
    folder = window.scene.reference.path
    window.close()
    remembered, notice = settings.load(file)
    assert notice is None
    again = session.make_window(remembered, file, Path(remembered.checkpoint))
    qtbot.addWidget(again)
    again.show()
    again.open(remembered.checkpoint)
    settle(qtbot, again)
    assert (again.width(), again.height()) == (1000, 700)
    assert again.scene.reference.path == folder
    assert again.header.sentence.toPlainText() == "a dog [MASK]"
    assert again.tab.name == "inspector"
    assert again.settings.theme == "dark"
    assert "a dog [MASK]" in [action.data() for action in again.header.examples.menu().actions()]
    again.set_theme("light")
    again.close()


def test_the_checkpoint_is_remembered_as_soon_as_it_is_open(window: Window, file: Path, folder: Path) -> None:
    """A crash later doesn't forget it, and the picker offers it."""
    assert settings.load(file)[0].recent == (str(folder),)
    assert str(folder) in [action.data() for action in window.header.checkpoints.menu().actions()]


def test_the_tabs_have_keys(qtbot: QtBot, window: Window) -> None:
    """Ctrl+1 and Ctrl+2, from wherever the focus is."""
    for key, name in ((Qt.Key.Key_2, "inspector"), (Qt.Key.Key_1, "masking")):
        qtbot.keyClick(window, key, CONTROL)
        assert window.tab.name == name
        settle(qtbot, window)


def test_ctrl_l_goes_to_the_sentence_and_selects_it(qtbot: QtBot, window: Window) -> None:
    """So that the next key replaces it."""
    window.tab.chips.setFocus()
    qtbot.keyClick(window, Qt.Key.Key_L, CONTROL)
    box = window.header.sentence
    assert box.hasFocus()
    assert box.textCursor().selectedText() == SENTENCE


def test_the_load_report_opens_and_copies(qtbot: QtBot, window: Window, folder: Path) -> None:
    """Ctrl+I: the counts of the checkpoint, as text and on the clipboard."""
    qtbot.keyClick(window, Qt.Key.Key_I, CONTROL)
    [dialog] = window.findChildren(LoadReportDialog)
    shown = " ".join(label.text() for label in dialog.findChildren(QLabel))
    assert f"{window.scene.report.parameters:,}" in shown
    assert str(folder) in shown
    [copy] = [button for button in dialog.findChildren(type(window.status.report)) if button.text() == "Copy"]
    qtbot.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert f"Folder,{folder}" in QGuiApplication.clipboard().text()
    dialog.close()
    qtbot.waitUntil(lambda: not window.findChildren(LoadReportDialog))


def test_the_theme_changes_everything_at_once(window: Window) -> None:
    """Dark and light paint the same window in other colours, messages included; the choice is ticked."""
    window.tell(Message("something"))
    [strip] = window.messages.findChildren(QToolButton)
    looks = {}
    for name in ("dark", "light"):
        window.set_theme(name)
        looks[name] = window.grab().toImage().pixelColor(window.width() // 2, window.height() - 3).lightness()
        assert palette.theme() == {"dark": palette.DARK, "light": palette.LIGHT}[name]
        assert palette.theme().error in strip.parentWidget().styleSheet()
    assert looks["dark"] < 128 < looks["light"]


def test_the_system_s_theme_is_followed_while_it_is_chosen(window: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the desktop turns dark, so does the window; one that was chosen by hand stays."""
    window.set_theme("system")
    monkeypatch.setattr(palette, "system_theme", lambda: palette.DARK)
    QGuiApplication.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert palette.theme() == palette.DARK
    window.set_theme("light")
    QGuiApplication.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Dark)
    assert palette.theme() == palette.LIGHT


def test_the_device_is_chosen_and_remembered(qtbot: QtBot, window: Window, file: Path) -> None:
    """The picker offers what this machine has; a choice opens the checkpoint there."""
    devices = window.header.devices
    assert "cpu" in [devices.itemData(place) for place in range(devices.count())]
    window.header.device_wished.emit("cpu")
    settle(qtbot, window)
    assert window.scene.reference.device == "cpu"
    window.close()
    assert settings.load(file)[0].device == "cpu"


def test_a_device_of_another_machine_is_replaced_by_one_that_is_here(qtbot: QtBot, folder: Path) -> None:
    """Remembered settings never keep the program from opening its model; what happened is said."""
    window = opened(qtbot, folder, device="cuda:99")
    assert window.scene.report.device.partition(":")[0] in {"cpu", "mps", "cuda"}
    assert [text for text in sentences(window) if "cuda:99" in text]
    window.close()


def test_the_status_line_says_what_was_computed(qtbot: QtBot, window: Window) -> None:
    """Tokens, the forward's time and the drawing's."""
    qtbot.waitUntil(lambda: "drawn" in window.status._facts.text())
    tokens, forward, drawn = window.status._facts.text().split(" · ")
    assert tokens == "8 tokens"
    assert forward.startswith("forward ")
    assert drawn.startswith("drawn ")


def test_messages_stay_until_they_are_dismissed(qtbot: QtBot, window: Window) -> None:
    """Five messages: three are seen, none is lost, and typing takes none away."""
    for number in range(5):
        window.tell(Message(f"message {number}"))
    window.tell(Message("message 4"))
    paste(window, "a cat [MASK]")
    settle(qtbot, window)
    assert sentences(window) == [f"message {number}" for number in (4, 3, 2, 1, 0)]
    for number in (4, 3, 2, 1, 0):
        seen = [button for button in window.messages.findChildren(QToolButton) if button.isVisible()]
        labels = [label.text() for label in window.messages.findChildren(QLabel) if label.isVisible()]
        assert f"message {number}" in labels
        assert len(seen) == min(3, number + 1)
        newest = next(button for button in seen if button.parentWidget().message.sentence == f"message {number}")
        qtbot.mouseClick(newest, Qt.MouseButton.LeftButton)
    assert not window.messages.isVisible()


def test_every_remark_on_an_answer_is_shown(qtbot: QtBot, window: Window) -> None:
    """Too long and too many masks at once are two remarks; both go with the text that they were about."""
    paste(window, "[MASK] " * 100)
    settle(qtbot, window)
    assert len([text for text in sentences(window) if "first 32 of" in text or "first 62 of" in text]) == 2
    paste(window, "a [MASK]")
    settle(qtbot, window)
    assert sentences(window) == []


def test_x12_markup_is_shown_as_it_was_written(qtbot: QtBot, tmp_path: Path) -> None:
    """X12: tags in the folder's name, in the sentence and in messages are letters to every label and button."""
    window = opened(qtbot, strong_folder(tmp_path / "<b>R&D<img src=x>"), sentence="<b>the</b> <img src=x> [MASK]")
    window.tell(Message("<h1>big</h1>"))
    qtbot.keyClick(window, Qt.Key.Key_2, CONTROL)
    settle(qtbot, window)
    qtbot.keyClick(window, Qt.Key.Key_I, CONTROL)
    tagged = [label for label in window.findChildren(QLabel) if "<" in label.text()]
    assert {label.textFormat() for label in tagged} == {Qt.TextFormat.PlainText}
    assert window.header.checkpoints.text() == "<b>R&&D<img src=x>"
    assert window.windowTitle().startswith("<b>R&D<img src=x>")
    assert all(label.pixmap().isNull() for label in window.findChildren(QLabel))
    window.close()


def test_x03_a_long_paste_is_cut_with_a_notice(qtbot: QtBot, window: Window) -> None:
    """X03: of a hundred thousand characters twenty thousand are taken, and the rest is counted."""
    paste(window, "the cat " * 12_500)
    assert len(window.header.sentence.toPlainText()) == 20_000
    assert "80,000 left out" in sentences(window)[0]
    settle(qtbot, window)
    assert len(window.tab.trace.tokens()) == 64


def test_x04_half_characters_are_replaced(qtbot: QtBot, window: Window) -> None:
    """X04: a lone surrogate never reaches the tokenizer, from the clipboard or from anywhere else."""
    paste(window, "a\ud800b\0c [MASK]")
    settle(qtbot, window)
    assert "\ud800" not in window.scene.sentence
    assert "\0" not in window.scene.sentence
    window.header.sentence.put("\udc00 a [MASK]")
    settle(qtbot, window)
    assert not any(0xD800 <= ord(char) < 0xE000 for char in window.scene.sentence)
    assert window.tab.trace.every(Candidates)


def test_what_was_put_into_the_box_can_be_undone(qtbot: QtBot, window: Window) -> None:
    """A sentence that was chosen from the menu is one step; Ctrl+Z brings the old one and its answer back."""
    box = window.header.sentence
    window.header.examples.menu().actions()[0].trigger()
    settle(qtbot, window)
    assert window.scene.sentence != SENTENCE
    qtbot.keyClick(box, Qt.Key.Key_Z, CONTROL)
    settle(qtbot, window)
    assert window.scene.sentence == SENTENCE
    assert window.tab.trace.tokens().text == SENTENCE


def test_an_empty_sentence_is_no_error(qtbot: QtBot, window: Window) -> None:
    """X01: nothing is computed and nothing is complained about, in both tabs."""
    for text in ("", "  \t", "\n\n"):
        paste(window, text)
        settle(qtbot, window)
        for key in (Qt.Key.Key_2, Qt.Key.Key_1):
            qtbot.keyClick(window, key, CONTROL)
            settle(qtbot, window)
            assert window.tab.trace.tokens() is None
    assert sentences(window) == []


def test_the_sentence_box_is_as_high_as_its_lines(window: Window) -> None:
    """One to three lines are seen whole; a scroll bar comes with the fourth."""
    box, heights = window.header.sentence, []
    for lines in range(1, 5):
        box.put("\n".join(["a [MASK]"] * lines))
        QGuiApplication.processEvents()
        heights.append(box.height())
        assert box.verticalScrollBar().isVisible() == (lines == 4)
    assert heights[0] < heights[1] < heights[2] == heights[3]
