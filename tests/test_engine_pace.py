"""When the engine hands over what has come: a frame apart while there is more, at once when there isn't."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from attnviz.engine import FRAME_MS, Done, Engine, Request
from attnviz.trace import Notice, Record
from tests.asked import Listener, Scripted


@pytest.fixture
def engine(qtbot: QtBot) -> Iterator[Engine]:
    """An engine whose library is a plain object; closed afterwards."""
    made = Engine(object)  # type: ignore[arg-type] # no job here opens anything
    yield made
    assert made.close()
    made.deleteLater()


def just_fetched(engine: Engine) -> None:
    """Far from the next frame."""
    engine._last_fetch = time.perf_counter() + 3600.0


def waiting(engine: Engine, sink: Listener) -> Request:
    """A request whose first record lies in its mailbox."""
    request = Request(1, Scripted(lambda _library: iter(())), sink)
    request.mailbox.put(Notice("a", "a"))
    engine._live[request.ticket] = request
    return request


def test_records_wait_for_the_next_frame(engine: Engine) -> None:
    """A wake-up within a frame of the last one delivers nothing yet."""
    sink = Listener()
    waiting(engine, sink)
    just_fetched(engine)
    engine._on_woken()
    assert sink.records == []
    engine.cancel()


def test_a_complete_answer_waits_for_no_frame(engine: Engine) -> None:
    """With the ending there, the same wake-up delivers the records and the end."""
    sink = Listener()
    waiting(engine, sink).endings.put(Done(0.0))
    just_fetched(engine)
    engine._on_woken()
    assert [type(record) for record in sink.records] == [Notice]
    assert [type(ending) for ending in sink.endings] == [Done]


def test_an_ending_wakes_the_window_even_if_a_wake_up_is_under_way(engine: Engine, qtbot: QtBot) -> None:
    """A wake-up that will be answered a frame later doesn't swallow the one of the ending."""
    sink, woken = Listener(), []
    engine._worker._wake = lambda: woken.append(1)
    engine.submit(Scripted(lambda _library: iter([Notice("a", "a")])), sink)
    qtbot.waitUntil(lambda: len(woken) == 2)
    engine._on_woken()
    assert len(sink.endings) == 1


def test_the_worker_pauses_between_records_while_the_window_draws(engine: Engine, qtbot: QtBot) -> None:
    """The interpreter is the window's for as long as a sink is being told."""
    free: list[bool] = []

    class Looking(Listener):
        def receive(self, records: tuple[Record, ...]) -> None:
            free.append(engine._worker.may_go_on.is_set())

    sink = Looking()
    engine.submit(Scripted(lambda _library: iter([Notice("a", "a")])), sink)
    qtbot.waitUntil(lambda: bool(sink.endings))
    assert free == [False]
    assert engine._worker.may_go_on.is_set()


def test_a_sink_that_fails_lets_the_worker_go_on(engine: Engine, qtbot: QtBot) -> None:
    """Otherwise every later record would cost a frame."""

    class Stumbling(Listener):
        def receive(self, records: tuple[Record, ...]) -> None:
            raise RuntimeError("a view stumbled")

    sink = Stumbling()
    with qtbot.captureExceptions() as caught:
        engine.submit(Scripted(lambda _library: iter([Notice("a", "a")])), sink)
        qtbot.waitUntil(lambda: bool(sink.endings))
    assert len(caught) == 1
    assert engine._worker.may_go_on.is_set()


def test_what_draws_nothing_is_followed_sooner(engine: Engine) -> None:
    """A frame apart is for frames: records of which no view shows anything leave room for those that matter."""
    engine._fetch()
    assert engine._pause_ms < FRAME_MS
