"""Staged weights: one is set, the others keep their proportions, and the sum stays 1."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.edits import SetWeights
from attnviz.trace import frozen
from attnviz.views.step_stage import StagedWeights

OWN = frozen(np.array((0.5, 0.3, 0.2, 0.0)))


def staged(scores: tuple[float, ...] | None = None) -> StagedWeights:
    return StagedWeights.of(2, OWN, None if scores is None else frozen(np.array(scores)))


def test_the_others_keep_their_proportions() -> None:
    """0.5 → 0.1: 0.3 and 0.2 are scaled by 0.9 / 0.5, and the factor is told."""
    moved = staged().with_weight(0, 0.1)
    assert moved.weights == pytest.approx((0.1, 0.54, 0.36, 0.0), abs=1e-6)
    assert moved.factor == pytest.approx(1.8)
    assert moved.says() == "others × 1.80, sum 1.00"


@pytest.mark.parametrize("seed", range(5))
def test_many_drags_stay_a_distribution(seed: int) -> None:
    """Whatever is dragged wherever, the weights are from 0 to 1 and sum to 1."""
    draw = np.random.default_rng(seed)
    at = staged()
    for _ in range(50):
        at = at.with_weight(int(draw.integers(4)), float(draw.uniform(-0.5, 1.5)))
        assert at.weights.min() >= 0
        assert at.total == pytest.approx(1.0, abs=1e-9)


def test_taking_from_a_token_that_had_everything_shares_evenly() -> None:
    """Nothing can be scaled up from 0; hidden tokens get nothing even then."""
    at = staged((1.0, 1.0, 1.0, -np.inf)).all_on(0).with_weight(0, 0.4)
    assert at.weights == pytest.approx((0.4, 0.3, 0.3, 0.0))
    assert at.factor is None


def test_uniform_leaves_hidden_tokens_out() -> None:
    """A token whose score is −∞ stays at 0."""
    assert staged((1.0, -np.inf, 1.0, 1.0)).uniform().weights == pytest.approx((1 / 3, 0, 1 / 3, 1 / 3))


def test_a_single_token_keeps_everything() -> None:
    """There is nobody to give to."""
    alone = StagedWeights.of(0, frozen(np.ones(1))).with_weight(0, 0.2)
    assert alone.weights == pytest.approx((1.0,))


def test_only_what_differs_counts_as_moved() -> None:
    """Back where it was is not moved."""
    assert not staged().moved
    assert staged().with_weight(0, 0.1).moved
    assert not staged().with_weight(0, 0.1).with_weight(0, 0.5).moved


def test_the_edit_holds_the_staged_numbers() -> None:
    """The edit's own check of the sum passes."""
    assert staged().all_on(1).edit() == SetWeights(2, (0.0, 1.0, 0.0, 0.0))
