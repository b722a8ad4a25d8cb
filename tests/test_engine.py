"""The engine's contract, line by line."""

from __future__ import annotations

import pickle
import threading
import time
from dataclasses import dataclass

import numpy as np
import pytest

from attnviz.engine import Done, Engine
from attnviz.errors import Cancelled
from attnviz.jobs.fill_mask import FillMask
from attnviz.jobs.inspect import Inspect
from attnviz.models.reference import Reference
from attnviz.trace import Hidden, Progress, Site
from tests.asked import Listener, Scripted, note


def test_records_arrive_in_order_and_uncopied(engine, qtbot):
    """What the job yields is what the sink gets: the same objects, in the same order, then one end."""
    sent = [Hidden(Site.ENCODER, layer, np.zeros((2, 2), np.float32)) for layer in range(50)]
    sink = Listener()
    engine.submit(Scripted(lambda _library: iter(sent)), sink)
    qtbot.waitUntil(lambda: bool(sink.endings))
    assert [id(record) for record in sink.records] == [id(record) for record in sent]
    assert len(sink.endings) == 1
    assert isinstance(sink.endings[0], Done)


def test_records_cross_to_the_thread_of_the_window(engine, qtbot):
    """The job runs in the worker, the sink is called in the UI thread."""
    places = []

    def script(_library):
        places.append(threading.current_thread().name)
        yield note(1)

    class Here(Listener):
        def receive(self, records):
            places.append(threading.current_thread().name)
            super().receive(records)

    sink = Here()
    engine.submit(Scripted(script), sink)
    qtbot.waitUntil(lambda: bool(sink.endings))
    assert places == ["attnviz-worker", threading.main_thread().name]


def test_a_superseded_job_ends_once_as_cancelled_and_is_then_silent(engine, qtbot):
    """Two jobs of one sink: the first ends as Cancelled at once, only the second's records follow."""
    gate, begun, closed = threading.Event(), threading.Event(), threading.Event()

    def first(_library):
        try:
            yield note(1)
            begun.set()
            gate.wait(10)
            yield note(2)
            yield note(3)
        finally:
            closed.set()

    class Both(Listener):
        def receive(self, records):
            self.records += records

    sink = Both()
    engine.submit(Scripted(first), sink)
    qtbot.waitUntil(begun.is_set)
    qtbot.waitUntil(lambda: len(sink.records) == 1)
    engine.submit(Scripted(lambda _library: iter([note(4)])), sink)
    assert [type(ending) for ending in sink.endings] == [Cancelled]
    gate.set()
    qtbot.waitUntil(lambda: len(sink.endings) == 2)
    assert closed.is_set(), "the superseded generator was not closed"
    assert [record.topic for record in sink.records] == ["1", "4"]
    assert isinstance(sink.endings[1], Done)


def test_a_job_of_another_sink_is_not_superseded(engine, qtbot):
    """Opening a checkpoint doesn't stop a prediction that runs for somebody else."""
    one, other = Listener(), Listener()
    engine.submit(Scripted(lambda _library: iter([note(1)])), one)
    engine.submit(Scripted(lambda _library: iter([note(2)])), other)
    qtbot.waitUntil(lambda: bool(one.endings and other.endings))
    assert isinstance(one.endings[0], Done)
    assert isinstance(other.endings[0], Done)


def test_ten_key_presses_cost_at_most_three_runs(engine, qtbot):
    """Requests that were superseded before their turn never begin."""
    begun = []

    def script(_library):
        begun.append(1)
        for step in range(20):
            time.sleep(0.002)
            yield Progress("forward", step, 20)

    sink = Listener()
    sink.end = sink.endings.append
    sink.receive = lambda records: None
    for _ in range(10):
        engine.submit(Scripted(script), sink)
    qtbot.waitUntil(lambda: len(sink.endings) == 10)
    assert len(begun) <= 3
    assert [type(ending) for ending in sink.endings] == [Cancelled] * 9 + [Done]


