"""The guards of every test notice what they are there for, and name the culprit."""

from __future__ import annotations

import os
import socket
import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QThread, QTimer
from PySide6.QtWidgets import QWidget

from tests.leaks import Leaks

HERE = Path(__file__).name


class Waiting(QThread):
    """A thread that ends when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.told = threading.Event()

    def run(self) -> None:
        self.told.wait()


def test_a_running_thread_is_named_with_the_line_that_started_it(watch: Leaks) -> None:
    """Python's own threads."""
    before, told = watch.alive(), threading.Event()
    thread = threading.Thread(target=told.wait, name="forgotten")
    thread.start()
    (line,) = watch.left(before, grace=0)
    told.set()
    thread.join()
    assert "forgotten" in line
    assert HERE in line
    assert watch.left(before) == []


def test_a_running_qthread_is_named_with_the_line_that_started_it(watch: Leaks, qapp: object) -> None:
    """Qt's threads, which Python doesn't list."""
    before, thread = watch.alive(), Waiting()
    thread.start()
    (line,) = watch.left(before, grace=0)
    thread.told.set()
    thread.wait()
    assert "Waiting" in line
    assert HERE in line
    assert watch.left(before) == []


def test_an_active_timer_is_named_with_the_line_that_started_it(watch: Leaks, qapp: object) -> None:
    """A timer that would fire in somebody else's test."""
    before, timer = watch.alive(), QTimer()
    timer.start(60_000)
    (line,) = watch.left(before)
    timer.stop()
    assert "QTimer" in line
    assert HERE in line
    assert watch.left(before) == []


def test_a_window_that_stays_is_named_and_one_that_is_deleted_is_not(watch: Leaks, qapp: object) -> None:
    """A top-level widget counts until it is gone; children go with it."""
    before, window = watch.alive(), QWidget()
    window.setObjectName("lonely")
    QWidget(window)
    (line,) = watch.left(before)
    window.deleteLater()
    assert "lonely" in line
    assert watch.left(before) == []


@pytest.mark.parametrize("address", [("192.0.2.1", 80), ("127.0.0.1", 9)])
def test_a_connection_is_refused_and_remembered(address: tuple[str, int], refusals: list[str]) -> None:
    """Nothing leaves the process, not even to this machine, unless the test asked for that."""
    with socket.socket() as probe, pytest.raises(ConnectionRefusedError, match="reached for the network"):
        probe.connect(address)
    assert refusals == [repr(address)]


def test_names_are_not_looked_up(refusals: list[str]) -> None:
    """A lookup would already tell somebody."""
    with pytest.raises(ConnectionRefusedError, match="reached for the network"):
        socket.getaddrinfo("example.invalid", 443)
    assert len(refusals) == 1


@pytest.mark.loopback
def test_the_marker_lets_a_test_talk_to_itself() -> None:
    """With it, and only to this machine."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


def test_home_is_nobodys(home: Path) -> None:
    """Each test has an empty home, and the program's folders lie inside it."""
    from attnviz import places

    assert Path.home() == home
    assert list(home.iterdir()) == []
    assert places.settings_file().is_relative_to(home)
    assert places.log_file().is_relative_to(home)


def test_no_screen_is_needed() -> None:
    """Without a wish for another platform, Qt draws offscreen."""
    assert os.environ["QT_QPA_PLATFORM"]
