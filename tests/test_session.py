"""One run of the window: where it begins, what nobody caught, and how it ends."""

from __future__ import annotations

import gc
import logging
import os
import subprocess
import sys
import threading
from argparse import Namespace
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from attnviz import places, session, settings
from attnviz.errors import AttnvizError
from attnviz.session import Uncaught
from attnviz.settings import Settings
from attnviz.views.message_bar import Message, MessageBar
from tests.windows import sentences, strong_folder


@pytest.fixture
def bar(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> MessageBar:
    """Messages that tell of everything that nobody caught; the hooks are put back afterwards."""
    for module, name in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(module, name, getattr(module, name))
    made = MessageBar()
    qtbot.addWidget(made)
    uncaught = Uncaught(made)
    receiver = Receiver(made)
    uncaught.caught.connect(receiver.tell, Qt.ConnectionType.QueuedConnection)
    uncaught.install()
    return made


class Receiver(QObject):
    """Shows messages, in the UI thread only."""

    def __init__(self, bar: MessageBar) -> None:
        super().__init__(bar)
        self._bar = bar

    def tell(self, error: AttnvizError) -> None:
        assert threading.current_thread() is threading.main_thread()
        self._bar.tell(Message(error.sentence))


class Asking(QObject):
    asked = Signal()


class Odd(Exception):
    """Something that nobody expects."""


def fail() -> None:
    raise Odd


def told(qtbot: QtBot, bar: MessageBar) -> None:
    """Exactly one message came, in words."""
    qtbot.waitUntil(lambda: bool(bar.messages))
    QApplication.processEvents()
    [message] = bar.messages
    assert "unexpected Odd" in message.sentence
    assert "Traceback" not in message.sentence


def test_q03_exceptions_in_a_slot_are_told_once(
    qtbot: QtBot, bar: MessageBar, caplog: pytest.LogCaptureFixture
) -> None:
    """Q03: ten of the same are one message; the log has every traceback."""
    asking = Asking()
    asking.asked.connect(fail)
    for _ in range(10):
        asking.asked.emit()
    told(qtbot, bar)
    assert len([record for record in caplog.records if record.levelno == logging.ERROR and record.exc_info]) == 10


def test_q03_exceptions_of_a_timer_are_told_once(qtbot: QtBot, bar: MessageBar) -> None:
    """Q03: a timer that fails again and again doesn't fill the window."""
    runs: list[int] = []

    def tick() -> None:
        runs.append(1)
        raise Odd

    timer = QTimer(interval=1)
    timer.timeout.connect(tick)
    timer.start()
    qtbot.waitUntil(lambda: len(runs) > 10)
    timer.stop()
    told(qtbot, bar)


def test_q03_an_exception_while_painting_is_told(qtbot: QtBot, bar: MessageBar) -> None:
    """Q03: the message is made after the painting, not within it."""

    class Broken(QWidget):
        def paintEvent(self, event: QPaintEvent) -> None:
            raise Odd

    widget = Broken()
    qtbot.addWidget(widget)
    widget.show()
    told(qtbot, bar)
    widget.hide()


def test_q03_an_exception_in_an_event_handler_is_told(qtbot: QtBot, bar: MessageBar) -> None:
    """Q03: any virtual method that Qt calls."""

    class Broken(QObject):
        def event(self, event: QEvent) -> bool:
            raise Odd

    broken = Broken()
    QApplication.postEvent(broken, QEvent(QEvent.Type.User))
    told(qtbot, bar)


def test_q03_an_exception_in_a_thread_is_told_in_the_ui_thread(qtbot: QtBot, bar: MessageBar) -> None:
    """Q03: the hook runs in that thread and touches no widget; the message comes through the event loop."""
    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    assert bar.messages == ()
    told(qtbot, bar)


def test_q03_what_can_not_be_raised_is_told(qtbot: QtBot, bar: MessageBar) -> None:
    """Q03: an exception in a finalizer."""

    class Dying:
        def __del__(self) -> None:
            raise Odd

    Dying()
    gc.collect()
    told(qtbot, bar)


def test_an_interrupt_ends_the_program(bar: MessageBar, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl+C in the terminal is no error to be told."""
    ended: list[int] = []
    monkeypatch.setattr(QApplication, "exit", ended.append)
    sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert ended == [130]
    assert bar.messages == ()


def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, **arguments: object) -> tuple[int, dict[str, object]]:
    """A whole session that closes when its model has answered; what the window showed at that time."""
    for module, name in ((sys, "excepthook"), (sys, "unraisablehook"), (threading, "excepthook")):
        monkeypatch.setattr(module, name, getattr(module, name))
    monkeypatch.setattr("faulthandler.enable", lambda file: file.close())
    monkeypatch.setattr("attnviz.models.shelf.shipped", lambda: (tmp_path / "shipped",))
    seen: dict[str, object] = {}
    make_window = session.make_window

    def watched(*given: object) -> object:
        window = make_window(*given)  # type: ignore[arg-type] # handed on as it came

        def look() -> None:
            if window.is_settled and not seen:
                frame = window.window()
                seen.update(said=sentences(window), title=frame.windowTitle(), text=window.scene.sentence)
                frame.close()

        window.settled.connect(look, Qt.ConnectionType.QueuedConnection)
        return window

    monkeypatch.setattr(session, "make_window", watched)
    given = {"checkpoint": None, "text": None, "quit_after": None, **arguments}
    return session.run(Namespace(**given)), seen


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    """What stands in for the shipped checkpoint."""
    return strong_folder(tmp_path / "shipped")


@pytest.mark.usefixtures("qapp", "shelf")
def test_a_run_opens_the_default_and_remembers_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The first start: no message, status 0, settings written."""
    status, seen = run(monkeypatch, tmp_path, text="a dog [MASK]")
    assert status == 0
    assert seen == {"said": [], "title": "shipped — attnviz", "text": "a dog [MASK]"}
    remembered, _ = settings.load(places.settings_file())
    assert remembered.checkpoint == str(tmp_path / "shipped")
    assert remembered.sentence == "a dog [MASK]"


@pytest.mark.usefixtures("qapp", "shelf")
def test_f05_a_checkpoint_that_vanished_is_named_and_the_default_opens(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """F05: the last session's folder is gone."""
    settings.save(replace(Settings(), checkpoint=str(tmp_path / "gone")), places.settings_file())
    _, seen = run(monkeypatch, tmp_path)
    assert seen["title"] == "shipped — attnviz"
    assert isinstance(seen["said"], list)
    assert "gone" in seen["said"][0]


@pytest.mark.usefixtures("qapp", "shelf")
def test_settings_that_can_not_be_read_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """F01: one notice, and the program runs on its defaults."""
    places.settings_file().parent.mkdir(parents=True)
    places.settings_file().write_bytes(b"\xff\xfe\xff")
    _, seen = run(monkeypatch, tmp_path)
    assert isinstance(seen["said"], list)
    assert [text for text in seen["said"] if "settings file could not be read" in text]


@pytest.mark.usefixtures("qapp", "shelf")
def test_q15_the_crash_of_the_last_run_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Q15: a crash log that isn't empty is offered, and kept under another name."""
    log = places.log_file().with_name("crash.log")
    log.parent.mkdir(parents=True)
    log.write_text("Fatal Python error: Segmentation fault", encoding="utf-8")
    _, seen = run(monkeypatch, tmp_path)
    assert isinstance(seen["said"], list)
    assert [text for text in seen["said"] if "crash.previous.log" in text]
    assert "Segmentation" in log.with_name("crash.previous.log").read_text(encoding="utf-8")


@pytest.mark.usefixtures("qapp", "shelf")
def test_f04_settings_that_can_not_be_saved_are_told_while_there_is_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """F04: the window goes on, with what it knows, and ends in order."""

    def full(*_arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("attnviz.settings.save", full)
    status, seen = run(monkeypatch, tmp_path)
    assert status == 0
    assert isinstance(seen["said"], list)
    assert [text for text in seen["said"] if "could not be saved" in text and "No space" in text]


@pytest.mark.slow
@pytest.mark.parametrize("seconds", ["0", "0.7", "2.5", "5"])
def test_q07_closing_at_any_moment_is_orderly(shipped: Path, home: Path, seconds: str, root: Path) -> None:
    """Q07: before the first paint, while torch is imported, in mid-load, in mid-forward: status 0 and nothing to complain about."""
    text = "the capital of france is paris and " * 80
    words = [str(shipped), "--text", text, "--quit-after", seconds]
    outcome = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-m", "attnviz", *words],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(root)},
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert outcome.returncode == 0, outcome.stderr
    assert (outcome.stdout, outcome.stderr) == (b"", b"")
    said = [line for line in places.log_file().read_text(encoding="utf-8").splitlines() if "propagateSize" not in line]
    assert said == []
    remembered, notice = settings.load(places.settings_file())
    assert notice is None
    assert remembered.sentence.startswith("the capital")