def test_q05_of_ten_thousand_requests_only_the_newest_is_delivered(engine, qtbot):
    """Q05, L6: no stale record reaches the sink, and the last one asked is the last one answered."""
    sink = Listener()
    sink.receive = lambda records: sink.records.extend((len(cancelled), record) for record in records)
    cancelled: list[int] = []
    sink.end = lambda ending: cancelled.append(1) if isinstance(ending, Cancelled) else sink.endings.append(ending)
    for number in range(10_000):
        engine.submit(Scripted(lambda _library, number=number: iter([note(number)])), sink)
    qtbot.waitUntil(lambda: bool(sink.endings))
    assert len(cancelled) == 9_999
    assert [(count, record.topic) for count, record in sink.records] == [(9_999, "9999")]


def test_q06_a_burst_of_frames_is_kept_once_per_slot(engine, qtbot):
    """Q06: five thousand frames of one picture, unseen by a busy window, cost the memory of one."""
    frames: list[int] = []

    def script(_library):
        for number in range(5_000):
            yield Hidden(Site.ENCODER, 0, np.full((256, 256), number, np.float32))
        frames.append(1)

    sink = Listener()
    engine.submit(Scripted(script), sink)
    deadline = time.monotonic() + 30
    while not frames and time.monotonic() < deadline:
        time.sleep(0.01)  # the window is busy: its event loop does not run
    [request] = engine._live.values()
    assert len(request.mailbox._waiting) == 1
    qtbot.waitUntil(lambda: bool(sink.endings))
    assert float(sink.records[-1].states[0, 0]) == 4_999.0
    assert len(sink.records) <= 2


def test_q04_cancelling_twice_ends_once(engine, qtbot):
    """Q04: a cancelled job ends exactly once, however often it is cancelled, and the next result is whole."""
    gate = threading.Event()

    def script(_library):
        gate.wait(10)
        yield note(1)

    sink, after = Listener(), Listener()
    engine.submit(Scripted(script), sink)
    engine.cancel(sink)
    engine.cancel(sink)
    gate.set()
    engine.submit(Scripted(lambda _library: iter([note(2)])), after)
    qtbot.waitUntil(lambda: bool(after.endings))
    assert len(sink.endings) == 1
    assert sink.records == []


@pytest.mark.parametrize(
    "job",
    [FillMask(Reference("x"), "a [MASK]"), Inspect(Reference("x"), "a", "b", ((0, 1),))],
    ids=lambda job: type(job).__name__,
)
def test_jobs_pickle(job):
    """A job can be sent to another process."""
    assert pickle.loads(pickle.dumps(job)) == job


def test_records_pickle():
    """A record can come back from another process, arrays equal."""
    record = Hidden(Site.ENCODER, 3, np.arange(6, dtype=np.float32).reshape(2, 3))
    again = pickle.loads(pickle.dumps(record))
    assert (again.site, again.layer) == (record.site, record.layer)
    np.testing.assert_array_equal(again.states, record.states)


@dataclass(frozen=True)
class OnText(Scripted):
    """A job that needs no model."""

    needs_models = False


def test_a_job_on_text_does_not_wait_for_the_models(qtbot):
    """While the worker of models is busy, even with importing torch, a job that needs none is answered, without a library."""
    gate, given = threading.Event(), []

    def slow_library():
        gate.wait(10)
        return object()

    engine, model, text = Engine(slow_library), Listener(), Listener()

    def script(library):
        given.append(library)
        yield note(1)

    engine.submit(Scripted(script), model)
    engine.submit(OnText(script), text)
    qtbot.waitUntil(lambda: bool(text.endings))
    assert given == [None]
    assert model.endings == []
    gate.set()
    qtbot.waitUntil(lambda: bool(model.endings))
    assert engine.close()
    engine.deleteLater()


def test_a_long_job_does_not_keep_short_ones_waiting(engine, qtbot):
    """While a job that runs apart is held, another with a model is answered; closing stops both."""
    gate, begun = threading.Event(), threading.Event()

    @dataclass(frozen=True)
    class Long(Scripted):
        runs_apart = True

    def held(_library):
        yield note(1)
        begun.set()
        gate.wait(10)
        yield note(2)

    long, short = Listener(), Listener()
    engine.submit(Long(held), long)
    qtbot.waitUntil(begun.is_set)
    engine.submit(Scripted(lambda _library: iter([note(3)])), short)
    qtbot.waitUntil(lambda: bool(short.endings))
    assert isinstance(short.endings[0], Done)
    assert not long.endings
    gate.set()
    qtbot.waitUntil(lambda: bool(long.endings))
    assert isinstance(long.endings[0], Done)
