"""Errors by word and by phone: against the binomial, the paired difference by hand, and drawing again."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.jobs.experiments.error_rate import Judged, gained, judged, phone_errors, word_errors


def some(seed: int, count: int) -> list[Judged]:
    chance = np.random.default_rng(seed)
    phones = chance.integers(2, 12, count)
    return [Judged(int(chance.binomial(size, 0.1)), int(size)) for size in phones]


def test_the_nearest_way_counts_and_of_two_the_shorter() -> None:
    """One edit to a way of three phones, one to a way of two: the latter."""
    assert judged("AB", [("A", "B", "C", "D"), ("A", "B", "C"), ("A",)]) == Judged(1, 1)
    assert judged("AB", [("A", "C"), ("A", "B")]) == Judged(0, 2)
    assert judged("", [("A", "C")]) == Judged(2, 2)


def test_the_error_of_a_share_is_binomial() -> None:
    """√(p (1 − p) / n)."""
    words = some(1, 50)
    wrong = sum(word.edits > 0 for word in words) / 50
    rate = word_errors(words)
    assert rate.value == wrong
    assert rate.error == pytest.approx((wrong * (1 - wrong) / 50) ** 0.5)


def test_the_error_of_a_ratio_is_that_of_drawing_again() -> None:
    """Edits per phone, with the words drawn anew 4,000 times."""
    words = some(2, 200)
    rate = phone_errors(words)
    assert rate.value == sum(word.edits for word in words) / sum(word.phones for word in words)
    numbers = np.array([(word.edits, word.phones) for word in words])
    again = np.random.default_rng(0).integers(0, 200, (4000, 200))
    ratios = numbers[again, 0].sum(1) / numbers[again, 1].sum(1)
    assert rate.error == pytest.approx(ratios.std(), rel=0.05)


def test_a_gain_is_paired_word_by_word() -> None:
    """The mean of the differences and its standard error, by hand; a model gains nothing over itself, with no doubt."""
    before, after = some(3, 80), some(4, 80)
    apart = np.array([float(one.edits > 0) - float(two.edits > 0) for one, two in zip(before, after, strict=True)])
    gain, error = gained(word_errors(before), word_errors(after))
    assert gain == pytest.approx(apart.mean())
    assert error == pytest.approx(apart.std() / 80**0.5)
    assert gained(phone_errors(before), phone_errors(before)) == (0.0, 0.0)
