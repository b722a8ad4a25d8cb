"""Where the gradient goes: from the last output back to every letter, and from the loss back through many layers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from attnviz.errors import TextError
from attnviz.jobs.experiments.experiment import Experiment
from attnviz.jobs.experiments.gradient_figures import (
    BY_DEPTH,
    BY_LAYER,
    FROM_END,
    KINDS,
    MEAN,
    NORMS,
    TABLE,
    VARIANCE,
    Found,
    figures,
    sentences,
)
from attnviz.jobs.experiments.setting import Choice, Whole, setting
from attnviz.jobs.experiments.spelling import drawn, held_out, opened
from attnviz.trace import Conclusion, Progress, Record

if TYPE_CHECKING:
    from attnviz.jobs.experiments.spelling import Word
    from attnviz.models.encoder_decoder import EncoderDecoder
    from attnviz.models.library import Library

MODELS = ("none", "general", "additive", "transformer")
DEPTHS = (2, 4, 8, 12, 16, 24, 32, 48)
DRAWS = 3
"""So many times the weights of a stack are drawn."""
SPREADS = ("Glorot", "normal 0.02")


@dataclass(frozen=True, slots=True, kw_only=True)
class WhereGradientGoes(Experiment):
    """Feeds held-out words and their phones to trained models, then random states to stacks that have learned nothing."""

    name: ClassVar[str] = "gradient"
    formula: ClassVar[str] = (
        "‖∂(−ln p(y_T | y_<T, x)) / ∂x_i‖ for every letter i   ·   ‖∂loss / ∂θ_l‖ for every layer l,   x_l+1 = LN(x_l + f(x_l))"
    )
    figures: ClassVar[tuple[str, ...]] = (NORMS, FROM_END, BY_DEPTH, BY_LAYER, VARIANCE, MEAN, TABLE)

    letters: int = field(
        default=12, metadata=setting(Whole("letters", "How long the words are that the models are fed", 3, 16))
    )
    words: int = field(
        default=60, metadata=setting(Whole("words", "The gradient is the mean over so many words", 2, 135), quick=16)
    )
    deepest: int = field(
        default=48,
        metadata=setting(Whole("deepest", "The most layers of a stack that has learned nothing", 2, 48), quick=12),
    )
    weights: str = field(
        default=SPREADS[0],
        metadata=setting(
            Choice("weights", "How the stacks' weights are drawn: as Vaswani et al. do, or as BERT does", SPREADS)
        ),
    )

    def measure(self, library: Library) -> Iterator[Record]:
        found = Found(self.letters)
        yield from figures(found)
        yield from self._letters(library, found)
        yield from self._layers(found)
        yield Conclusion(sentences(found))

    def _letters(self, library: Library, found: Found) -> Iterator[Record]:
        """The trained models one after another, on the same words."""
        from attnviz.models.experiments.gradient_source import arriving  # noqa: PLC0415 - imports torch

        words = drawn(held_out(), self.words, self.seed).get(self.letters, ())
        if not words:
            raise TextError(
                f"None of the held-out words has {self.letters} letters; choose another length.", "NO_WORDS"
            )
        models = yield from opened(library, MODELS)
        for done, (name, model) in enumerate(models.items()):
            here = Progress(f"{name}, from the last phone back to the letters", done, len(models))
            found.arriving[name] = yield from arriving(model, _pairs(model, words), here)
            yield from figures(found)

    def _layers(self, found: Found) -> Iterator[Record]:
        """Stacks of growing depth, of every kind, drawn a few times each."""
        from attnviz.models.experiments.gradient_depth import Kind, measure, stack  # noqa: PLC0415 - imports torch

        depths = [depth for depth in DEPTHS if depth < self.deepest] + [self.deepest]
        total = sum(depths)
        for number, depth in enumerate(depths):
            for name, (residual, norm) in KINDS.items():
                here = Progress(f"{depth} layers, {name}", sum(depths[:number]), total)
                for draw in range(DRAWS):
                    tower = stack(Kind(residual, norm), depth, self.weights, self.seed * DRAWS + draw)
                    measured = yield from measure(tower, here)
                    found.layers.setdefault(name, {}).setdefault(depth, []).append(measured)
            yield from figures(found)


def _pairs(model: EncoderDecoder, words: tuple[Word, ...]) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Letters and phones as ids; the first way to say a word counts."""
    return [(model.source.ids(word.text), model.target_ids(" ".join(word.sounds[0]))) for word in words]
