"""What the window says and does while something runs, fails or hangs."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from attnviz import running
from attnviz.errors import Cancelled
from attnviz.models.checkpoint import Checkpoint
from attnviz.trace import Progress, Record
from attnviz.window import Window
from tests.asked import Listener, Scripted
from tests.windows import opened, sentences, settle, strong_folder


class Panic(BaseException):
    """What a Rust library raises: no Exception."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that nobody changes."""
    return strong_folder(tmp_path_factory.mktemp("running") / "tiny")


@pytest.fixture
def gate() -> threading.Event:
    """Holds a worker until it is set, at the latest when the window is closed."""
    return threading.Event()


@pytest.fixture
def window(qtbot: QtBot, folder: Path, gate: threading.Event, monkeypatch: pytest.MonkeyPatch) -> Iterator[Window]:
    """The window with its example answered; what would end the process outright fails the test instead."""
    monkeypatch.setattr("os._exit", lambda status: pytest.fail("the worker did not come back"))
    made = opened(qtbot, folder, release=lambda _window: gate.set())
    yield made
    made.close()


def ask(window: Window, text: str) -> None:
    window.header.sentence.put(text)


def test_progress_and_cancel_appear_for_a_long_run(qtbot: QtBot, window: Window, gate: threading.Event) -> None:
    """After 300 ms there are a word, a time and a button; the button ends the run, and the line is idle again."""

    def script(_library: Any) -> Iterator[Record]:
        yield Progress("counting", 3, 7)
        while not gate.wait(0.01):
            yield Progress("counting", 3, 7)

    class Reporting(Listener):
        progress = None

        def receive(self, records: tuple[Record, ...]) -> None:
            self.progress = records[-1]

    sink, status = Reporting(), window.status
    window.engine.submit(Scripted(script), sink)
    assert status.cancel.isHidden()
    qtbot.waitUntil(status.cancel.isVisible)
    assert status._state.text().startswith("◌ counting · 0.")
    assert (status._bar.value(), status._bar.maximum()) == (3, 7)
    qtbot.mouseClick(status.cancel, Qt.MouseButton.LeftButton)
    assert [type(ending) for ending in sink.endings] == [Cancelled]
    qtbot.waitUntil(status.cancel.isHidden)
    assert status._state.text() == "● idle"


def test_ctrl_full_stop_cancels(qtbot: QtBot, window: Window, gate: threading.Event) -> None:
    """The button's key."""

    def script(_library: Any) -> Iterator[Record]:
        while not gate.wait(0.01):
            yield Progress("counting")

    sink = Listener()
    window.engine.submit(Scripted(script), sink)
    qtbot.keyClick(window, Qt.Key.Key_Period, Qt.KeyboardModifier.ControlModifier)
    assert [type(ending) for ending in sink.endings] == [Cancelled]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (ValueError("x"), "unexpected ValueError"),
        (MemoryError(), "not enough memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "not enough memory"),
        (Panic("panicked"), "unexpected Panic"),
        (RecursionError(), "too deeply"),
    ],
    ids=["ValueError", "MemoryError", "alloc", "panic", "recursion"],
)
def test_q02_a_forward_that_fails_is_told_and_the_next_one_answers(
    qtbot: QtBot, window: Window, monkeypatch: pytest.MonkeyPatch, error: BaseException, said: str
) -> None:
    """Q02, Q13: one sentence, the last picture stays, the same worker goes on."""
    before, threads = window.tab.trace, threading.active_count()

    def broken(*_arguments: object) -> Iterator[Record]:
        raise error
        yield

    with monkeypatch.context() as patch:
        patch.setattr(Checkpoint, "trace", broken)
        ask(window, "a dog [MASK]")
        qtbot.waitUntil(lambda: bool(sentences(window)))
    assert said in sentences(window)[0]
    assert window.tab.trace is before
    ask(window, "the mat [MASK]")
    settle(qtbot, window)
    assert window.tab.trace.tokens().text == "the mat [MASK]"
    assert threading.active_count() == threads


def test_q09_a_run_that_never_ends_can_be_left_behind(
    qtbot: QtBot, window: Window, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Q09: a stopped run that doesn't answer is offered to be left behind; then the window answers as before."""
    monkeypatch.setattr(running, "PATIENCE_S", 0.2)
    begun, before = threading.Event(), window.tab.trace

    def script(_library: Any) -> Iterator[Record]:
        begun.set()
        gate.wait(60)
        yield Progress("too late")

    window.engine.submit(Scripted(script), Listener())
    qtbot.waitUntil(begun.is_set)
    window.cancel()
    qtbot.waitUntil(lambda: bool(sentences(window)))
    assert "stopping" in window.status._state.text()
    [leave] = window.messages.findChildren(QPushButton)
    qtbot.mouseClick(leave, Qt.MouseButton.LeftButton)
    settle(qtbot, window)
    assert sentences(window) == []
    assert window.tab.trace is not before
    assert window.tab.trace.tokens().ids == before.tokens().ids
    ask(window, "the mat [MASK]")
    settle(qtbot, window)
    assert window.tab.trace.tokens().text == "the mat [MASK]"


def test_q09_the_offer_is_withdrawn_when_the_run_answers_after_all(
    qtbot: QtBot, window: Window, gate: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Q09: who waits needs to do nothing."""
    monkeypatch.setattr(running, "PATIENCE_S", 0.2)
    begun = threading.Event()

    def script(_library: Any) -> Iterator[Record]:
        begun.set()
        gate.wait(60)
        yield Progress("late")

    window.engine.submit(Scripted(script), Listener())
    qtbot.waitUntil(begun.is_set)
    window.cancel()
    qtbot.waitUntil(lambda: bool(sentences(window)))
    gate.set()
    qtbot.waitUntil(lambda: not sentences(window))
    qtbot.waitUntil(lambda: window.status._state.text() == "● idle")


def test_a_worker_left_behind_doesn_t_hold_up_the_end(qtbot: QtBot, window: Window, gate: threading.Event) -> None:
    """Closing knows of it (the process is then ended outright) and doesn't wait for it."""
    begun = threading.Event()

    def script(_library: Any) -> Iterator[Record]:
        begun.set()
        gate.wait(60)
        yield Progress("never")

    window.engine.submit(Scripted(script), Listener())
    qtbot.waitUntil(begun.is_set)
    window.engine.abandon()
    assert not window.engine.close(5.0)
    gate.set()
    qtbot.waitUntil(window.engine.close)
