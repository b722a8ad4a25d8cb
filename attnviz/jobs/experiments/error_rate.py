"""Errors by the word or by the phone, how far chance may have moved them, and what one model gains over another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnviz.text.edit_distance import edit_distance

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer: how many edits it is away from the nearest way to say the word, and how many phones that has."""

    edits: int
    phones: int


def judged(answer: Sequence[str], sounds: Iterable[Sequence[str]]) -> Judged:
    """Of the ways that are equally near the one of fewest phones counts."""
    edits, phones = min((edit_distance(answer, sound), len(sound)) for sound in sounds)
    return Judged(edits, phones)


@dataclass(frozen=True, slots=True, eq=False)
class Rate:
    """Σ ``errors`` / Σ ``chances``, each (words,), and what each word adds to the ratio's deviation.

    The standard error is that of a ratio (linearised): of wrong words, where every word is one chance, it is the binomial √(p (1 − p) / n).
    """

    errors: Numbers
    chances: Numbers

    @property
    def value(self) -> float:
        return float(self.errors.sum() / self.chances.sum())

    @property
    def deviations(self) -> Numbers:
        found: Numbers = (self.errors - self.value * self.chances) / self.chances.sum()
        return found

    @property
    def error(self) -> float:
        return float(np.sqrt((self.deviations**2).sum()))


def word_errors(words: Sequence[Judged]) -> Rate:
    """How many of the words have an edit."""
    return Rate(np.array([float(word.edits > 0) for word in words]), np.ones(len(words)))


def phone_errors(words: Sequence[Judged]) -> Rate:
    """How many edits there are for each phone."""
    return Rate(np.array([float(word.edits) for word in words]), np.array([float(word.phones) for word in words]))


def gained(before: Rate, after: Rate) -> tuple[float, float]:
    """How much lower the second rate is on the very same words, and the standard error of that."""
    apart = before.deviations - after.deviations
    return before.value - after.value, float(np.sqrt((apart**2).sum()))
