"""The experiments in the order of the story; adding one is one file and one line here."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from attnviz.errors import JobError, printable

if TYPE_CHECKING:
    from attnviz.jobs.experiments.experiment import Experiment


@dataclass(frozen=True, slots=True)
class Entry:
    """An experiment that is imported when it is chosen: ``kind`` is its class in ``module``, ``time`` what its default size takes."""

    name: str
    title: str
    question: str
    time: str
    module: str
    kind: str

    def load(self) -> type[Experiment]:
        found: type[Experiment] = getattr(import_module(f"{__name__}.{self.module}"), self.kind)
        return found


# fmt: off
EXPERIMENTS = (
    Entry("bottleneck", "The bottleneck", "What does one fixed vector cost when words get long, and what does attention gain?", "20 s", "bottleneck", "Bottleneck"),
    Entry("gradient", "Where the gradient goes", "How much of an error arrives at far letters, and at the first of many layers?", "15 s", "gradient", "WhereGradientGoes"),
    Entry("scale", "Why √d_k", "What happens to attention when its scores are not divided by √d_k?", "3 s", "why_scaled", "WhyScaled"),
    Entry("serial", "Serial against parallel", "When is self-attention faster than a recurrent network, and what does it keep in memory?", "5 s", "serial", "Serial"),
    Entry("positions", "Without positions", "What does a Transformer know of word order when its position embeddings are taken away?", "3 s", "without_positions", "WithoutPositions"),
    Entry("learn", "Watch it learn", "How does attention find the right place while a model learns from nothing?", "1 min", "watch_learn", "WatchLearn"),
    Entry("rates", "15 % and beyond", "How many words should be masked, and what does ELECTRA gain by asking about every word?", "2 min", "mask_rates", "MaskRates"),
    Entry("heads", "How many heads?", "How many of a model's heads can be dropped before it predicts worse, and which?", "25 s", "heads", "Heads"),
    Entry("differences", "The differences", "What sets the models apart, in theory and as they ship here?", "15 s", "differences", "Differences"),
)
# fmt: on


def find(name: str) -> Entry:
    """The experiment of that name. Raises JobError that lists what there is."""
    for entry in EXPERIMENTS:
        if entry.name == name:
            return entry
    known = ", ".join(entry.name for entry in EXPERIMENTS)
    raise JobError(f"There is no experiment '{printable(name)}'; there are: {known}.", "NO_SUCH_EXPERIMENT")
