"""The bottleneck: how well words are sounded out by their length, through one fixed vector and with attention."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from attnviz.jobs.experiments.bottleneck_figures import (
    ANSWERS,
    ERRORS,
    FALL,
    GAINED,
    PHONES,
    WORDS,
    Outcome,
    figures,
    sentences,
)
from attnviz.jobs.experiments.experiment import Experiment
from attnviz.jobs.experiments.setting import Choice, Whole, setting
from attnviz.jobs.experiments.spelling import drawn, held_out, opened
from attnviz.trace import Conclusion, Progress, Record

if TYPE_CHECKING:
    from attnviz.jobs.experiments.spelling import Word
    from attnviz.models.encoder_decoder import EncoderDecoder
    from attnviz.models.library import Library

FIXED = "none"
MODELS = (FIXED, "dot", "general", "additive", "transformer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bottleneck(Experiment):
    """Has all five spelling models say the same held-out words, one length after another."""

    name: ClassVar[str] = "bottleneck"
    formula: ClassVar[str] = (
        "none: p(y | x) = Π p(y_t | y_<t, h_0),   h_0 = f(x) ∈ ℝ²⁵⁶ for every x   ·   bands: ± √(p (1 − p) / n)"
    )
    figures: ClassVar[tuple[str, ...]] = (WORDS, PHONES, GAINED, FALL, ANSWERS)

    words: int = field(
        default=100,
        metadata=setting(Whole("words", "How many words of each length, where there are so many", 2, 135), quick=12),
    )
    long: int = field(
        default=13,
        metadata=setting(Whole("long from", "From how many letters on a word is called long", 8, 16)),
    )
    error: str = field(
        default="word error",
        metadata=setting(
            Choice("error", "What is compared with the fixed vector, and between short and long words", tuple(ERRORS))
        ),
    )

    def measure(self, library: Library) -> Iterator[Record]:
        words = drawn(held_out(), self.words, self.seed)
        outcome = Outcome(FIXED, self.long, self.error)
        yield from figures(outcome)
        models = yield from opened(library, MODELS)
        total = sum(map(len, words.values())) * len(MODELS)
        done = 0
        for name, model in models.items():
            for letters, alike in words.items():
                here = Progress(f"{name}, words of {letters} letters", done, total)
                outcome.count(name, letters, alike, (yield from _said(model, alike, here)))
                done += len(alike)
                yield from figures(outcome)
        yield Conclusion(sentences(outcome))


def _said(
    model: EncoderDecoder, words: tuple[Word, ...], here: Progress
) -> Generator[Record, None, list[tuple[str, ...]]]:
    """What a model says of words of one length, in phones."""
    from attnviz.models.experiments.answers import answers  # noqa: PLC0415 - imports torch

    sources = [model.source.ids(word.text) for word in words]
    made = yield from answers(model, sources, here)
    return [tuple(model.vocabulary[index] for index in answer) for answer in made]
