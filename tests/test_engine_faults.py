"""What the engine does when a job raises, hangs or is closed in the middle, and when the window is late."""

from __future__ import annotations

import threading
import time

import pytest

from attnviz.engine import Done, Engine, Failed
from attnviz.errors import Cancelled, TextError
from tests.asked import Listener, Scripted, note


class Panic(BaseException):
    """What a Rust library raises: no Exception."""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ValueError("x"), "UNEXPECTED"),
        (MemoryError(), "OUT_OF_MEMORY"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "OUT_OF_MEMORY"),
        (RecursionError(), "TOO_DEEP"),
        (Panic("panicked"), "UNEXPECTED"),
        (TextError("nothing to compute", "EMPTY_TEXT"), "EMPTY_TEXT"),
    ],
    ids=lambda value: getattr(value, "__class__", type(value)).__name__ if not isinstance(value, str) else value,
)
def test_q02_an_exception_ends_the_job_in_words_and_the_worker_goes_on(engine, qtbot, error, code):
    """Q02: whatever the job raises becomes one sentence with its traceback; the next job is answered by the same thread."""
    threads = threading.active_count()

    def script(_library):
        yield note(1)
        raise error

    sink, after = Listener(), Listener()
    engine.submit(Scripted(script), sink)
    engine.submit(Scripted(lambda _library: iter([note(2)])), after)
    qtbot.waitUntil(lambda: bool(after.endings))
    [failed] = sink.endings
    assert isinstance(failed, Failed)
    assert failed.error.code == code
    assert 0 < len(failed.error.sentence) <= 300
    assert type(error).__name__ in failed.details
    assert isinstance(after.endings[0], Done)
    assert threading.active_count() == threads


def test_closing_during_a_run_returns_at_the_next_yield(qtbot):
    """Q07: close() stops the job where it yields and waits for the worker."""
    engine, sink, closed = Engine(object), Listener(), threading.Event()

    def script(_library):
        try:
            while True:
                time.sleep(0.005)
                yield note(1)
        finally:
            closed.set()

    engine.submit(Scripted(script), sink)
    qtbot.waitUntil(lambda: bool(sink.records))
    began = time.perf_counter()
    assert engine.close()
    assert time.perf_counter() - began < 2
    assert closed.is_set()
    assert [type(ending) for ending in sink.endings] == [Cancelled]
    engine.deleteLater()


def test_q09_a_worker_that_never_answers_is_left_behind(qtbot):
    """Q09: a run that can't be stopped is told apart (stuck), and after abandon() a new worker answers."""
    engine, sink, after, gate = Engine(object), Listener(), Listener(), threading.Event()

    def script(_library):
        gate.wait(30)
        yield note(1)

    engine.submit(Scripted(script), sink)
    qtbot.waitUntil(lambda: engine._worker.busy is not None)
    engine.cancel()
    qtbot.waitUntil(lambda: engine.stuck > 0)
    engine.abandon()
    engine.submit(Scripted(lambda _library: iter([note(2)])), after)
    qtbot.waitUntil(lambda: bool(after.endings))
    assert isinstance(after.endings[0], Done)
    assert engine.stuck == 0
    gate.set()
    assert engine.close()
    engine.deleteLater()


def test_q12_a_blocked_window_gets_one_delivery_when_it_returns(engine, qtbot):
    """Q12: while the UI thread is blocked at most one wake-up is queued; everything comes in one call."""
    calls = []
    sink = Listener()
    sink.receive = lambda records: calls.append(len(records))
    done = threading.Event()

    def script(_library):
        for number in range(200):
            yield note(number)
        done.set()

    engine.submit(Scripted(script), sink)
    done.wait(10)
    time.sleep(0.05)
    qtbot.waitUntil(lambda: bool(sink.endings))
    assert sum(calls) == 200
    assert len(calls) <= 2


def test_an_error_in_the_sink_still_ends_the_request(engine, qtbot):
    """A view that raises doesn't leave the spinner turning."""
    sink = Listener()

    def broken(_records):
        raise ZeroDivisionError

    sink.receive = broken
    with qtbot.captureExceptions() as caught:
        engine.submit(Scripted(lambda _library: iter([note(1)])), sink)
        qtbot.waitUntil(lambda: bool(sink.endings))
    assert [kind for kind, *_ in caught] == [ZeroDivisionError]
    assert engine.current is None


def test_the_library_is_closed_with_the_engine(qtbot):
    """What it began is stopped in the worker's own thread."""
    closed = []

    class Closing:
        def close(self):
            closed.append(threading.current_thread().name)

    engine, sink = Engine(Closing), Listener()
    engine.submit(Scripted(lambda _library: iter([note(1)])), sink)
    qtbot.waitUntil(lambda: bool(sink.endings))
    assert closed == []
    assert engine.close()
    assert closed == ["attnviz-worker"]
    engine.deleteLater()
