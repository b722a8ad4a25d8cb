"""An experiment on a leash: it yields a step each time it is let, and draws every kind of picture."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from attnviz.jobs.experiments import Entry
from attnviz.jobs.experiments.experiment import Experiment
from attnviz.jobs.experiments.setting import Choice, Whole, Words, setting
from attnviz.models.library import Library
from attnviz.table import Table
from attnviz.trace import Axis, Conclusion, Matrix, Plot, Progress, Record, Rows, Series, frozen, measured

GATE = threading.Event()
CLOSED = threading.Event()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stepwise(Experiment):
    """Squares of the first numbers; no model is asked."""

    name = "stepwise"
    formula = "n²"
    figures = ("squares", "table", "map")

    steps: int = field(default=3, metadata=setting(Whole("steps", "How many", 1, 100), quick=2))
    kind: str = field(default="plain", metadata=setting(Choice("kind", "Which", ("plain", "odd"))))
    word: str = field(default="a word", metadata=setting(Words("word", "Something")))

    def measure(self, library: Library) -> Iterator[Record]:
        try:
            yield _plot(0)
            yield Rows("table", Table(("n", "name"), ()))
            for step in range(self.steps):
                yield Progress("counting", step, self.steps)
                while not GATE.wait(0.01):
                    yield Progress("counting", step, self.steps)
                yield _plot(step + 1)
                yield Matrix(
                    "map",
                    frozen(np.eye(2) * (step + 1)),
                    ("a", "b"),
                    ("c", "d"),
                    ("x", "y"),
                    "u",
                    moment=step,
                    moments="step",
                )
            yield Rows("table", Table(("n", "name"), ((self.steps, self.kind),)))
            yield Conclusion((f"{self.steps} squares.",))
        finally:
            CLOSED.set()


def _plot(count: int) -> Plot:
    places = measured(range(count))
    return Plot("squares", Axis("n"), Axis("n²"), (Series("square", places, measured(places**2)),))


class Faked(Entry):
    """Of no module."""

    def load(self) -> type[Experiment]:
        return Stepwise


STEPWISE = Faked("stepwise", "Stepwise", "How large are squares?", "1 s", "", "")
