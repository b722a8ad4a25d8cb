"""15 % and beyond: small BERTs at three rates of masks, and an ELECTRA, learn from the same blocks of a novel."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from attnviz.errors import JobError
from attnviz.jobs.experiments.experiment import Experiment
from attnviz.jobs.experiments.mask_rates_figures import DETECTION, END, PROBES, STEPS, SUPERVISED, conclusion, figures
from attnviz.jobs.experiments.setting import Whole, setting
from attnviz.places import resources
from attnviz.trace import Conclusion, Progress, Record

if TYPE_CHECKING:
    from attnviz.models.experiments.pretraining_class import Look
    from attnviz.models.library import Library

NOVEL = "emma.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskRates(Experiment):
    """Everybody takes a step on the same blocks before anybody takes the next, so that the curves grow together."""

    name: ClassVar[str] = "rates"
    formula: ClassVar[str] = (
        "BERT: −log p(word | the text around its mask)      ELECTRA: −log p(replaced or not) of every word"
    )
    figures: ClassVar[tuple[str, ...]] = (STEPS, SUPERVISED, PROBES, DETECTION, END)

    steps: int = field(
        default=1800,
        metadata=setting(
            Whole("steps", "How many batches of 1,024 words each model learns from", 10, 20_000), quick=60
        ),
    )
    looks: int = field(
        default=16,
        metadata=setting(Whole("looks", "At how many moments all are measured on held-out text", 2, 100), quick=4),
    )

    def measure(self, library: Library) -> Iterator[Record]:
        from attnviz.models.experiments.pretraining import read  # noqa: PLC0415 - imports torch
        from attnviz.models.experiments.pretraining_class import PretrainingClass  # noqa: PLC0415

        seen: list[Look] = []
        yield from figures(seen, 0.0)
        corpus = yield from read(novel(), self.seed)
        most = float((corpus.wanted == int(corpus.frequent.argmax())).double().mean())
        everybody = PretrainingClass(corpus, self.steps, self.seed)
        moments = {round(self.steps * number / (self.looks - 1)) for number in range(self.looks)}
        for step in range(self.steps + 1):
            if step in moments:
                look = everybody.look()
                while True:
                    try:
                        next(look)
                    except StopIteration as ended:
                        seen.append(ended.value)
                        break
                    yield Progress("measuring on held-out text", step, self.steps)
                yield from figures(seen, most)
            if step < self.steps:
                for _ in everybody.learn():
                    yield Progress("pre-training", step, self.steps)
        yield Conclusion(conclusion(seen, most, corpus.training.numel()))


def novel() -> str:
    """The text that everybody learns from. Raises JobError where it can't be read."""
    path = resources() / "texts" / NOVEL
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise JobError(
            f"The novel to learn from can't be read ({error.strerror}: {path}); install attnviz again.", "NO_TEXT"
        ) from error
