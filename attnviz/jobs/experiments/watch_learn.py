"""Watch it learn: two models learn to write dates, and the alignment of one date is kept at moments on the way."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, ClassVar

from attnviz.errors import JobError, printable
from attnviz.jobs.experiments.experiment import Experiment
from attnviz.jobs.experiments.said import percent
from attnviz.jobs.experiments.setting import Choice, Whole, Words, setting
from attnviz.table import Table
from attnviz.text.dates import FIRST, FORMS, LAST, target_signs, ways
from attnviz.trace import Axis, Conclusion, Matrix, Plot, Progress, Record, Rows, Series, measured

if TYPE_CHECKING:
    from attnviz.models.experiments.watch_learn import Batch, Data, Dater, Look, Pupil
    from attnviz.models.library import Library
    from attnviz.table import Cell

RECURRENT, TRANSFORMER = "additive attention", "Transformer"
WHO = (RECURRENT, TRANSFORMER)
LOSS, EXACT, WRITTEN = "Loss", "Exact match", "What it writes"
ALIGNMENTS = {RECURRENT: "Alignment, additive attention", TRANSFORMER: "Alignment, Transformer"}
COLUMNS = (
    "step",
    *(f"{short}{what}" for short in ("additive", "Transformer") for what in (", loss", ", exact", " writes")),
)
STEP = "training step"
RATE = 2e-3
PASSED = {"half": 0.5, "99 %": 0.99}


Looks = dict[str, list["Look"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchLearn(Experiment):
    """The same batches for a recurrent model with additive attention and for a small Transformer; both begin from nothing."""

    name: ClassVar[str] = "learn"
    formula: ClassVar[str] = "loss = −log p(sign | signs before it, the date as it is written),   in nats a sign"
    figures: ClassVar[tuple[str, ...]] = (*ALIGNMENTS.values(), EXACT, LOSS, WRITTEN)

    steps: int = field(
        default=900,
        metadata=setting(Whole("steps", "How many batches of 64 dates each model learns from", 10, 5000), quick=100),
    )
    looks: int = field(
        default=40,
        metadata=setting(
            Whole("looks", "At how many moments the models are examined and their alignments kept", 2, 200), quick=10
        ),
    )
    day: str = field(
        default="2026-11-22",
        metadata=setting(
            Words("date", "The date whose alignment is kept, as YYYY-MM-DD from 1900 to 2099; it is not trained on", 10)
        ),
    )
    form: str = field(
        default=FORMS[5],
        metadata=setting(Choice("written like", "In which of the ten ways that date is written", FORMS)),
    )

    def __post_init__(self) -> None:
        Experiment.__post_init__(self)
        day_of(self.day)

    def measure(self, library: Library) -> Iterator[Record]:
        from attnviz.models.experiments import watch_learn as lab  # noqa: PLC0415 - imports torch
        from attnviz.models.experiments.learner import Course  # noqa: PLC0415

        example = lab.batch_of([(self.source, self.day)])
        looks: Looks = {name: [] for name in WHO}
        yield from figures(looks)
        data = yield from lab.prepared(self.steps, self.seed, day_of(self.day))
        course = Course(self.steps, RATE, max(1, self.steps // 10))
        models: tuple[Dater, ...] = (lab.recurrent(self.seed), lab.transformer(self.seed))
        pupils = {name: lab.Pupil(model, course) for name, model in zip(WHO, models, strict=True)}
        chance = random.Random(self.seed)
        moments = set(places(self.steps, self.looks))
        for step in range(self.steps + 1):
            if step in moments:
                yield from self._look(pupils, looks, data, example)
            if step < self.steps:
                batch = data.draw(chance)
                for pupil in pupils.values():
                    yield Progress("learning to write dates", step, self.steps)
                    pupil.learn(batch)
        learned = (_learned(name, pupil.parameters, looks[name]) for name, pupil in pupils.items())
        yield Conclusion((*learned, _looked(looks)))

    def _look(self, pupils: dict[str, Pupil], looks: Looks, data: Data, example: Batch) -> Iterator[Record]:
        """Examine both, and show everything so far."""
        for name, pupil in pupils.items():
            run = pupil.look(data.held_out, example)
            while True:
                try:
                    next(run)
                except StopIteration as ended:
                    looks[name].append(ended.value)
                    break
                yield Progress("examining on held-out dates", looks[name][-1].step if looks[name] else 0, self.steps)
            yield self._aligned(name, looks[name][-1])
        yield from figures(looks)

    @property
    def source(self) -> str:
        """The date as it is read."""
        return ways(day_of(self.day))[FORMS.index(self.form)]

    def _aligned(self, name: str, look: Look) -> Matrix:
        """Read from left to right, written downwards."""
        return Matrix(
            ALIGNMENTS[name],
            look.weights,
            (*self.day, "end"),
            tuple(self.source),
            ("to be written", "read"),
            "weight",
            moment=look.step,
            moments="step",
        )


def day_of(text: str) -> date:
    """The day that a setting names. Raises JobError."""
    try:
        found = date.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.isoformat() != text or not FIRST <= found <= LAST:
        raise JobError(
            f"The setting 'date' must be a day from {FIRST} to {LAST}, written like 2026-11-22, not '{printable(text)}'.",
            "BAD_SETTING",
        )
    return found


def places(steps: int, looks: int) -> tuple[int, ...]:
    """Moments from the first step to the last, as evenly as whole steps allow."""
    return tuple(sorted({round(steps * number / (looks - 1)) for number in range(looks)}))


def figures(looks: Looks) -> Iterator[Record]:
    """The curves and the table, as far as the models have been looked at."""
    across = Axis(STEP)
    loss, exact = [], []
    for name, seen in looks.items():
        steps = measured([look.step for look in seen])
        loss.append(Series(f"{name}, held out", steps, measured([look.judged.loss for look in seen])))
        loss.append(Series(f"{name}, training", steps.copy(), measured([look.training for look in seen])))
        exact.append(Series(name, steps.copy(), measured([look.judged.exact for look in seen])))
    yield Plot(EXACT, across, Axis("held-out dates right", low=0.0, high=1.0), tuple(exact))
    yield Plot(LOSS, across, Axis("loss", "nats a sign", logarithmic=True), tuple(loss))
    yield Rows(WRITTEN, Table(COLUMNS, tuple(map(_row, *looks.values()))))


def _row(*both: Look) -> tuple[Cell, ...]:
    """What the two make of held-out dates and of the one that is followed, after so many steps."""
    cells = [(look.judged.loss, look.judged.exact, "".join(target_signs(look.written))) for look in both]
    return (both[0].step, *cells[0], *cells[1])


def _learned(name: str, parameters: int, looks: list[Look]) -> str:
    first, last = looks[0].judged, looks[-1].judged
    passed = [
        f"{what} at step {look.step:,}" if look is not None else f"{what} not reached"
        for what, share in PASSED.items()
        for look in [next((look for look in looks if look.judged.exact >= share), None)]
    ]
    return (
        f"{name[0].upper()}{name[1:]} ({parameters:,} parameters): {percent(last.exact)} of {last.total} held-out dates are right to the "
        f"last sign after {looks[-1].step:,} steps ({percent(first.exact)} at first; {', '.join(passed)}); the loss went from "
        f"{first.loss:.2f} to {last.loss:.2g} nats a sign."
    )


def _looked(looks: Looks) -> str:
    """How sharp the rows of the alignments became, and how much of the year's rows lies on the year, which ends every date."""
    sharp, on_year = [], []
    for seen in looks.values():
        ends = (seen[0].weights, seen[-1].weights)
        sharp.append("from {:.2f} to {:.2f}".format(*(float(weights.max(1).mean()) for weights in ends)))
        shares = (percent(float(weights[:4, -4:].sum(1).mean())) for weights in ends)
        on_year.append("from {} to {}".format(*shares))
    even = 1 / looks[RECURRENT][0].weights.shape[1]
    return (
        f"The largest weight of a row of the alignment went {sharp[0]}, the Transformer's {sharp[1]} (evenly spread: {even:.2f}); while "
        f"the year is written, the weight on the year's four signs went {on_year[0]}, the Transformer's {on_year[1]}."
    )
