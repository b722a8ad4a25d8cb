"""Many draws from one text: the shares in the long run, and how much of the text is ever to be predicted.

BERT's data held ten copies of each text, each with a mask of its own, for 40 epochs, so that every mask was seen four times
(Liu et al. 2019, section 4.1): that is the third curve beside one static mask and masks that are dynamic.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from attnviz.trace import Axis, LongRun, Masking, Plot, Record, Series, Unit
from attnviz.trace.plots import Numbers, measured

if TYPE_CHECKING:
    from attnviz.text.masking import Sampler

EPOCHS = 40
COPIES = 10
COVERAGE = "coverage"
STATIC, COPIED, DYNAMIC, EXPECTED = "static, one mask", f"static, {COPIES} masks", "dynamic", "1 − (1 − rate)ⁿ"
INKS = {DYNAMIC: 4, COPIED: 3, STATIC: 5}
"""Other colours than those of the treatments beside it."""


def long_run(sampler: Sampler, masking: Masking, seeds: int) -> Iterator[Record]:
    """After each seed what was chosen so far, and the share of the text that was chosen at least once after 1 to 40 epochs.

    Nothing is yielded where the text has no token to choose.
    """
    count = len(sampler.positions)
    treated = np.zeros(3, dtype=np.int64)
    kept: dict[str, list[Numbers]] = {name: [] for name in INKS}
    for seed in range(seeds if count else 0):
        draws = [sampler.draw(seed, epoch) for epoch in range(EPOCHS)]
        treated += sum(np.bincount(draw.treatments, minlength=3) for draw in draws)
        grown = _grown([draw.positions for draw in draws]) / count
        kept[DYNAMIC].append(grown)
        kept[COPIED].append(np.minimum(grown, grown[COPIES - 1]))
        kept[STATIC].append(np.full(EPOCHS, grown[0]))
        masked, random, same = treated.tolist()
        fit = chance(masking, (masked, random, same))
        yield LongRun(masking, count, (seed + 1) * EPOCHS, (masked, random, same), fit)
        yield _plot(kept, masking.rate)


def chance(masking: Masking, treated: Sequence[int]) -> float | None:
    """The p-value of Pearson's chi-square test of the treatments against the split; None where it says nothing."""
    total = sum(treated)
    wanted = [(count, share * total) for count, share in zip(treated, masking.split, strict=True) if share > 0]
    if masking.unit is Unit.SPAN or len(wanted) < 2 or not total:
        return None
    distance = sum((count - expected) ** 2 / expected for count, expected in wanted)
    # The tail of the chi-square distribution in closed form, for two degrees of freedom and for one.
    return math.exp(-distance / 2) if len(wanted) == 3 else math.erfc(math.sqrt(distance / 2))


def _grown(draws: Sequence[np.ndarray]) -> Numbers:
    """How many distinct positions the first draw, the first two draws and so on hold."""
    _, first = np.unique(np.concatenate(draws), return_index=True)
    epochs = np.repeat(np.arange(len(draws)), [len(draw) for draw in draws])[first]
    return np.cumsum(np.bincount(epochs, minlength=len(draws))).astype(np.float64)


def _plot(kept: dict[str, list[Numbers]], rate: float) -> Plot:
    """The means of all seeds; dynamic masks with a band from the least to the most."""
    epochs = np.arange(1, EPOCHS + 1, dtype=np.float64)
    curves = []
    for name, rows in kept.items():
        mean = 100 * np.mean(rows, axis=0)
        low, high = (100 * np.min(rows, axis=0), 100 * np.max(rows, axis=0)) if name == DYNAMIC else (None, None)
        curves.append(Series(name, measured(epochs), mean, low, high, ink=INKS[name]))
    expected = Series(EXPECTED, measured(epochs), 100 * (1 - (1 - rate) ** epochs), dashed=True)
    across = Axis("epochs", low=1, high=EPOCHS)
    return Plot(COVERAGE, across, Axis("ever chosen", "%", 0, 100), (*curves, expected))
