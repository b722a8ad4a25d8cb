"""Why √d_k: the variance of q·k and what a softmax makes of it, on random vectors and in the heads of the open model."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from attnviz.jobs.experiments.experiment import Experiment
from attnviz.jobs.experiments.setting import Whole, Words, setting
from attnviz.jobs.experiments.why_scaled_heads import AGAINST, HEADS, MAP, WORDS, of_the_model, waiting
from attnviz.models.reference import Reference
from attnviz.trace import Axis, Conclusion, Plot, Record, Series, measured
from attnviz.trace.plots import Numbers

if TYPE_CHECKING:
    from attnviz.models.experiments.why_scaled import Sharpness
    from attnviz.models.library import Library

VARIANCE, ENTROPY, LARGEST, GRADIENT = (
    "Variance of q·k",
    "Entropy of the softmax",
    "Largest weight",
    "Gradient through the softmax",
)
RAW, SCALED = "q·k", "q·k / √d_k"
TWO_SIGMA = 2.0
USUAL = 64
"""The width of a head of the first Transformer, of BERT and of many after them."""

Widths = dict[int, tuple["Sharpness", "Sharpness"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyScaled(Experiment):
    """Draws queries and keys of growing width, then looks at the heads of the open model and takes their scale away."""

    name: ClassVar[str] = "scale"
    formula: ClassVar[str] = "Var(q·k) = d_k for independent components of variance 1,   so   softmax(q·k / √d_k)"
    figures: ClassVar[tuple[str, ...]] = (VARIANCE, ENTROPY, LARGEST, GRADIENT, AGAINST, MAP, HEADS, WORDS)

    checkpoint: Reference
    text: str = field(
        default="Paris lies on the river Seine. It is the largest city of the country, and it has been the capital of [MASK] for "
        "more than a thousand years. Its old streets, bridges and churches draw visitors from all over the world.",
        metadata=setting(
            Words("text", "The text on which the open model's heads are measured; its [MASK] is predicted")
        ),
    )
    largest: int = field(
        default=1024,
        metadata=setting(Whole("largest d_k", "Widths are the powers of two up to this", 1, 4096), quick=128),
    )
    keys: int = field(default=64, metadata=setting(Whole("keys", "Over how many keys the softmax runs", 2, 1024)))
    samples: int = field(
        default=500,
        metadata=setting(Whole("samples", "How many random queries are drawn for each width", 10, 20_000), quick=100),
    )

    def measure(self, library: Library) -> Iterator[Record]:
        yield from plots({}, self.keys)
        yield from waiting()
        drawn = yield from self._draw()
        said = yield from of_the_model(library.encoder(self.checkpoint), self.text)
        yield Conclusion((_grown(drawn), _sharpened(drawn, self.keys), _pushed_back(drawn), *said))

    def _draw(self) -> Generator[Record, None, Widths]:
        from attnviz.models.experiments.why_scaled import Drawn  # noqa: PLC0415 - imports torch

        found: Widths = {}
        widths = [2**power for power in range(self.largest.bit_length())]
        total = sum(widths) * self.samples
        done = 0
        for width in widths:
            run = Drawn(width, self.keys, self.samples, self.seed).run()
            while True:
                try:
                    here = next(run)
                except StopIteration as ended:
                    found[width] = ended.value
                    break
                yield replace(here, done=done + here.done * width, total=total)
            done += width * self.samples
            yield from plots(found, self.keys)
        return found


def plots(found: Widths, keys: int) -> Iterator[Plot]:
    """The four of them, as far as widths have been measured."""
    across = Axis("d_k", logarithmic=True)
    places = measured(list(found))
    pairs = tuple(found.values())
    raw, scaled = (tuple(pair[which] for pair in pairs) for which in (0, 1))
    expected = (_dashed("independent: d_k", places, places), _dashed("independent: 1", places, np.ones_like(places)))
    kinds = {
        VARIANCE: (Axis("variance", logarithmic=True), "square", expected),
        ENTROPY: (
            Axis("entropy", "nats", low=0.0),
            "entropy",
            (_dashed("all alike", places, np.full_like(places, np.log(keys))),),
        ),
        LARGEST: (Axis("largest weight", low=0.0, high=1.0), "largest", ()),
        GRADIENT: (Axis("gradient norm", logarithmic=True), "gradient", ()),
    }
    for name, (up, kind, others) in kinds.items():
        sides = [(which, [getattr(each, kind) for each in side]) for which, side in ((RAW, raw), (SCALED, scaled))]
        curves = [_curve(which, places, samples) for which, samples in sides]
        if kind == "gradient":  # few queries have most of it
            curves += [_median(which, places, samples) for which, samples in sides]
        yield Plot(name, across, up, (*curves, *(others if len(places) else ())))


def _curve(name: str, places: Numbers, samples: list[Numbers]) -> Series:
    """The mean of every width's samples, with two standard errors around it."""
    means = measured([each.mean() for each in samples])
    errors = measured([TWO_SIGMA * each.std(ddof=1) / len(each) ** 0.5 for each in samples])
    return Series(name, places, means, means - errors, means + errors)


def _median(name: str, places: Numbers, samples: list[Numbers]) -> Series:
    return Series(f"{name}, median", places, measured([np.median(each) for each in samples]))


def _dashed(name: str, places: Numbers, values: Numbers) -> Series:
    return Series(name, places, measured(values), dashed=True)


def _grown(found: Widths) -> str:
    """How the variance grew, against what independent components give."""
    per_width = [float(raw.square.mean()) / width for width, (raw, _) in found.items()]
    widest, (raw, scaled) = max(found.items())
    error = TWO_SIGMA * float(raw.square.std(ddof=1)) / len(raw.square) ** 0.5
    return (
        f"Random vectors: at d_k = {widest:,} the variance of q·k is {raw.square.mean():,.0f} ± {error:,.0f}, of q·k / √d_k "
        f"{scaled.square.mean():.2f}; over all widths it is {min(per_width):.2f} to {max(per_width):.2f} times d_k."
    )


def _sharpened(found: Widths, keys: int) -> str:
    width = USUAL if USUAL in found else max(found)
    raw, scaled = found[width]
    return (
        f"At d_k = {width:,}, over {keys:,} keys: without the scale the softmax has {raw.entropy.mean():.2f} nats of entropy and gives "
        f"{raw.largest.mean():.0%} to one key, with it {scaled.entropy.mean():.2f} nats and {scaled.largest.mean():.0%}."
    )


def _pushed_back(found: Widths) -> str:
    """What became of the gradient: its mean and its median fall apart."""
    told = []
    for width in sorted({USUAL if USUAL in found else min(found), max(found)}):
        means, medians = zip(*((each.gradient.mean(), np.median(each.gradient)) for each in found[width]), strict=True)
        told.append(
            f"at d_k = {width:,} {means[0]:.3f} on average and {medians[0]:.2g} in the median without the scale, "
            f"{means[1]:.3f} and {medians[1]:.2g} with it"
        )
    return f"Gradient norm through the softmax: {'; '.join(told)}."
