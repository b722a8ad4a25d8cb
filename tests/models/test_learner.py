"""Training step by step: AdamW, clipping and the rate against arithmetic by hand."""

from __future__ import annotations

import copy
import math
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from attnviz.models.experiments.learner import Course, Learner, share_of_rate

COURSE = Course(steps=6, rate=0.1, warm_up=2, clip=0.5, decay=0.2)


def _squared(weights: nn.Parameter, aim: torch.Tensor) -> torch.Tensor:
    return ((weights - aim) ** 2).sum()


def _mean_square(model: nn.Module, batch: torch.Tensor) -> torch.Tensor:
    return model(batch).square().mean()


def test_three_steps_are_adamw_by_hand() -> None:
    """Kingma & Ba 2015 with the decay of Loshchilov & Hutter 2019 in numpy, gradients clipped to the norm 0.5."""
    weights = nn.Parameter(torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64))
    aim = torch.tensor([3.0, 1.0, 0.4], dtype=torch.float64)
    learner = Learner([weights], COURSE)
    known = weights.detach().numpy().copy()
    mean, square = np.zeros(3), np.zeros(3)
    for step, share in enumerate((0.5, 1.0, 1.0), 1):
        loss = learner.learn(partial(_squared, weights, aim))
        gradient = 2 * (known - aim.numpy())
        assert loss == pytest.approx((gradient**2).sum() / 4)
        gradient *= min(1.0, 0.5 / np.linalg.norm(gradient))
        mean, square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
        rate = 0.1 * share
        known = known * (1 - rate * 0.2)
        known = known - rate * (mean / (1 - 0.9**step)) / (np.sqrt(square / (1 - 0.999**step)) + 1e-8)
        np.testing.assert_allclose(weights.detach().numpy(), known, rtol=1e-9)
    assert learner.step == 3


def test_a_models_steps_are_those_of_torchs_optimiser() -> None:
    """AdamW and clip_grad_norm_ of torch on a copy, over ten batches that are clipped and not."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.LayerNorm(7), nn.Linear(7, 1))
    known = copy.deepcopy(model)
    course = replace(COURSE, steps=10, rate=0.01, clip=2.2)
    learner = Learner(list(model.parameters()), course)
    optimiser = torch.optim.AdamW(known.parameters(), weight_decay=course.decay)
    norms = []
    for step in range(10):
        batch = torch.randn(6, 5) * (step + 1)
        loss = learner.learn(partial(_mean_square, model, batch))
        optimiser.param_groups[0]["lr"] = course.rate * share_of_rate(step, 2, 10)
        optimiser.zero_grad()
        expected = _mean_square(known, batch)
        expected.backward()
        norms.append(float(nn.utils.clip_grad_norm_(known.parameters(), course.clip)))
        optimiser.step()
        assert loss == pytest.approx(expected.item(), rel=1e-5)
        for mine, theirs in zip(model.parameters(), known.parameters(), strict=True):
            torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-6)
    assert min(norms) < course.clip < max(norms)


def test_the_rate_rises_and_follows_a_cosine() -> None:
    """Two steps up, then half a cosine over the four that are left."""
    shares = [share_of_rate(step, 2, 6) for step in range(6)]
    expected = [0.5, 1.0, *((1 + math.cos(math.pi * part / 4)) / 2 for part in range(4))]
    assert shares == pytest.approx(expected)


def test_it_learns_where_gradients_are_switched_off_around_it() -> None:
    """A worker that only looked before has them off."""
    weights = nn.Parameter(torch.ones(2))
    with torch.no_grad():
        Learner([weights], COURSE).learn(partial(_squared, weights, torch.zeros(2)))
    assert (weights < 1).all()
