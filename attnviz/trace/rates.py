"""What a model makes of a text as more and more of it is masked, and of positions that are masked, replaced or left alone."""

from __future__ import annotations

import math
from dataclasses import dataclass

from attnviz.trace.answers import Candidates
from attnviz.trace.record import Record, Slot


@dataclass(frozen=True, slots=True)
class Measured(Record):
    """What is measured on: ``passages`` of a text that together have ``candidates`` for masking and ``tokens`` in all.

    Each passage is masked ``passes`` times at every rate.
    """

    model: str
    passages: int
    tokens: int
    candidates: int
    passes: int


@dataclass(frozen=True, slots=True)
class RatePoint(Record):
    """Predictions at the masks of ``texts`` passages at one mask rate, so far.

    ``right`` of them put the original word first; ``nats`` is the sum of -ln p of the original words, ``squared_nats`` the sum of
    their squares.
    """

    rate: float
    texts: int = 0
    predictions: int = 0
    right: int = 0
    nats: float = 0.0
    squared_nats: float = 0.0

    @property
    def slot(self) -> Slot:
        return (RatePoint, self.rate)

    @property
    def accuracy(self) -> float:
        """The share of masks whose original word is put first; not a number before there are predictions."""
        return self._mean(self.right)

    @property
    def accuracy_error(self) -> float:
        """The binomial standard error of the accuracy, sqrt(p (1 - p) / n)."""
        return math.sqrt(self._mean(self.accuracy * (1 - self.accuracy)))

    @property
    def cross_entropy(self) -> float:
        """The mean of -ln p of the original word, in nats."""
        return self._mean(self.nats)

    @property
    def cross_entropy_error(self) -> float:
        """The standard error of that mean, from the sample's own variance; one prediction has none."""
        if self.predictions < 2:
            return math.nan
        variance = (self.squared_nats - self.nats**2 / self.predictions) / (self.predictions - 1)
        return math.sqrt(max(variance, 0.0) / self.predictions)

    @property
    def supervised(self) -> float:
        """Masked positions per text: what one reading of a text teaches about."""
        return self.predictions / self.texts if self.texts else math.nan

    @property
    def taught(self) -> float:
        """Right answers per text: accuracy × supervised positions."""
        return self.right / self.texts if self.texts else math.nan

    @property
    def taught_error(self) -> float:
        """The accuracy's standard error, for so many positions."""
        return self.accuracy_error * self.supervised

    def _mean(self, total: float) -> float:
        return total / self.predictions if self.predictions else math.nan


@dataclass(frozen=True, slots=True)
class Shown:
    """One position predicted while something is shown there: the candidates with the original's standing, and that of what is shown.

    ``first`` says that the original word is put first.
    """

    candidates: Candidates
    shown: str
    shown_probability: float
    shown_rank: int

    @property
    def first(self) -> bool:
        return self.candidates.rank == 1


@dataclass(frozen=True, slots=True)
class Mismatch(Record):
    """One position predicted three times: with ``[MASK]`` shown there, with a random word, and with the word itself."""

    position: int
    mask: Shown
    random: Shown
    kept: Shown

    @property
    def slot(self) -> Slot:
        return (Mismatch, self.position)

    @property
    def treated(self) -> tuple[Shown, Shown, Shown]:
        """In the order of BERT's shares, 80 %, 10 % and 10 %."""
        return self.mask, self.random, self.kept
