"""Many draws counted, and what they cover, against sets and sums by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from attnviz.text.masking import Masking, Sampler, Unit
from attnviz.text.masking_long_run import COPIED, COPIES, DYNAMIC, EPOCHS, EXPECTED, STATIC, chance, long_run
from attnviz.trace import LongRun, Plot
from tests.text.test_masking import TINY, tokens_of

MASKING = Masking(0.3, (0.5, 0.3, 0.2))
SEEDS = 4


@pytest.fixture(scope="module")
def sampler() -> Sampler:
    return Sampler(tokens_of(*[1, 2, 3] * 4), MASKING, TINY)


def test_all_draws_are_counted(sampler: Sampler) -> None:
    """Every seed in every epoch, by treatment; counted on after each seed."""
    runs = [record for record in long_run(sampler, MASKING, SEEDS) if isinstance(record, LongRun)]
    assert [run.draws for run in runs] == [EPOCHS * seeds for seeds in range(1, SEEDS + 1)]
    draws = [sampler.draw(seed, epoch) for seed in range(SEEDS) for epoch in range(EPOCHS)]
    counts = [sum(int((draw.treatments == kind).sum()) for draw in draws) for kind in range(3)]
    assert runs[-1].treated == tuple(counts)
    assert runs[-1].chosen == sum(counts)
    assert runs[-1].candidates == len(sampler.positions)


def test_coverage_is_the_union_of_the_epochs(sampler: Sampler) -> None:
    """Distinct positions after n epochs: of one mask, of ten masks that come again, of new ones; means and extremes of all seeds."""
    *_, plot = (record for record in long_run(sampler, MASKING, SEEDS) if isinstance(record, Plot))
    curves = {series.name: series for series in plot.series}
    count = len(sampler.positions)
    for name, period in ((STATIC, 1), (COPIED, COPIES), (DYNAMIC, EPOCHS)):
        shares = np.zeros((SEEDS, EPOCHS))
        for seed in range(SEEDS):
            seen: set[int] = set()
            for epoch in range(EPOCHS):
                seen |= set(sampler.draw(seed, epoch % period).positions.tolist())
                shares[seed, epoch] = 100 * len(seen) / count
        np.testing.assert_allclose(curves[name].values, shares.mean(axis=0))
        if name == DYNAMIC:
            np.testing.assert_allclose(curves[name].low, shares.min(axis=0))
            np.testing.assert_allclose(curves[name].high, shares.max(axis=0))
    assert curves[EXPECTED].values[2] == pytest.approx(100 * (1 - 0.7**3))
    assert curves[EXPECTED].dashed


def test_a_text_without_candidates_is_not_measured() -> None:
    """Nothing to draw from, nothing said."""
    assert list(long_run(Sampler(tokens_of(), MASKING, TINY), MASKING, SEEDS)) == []


@pytest.mark.parametrize(
    ("split", "treated", "distance", "freedom"),
    [((0.8, 0.1, 0.1), (78, 13, 9), 4 / 80 + 9 / 10 + 1 / 10, 2), ((0.5, 0.0, 0.5), (40, 0, 60), 4.0, 1)],
)
def test_chance_is_the_tail_of_chi_square(
    split: tuple[float, float, float], treated: tuple[int, int, int], distance: float, freedom: int
) -> None:
    """Against the density, summed up numerically from the distance on."""
    across = np.linspace(distance, distance + 80, 2_000_001)
    density = across ** (freedom / 2 - 1) * np.exp(-across / 2) / (2 ** (freedom / 2) * math.gamma(freedom / 2))
    expected = float(((density[1:] + density[:-1]) / 2 * np.diff(across)).sum())
    assert chance(Masking(split=split), treated) == pytest.approx(expected, rel=1e-5)


def test_where_chance_says_nothing() -> None:
    """Spans share treatments; one treatment alone, or no draw at all, leaves nothing to compare."""
    assert chance(Masking(unit=Unit.SPAN), (8, 1, 1)) is None
    assert chance(Masking(split=(1, 0, 0)), (8, 0, 0)) is None
    assert chance(Masking(), (0, 0, 0)) is None
