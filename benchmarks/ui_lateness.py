"""How late a 10 ms timer of the UI thread fires while the engine runs one inspection after another, and when idle."""

from __future__ import annotations

import time

import numpy as np
from PySide6.QtCore import QObject, Qt, QTimer

from attnviz.engine import Ending, Engine
from attnviz.jobs.inspect import Inspect
from attnviz.models.reference import Reference
from attnviz.trace import Record
from benchmarks.row import Row
from benchmarks.subjects import folder, inspector, process_events, text

NAME = "ui-lateness"
TICK_MS = 10
GOAL_MS = 16.0


def measure(*, quick: bool = False) -> list[Row]:
    seconds, rounds = (0.2, 1) if quick else (6.0, 5)
    idle, busy = [], []
    with inspector(text(8)) as (window, _):
        for _ in range(rounds):
            idle.append(_lateness(seconds))
            again = _Again(window.engine, text(8 if quick else 512))
            again.ask()
            busy.append(_lateness(seconds))
            again.stop()
            process_events(lambda: window.engine.current is None)
    note = f"idle {np.median(idle):.3g} ms, {rounds} × {seconds:g} s"
    what = "lateness of a 10 ms timer in the window, p99, while the model runs on 512 tokens"
    return [Row(NAME, what, "the same window, idle", "≤ 16 ms", GOAL_MS, tuple(busy), "ms", note)]


class _Again:
    """A sink that asks anew whenever it is answered."""

    def __init__(self, engine: Engine, sentence: str) -> None:
        self._engine, self._going = engine, True
        self._job = Inspect(Reference(str(folder())), sentence)

    def ask(self) -> None:
        self._engine.submit(self._job, self)

    def stop(self) -> None:
        self._going = False
        self._engine.cancel(self)

    def receive(self, records: tuple[Record, ...]) -> None:
        pass

    def end(self, ending: Ending) -> None:
        if self._going:
            QTimer.singleShot(0, self.ask)


class _Clock(QObject):
    """When each tick came."""

    def __init__(self) -> None:
        super().__init__()
        self.ticks: list[float] = []
        self.timer = QTimer(self, interval=TICK_MS, timerType=Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(self._on_tick)
        self.timer.start()

    def _on_tick(self) -> None:
        self.ticks.append(time.perf_counter())


def _lateness(seconds: float) -> float:
    """The 99th percentile of what a tick came later than 10 ms after the one before it, in milliseconds."""
    clock = _Clock()
    end = time.perf_counter() + seconds
    process_events(lambda: time.perf_counter() > end)
    clock.timer.stop()
    late = np.diff(clock.ticks) * 1000 - TICK_MS
    return float(max(np.percentile(late, 99), 0.001))
