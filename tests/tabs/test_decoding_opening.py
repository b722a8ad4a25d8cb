"""Models in the decoding tab: opened, dropped, refused, moved to another device; a run is cancelled, a theme changed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QLabel
from pytestqt.qtbot import QtBot

from attnviz.models.recurrent import Recurrent
from attnviz.tabs.decoding import DecodingTab
from attnviz.tabs.decoding_wish import Way
from attnviz.trace import Candidates, Decoding, LoadReport, Notice
from attnviz.views import palette
from attnviz.window import Window
from tests.badinputs.valid import write_json
from tests.tabs.translating import LEFT, SEED, Hand, offer
from tests.translators import write_translator
from tests.windows import drop, opened, sentences, settle


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A translator of somebody's own."""
    return write_translator(tmp_path / "my-words", "dot", SEED)


def wait_for_refusal(qtbot: QtBot, window: Window) -> str:
    qtbot.waitUntil(lambda: bool(sentences(window)) and window.engine.current is None, timeout=20_000)
    [said] = sentences(window)
    return said


def in_decoding(window: Window) -> DecodingTab | None:
    return window.tab if isinstance(window.tab, DecodingTab) and window.is_settled else None


@pytest.mark.parametrize("how", ["open", "drop"])
def test_an_opened_translator_comes_to_its_tab(qtbot: QtBot, window: Window, own: Path, how: str) -> None:
    """From any tab: the decoding tab comes to the front with that model, and the BERT of the others stays open."""
    title, before = window.windowTitle(), window.scene.reference
    window.open(str(own)) if how == "open" else drop(window, str(own))
    qtbot.waitUntil(lambda: in_decoding(window) is not None, timeout=20_000)
    tab = window.tab
    assert tab.wish.reference.path == str(own)
    assert (window.windowTitle(), window.scene.reference) == (title, before)
    tab.widgets.controls.source.setText("cat")
    tab.widgets.controls.say()
    settle(qtbot, window)
    assert tab.trace.find(LoadReport).name == "my-words"
    assert tab.trace.find(Decoding).text
    window.show_tab("masking")
    settle(qtbot, window)
    assert window.tab.trace.find(Candidates, 3) is not None
    assert sentences(window) == []


def test_a_refused_translator_is_one_message(hand: Hand, own: Path) -> None:
    """The model and its answer stay, and what was refused is not offered."""
    write_json(own / "config.json", {"model_type": "attnviz-seq2seq", "format_version": 2})
    before, offered = hand.decoding, hand.tab.widgets.controls.model.count()
    hand.window.open(str(own))
    assert "format_version" in wait_for_refusal(hand.qtbot, hand.window)
    assert hand.decoding is before
    assert hand.tab.widgets.controls.model.count() == offered
    hand.type("cat")
    assert hand.tab.trace.tokens().text == "cat"


def test_a_model_that_goes_bad_later_is_one_message(hand: Hand, own: Path) -> None:
    """Chosen in the picker but spoilt meanwhile: said once, the last answer stays, another model answers again."""
    controls = hand.tab.widgets.controls
    hand.window.open(str(own))
    hand.qtbot.waitUntil(lambda: hand.tab.wish.reference.path == str(own) and hand.window.is_settled, timeout=20_000)
    before = hand.decoding
    write_json(own / "config.json", {"model_type": "attnviz-seq2seq", "format_version": 2})
    hand.window.engine.abandon()  # a new worker has nothing open yet
    hand.tab.ask_again()
    assert "format_version" in wait_for_refusal(hand.qtbot, hand.window)
    assert hand.decoding is before
    controls.model.setCurrentIndex(0)
    hand.settle()
    assert hand.tab.trace.find(LoadReport).name == "spelling-general"


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """From now on a step waits until the gate is open."""
    opened, advance = threading.Event(), Recurrent.advance

    def slow(stepper: Recurrent, *arguments: object) -> object:
        opened.wait(20)
        return advance(stepper, *arguments)  # type: ignore[arg-type] # handed on as it came

    monkeypatch.setattr(Recurrent, "advance", slow)
    yield opened
    opened.set()


