"""What a discriminator said against what is true, counted by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from attnviz.trace import Call, Detected, Spoiled, Tokens, call, frozen, judgement

COUNT = 6
TOKENS = Tokens(
    text="a b c d",
    ids=tuple(range(COUNT)),
    pieces=tuple("<abcd>"),
    labels=tuple("<abcd>"),
    spans=(None, *((place, place + 1) for place in (0, 2, 4, 6)), None),
    segments=(0,) * COUNT,
    special=(True, False, False, False, False, True),
    words=(None, 0, 1, 2, 3, None),
)
SPOILED = Spoiled(TOKENS, tuple(range(COUNT)), (False, True, True, False, False, False), ())


def detected(*logits: float) -> Detected:
    return Detected(tuple(range(1, 1 + len(logits))), frozen(np.array(logits)))


def test_every_kind_of_call_is_counted() -> None:
    """Caught, missed, a false alarm and a word let pass: precision and recall are one half each."""
    found = judgement(SPOILED, detected(2.0, -1.0, 0.0, -3.0))
    assert (found.caught, found.missed, found.false_alarms, found.passed) == (1, 1, 1, 1)
    assert (found.judged, found.replaced) == (4, 2)
    assert (found.precision, found.recall, found.f1) == (0.5, 0.5, 0.5)


def test_the_loss_is_the_mean_binary_cross_entropy() -> None:
    """-ln of the probability of what is true, in nats, over all that are judged."""
    logits = (2.0, -1.0, 0.0, -3.0)
    sigmoid = [1 / (1 + math.exp(-logit)) for logit in logits]
    expected = -(math.log(sigmoid[0]) + math.log(sigmoid[1]) + math.log(1 - sigmoid[2]) + math.log(1 - sigmoid[3])) / 4
    assert judgement(SPOILED, detected(*logits)).loss == pytest.approx(expected)


def test_a_loss_beyond_what_probabilities_can_hold_is_finite() -> None:
    """A logit of 1,000 against the truth costs 1,000 nats, though the probability is 1 to the last bit."""
    found = judgement(SPOILED, detected(-1000.0, 1000.0, -1000.0, 1000.0))
    assert found.loss == pytest.approx(500.0)


@pytest.mark.parametrize(
    ("replaced", "logits", "expected"),
    [
        ((False,) * 6, (-1.0,) * 4, (None, None, None)),
        ((False,) * 6, (1.0,) * 4, (0.0, None, 0.0)),
        (SPOILED.replaced, (-1.0,) * 4, (None, 0.0, 0.0)),
        (SPOILED.replaced, (1.0, 1.0, -1.0, -1.0), (1.0, 1.0, 1.0)),
        ((False,) * 6, (), (None, None, None)),
    ],
)
def test_shares_of_nothing_are_not_numbers(
    replaced: tuple[bool, ...], logits: tuple[float, ...], expected: tuple[float | None, ...]
) -> None:
    """No precision where nothing is called replaced, no recall where nothing was."""
    found = judgement(replace(SPOILED, replaced=replaced), detected(*logits))
    assert (found.precision, found.recall, found.f1) == expected
    assert (found.loss is None) == (not logits)


def test_one_half_is_called_replaced() -> None:
    """The border belongs to "replaced", as in the figures of the recipes."""
    assert call(0.5, replaced=True) is Call.CAUGHT
    assert call(0.4999, replaced=True) is Call.MISSED


def test_probabilities_are_the_same_one_by_one_and_together() -> None:
    """The sigmoid, of very large logits too; a position that nobody judges has none."""
    found = detected(-800.0, -1.0, 0.0, 800.0)
    assert found.probabilities.tolist() == pytest.approx([0.0, 1 / (1 + math.e), 0.5, 1.0])
    assert [found.probability(position) for position in range(1, 5)] == found.probabilities.tolist()
    assert found.probability(0) is found.probability(5) is None