def test_a_cancelled_run_leaves_the_last_answer(hand: Hand, gate: threading.Event) -> None:
    """Ctrl+. stops it without a message; asking again decodes what was typed."""
    before, box = hand.decoding, hand.tab.widgets.controls.source
    box.selectAll()
    hand.qtbot.keyClicks(box, "cat")
    hand.qtbot.keyClick(box, Qt.Key.Key_Return)
    assert not hand.tab.is_settled
    hand.window.cancel()
    assert hand.tab.is_settled
    assert hand.decoding is before
    gate.set()
    hand.tab.ask_again()
    hand.settle()
    assert hand.tab.trace.tokens().text == "cat"
    assert sentences(hand.window) == []


def test_the_device_is_that_of_the_window(hand: Hand) -> None:
    """Chosen in the header, every model of the tab goes there."""
    hand.window.header.device_wished.emit("cpu")
    hand.qtbot.waitUntil(lambda: hand.tab.wish.reference.device == "cpu" and hand.window.is_settled, timeout=20_000)
    assert hand.tab.decoding.job.checkpoint.device == "cpu"
    assert hand.tab.trace.find(LoadReport).device == "cpu"


def test_another_theme_is_drawn_at_once(hand: Hand) -> None:
    """Dark paper under every view, and nothing is asked."""
    hand.say_otherwise(1)
    asked = len(hand.jobs)
    try:
        for theme, paper in (("dark", palette.DARK), ("light", palette.LIGHT)):
            hand.window.set_theme(theme)
            QApplication.processEvents()
            for view in hand.tab.views():
                if view.isVisible():
                    shade = view.grab().toImage().pixelColor(view.width() - 2, view.height() - 2).lightness()
                    assert (shade < 128) == (paper is palette.DARK), view
    finally:
        hand.window.set_theme("light")
    assert len(hand.jobs) == asked


def test_unknown_letters_and_endless_answers_are_said(hand: Hand) -> None:
    """Read as unknown, with a warning that goes away; an answer that was forced up to the limit never ends, and that is said."""
    hand.type("ca7")
    assert any("doesn't know 1 of 3" in said for said in sentences(hand.window))
    hand.type("cat")
    assert not any("doesn't know" in said for said in sentences(hand.window))
    controls = hand.tab.widgets.controls
    controls.prefix.setText("A " * 12)
    controls.say()
    hand.settle()
    assert any("without an end sign" in said for said in sentences(hand.window))
    assert hand.tab.trace.every(Notice)


def test_an_empty_source_asks_nothing(hand: Hand) -> None:
    """No message, no job; the last answer stays until something is typed."""
    asked = len(hand.jobs)
    hand.type(" ")
    assert len(hand.jobs) == asked
    assert sentences(hand.window) == []
    hand.type("cat")
    assert hand.tab.trace.tokens().text == "cat"


def test_the_report_of_the_shown_model_opens(hand: Hand) -> None:
    """How this model was read, not the window's BERT."""
    hand.qtbot.mouseClick(hand.tab.widgets.controls.report, LEFT)
    [dialog] = hand.tab.findChildren(QDialog)
    assert dialog.windowTitle() == "Load report: spelling-general"
    assert any("next words" in label.text() for label in dialog.findChildren(QLabel))
    dialog.close()


def test_without_any_translator_the_tab_says_what_to_do(
    qtbot: QtBot, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A copy that ships none opens the tab empty, and a folder that is opened later fills it."""
    offer(monkeypatch, ())
    window = opened(qtbot, folder, tab="decoding")
    try:
        assert isinstance(window.tab, DecodingTab)
        assert window.tab.wish.reference is None
        assert window.tab.widgets.controls.way.currentText() == Way.GREEDY
        assert sentences(window) == []
    finally:
        window.close()
