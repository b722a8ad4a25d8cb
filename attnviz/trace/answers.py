"""What a model says: candidates for a position, and how probable the words are that stand there."""

from __future__ import annotations

import math
from dataclasses import dataclass

from attnviz.trace.record import Record, Slot


@dataclass(frozen=True, slots=True)
class Candidate:
    """One vocabulary entry with its probability in [0, 1]."""

    id: int
    token: str
    label: str
    probability: float


@dataclass(frozen=True, slots=True)
class Candidates(Record):
    """The most probable words at one position; ``rank`` (from 1) and ``probability`` are the original word's, if known."""

    position: int
    entries: tuple[Candidate, ...]
    original: str | None = None
    rank: int | None = None
    probability: float | None = None

    @property
    def slot(self) -> Slot:
        return (Candidates, self.position)


@dataclass(frozen=True, slots=True)
class OwnProbability(Record):
    """The probability of the token that stands at ``position``, when that token alone is masked; rank from 1.

    ``expected`` are the words that the model would rather have put there, most probable first. ``log_probability`` is the
    natural logarithm, read from the scores: it stays finite where the probability is too small for a float.
    """

    position: int
    probability: float
    rank: int
    expected: tuple[Candidate, ...] = ()
    log_probability: float | None = None

    @property
    def nats(self) -> float:
        """How surprising the token is: -ln p."""
        if self.log_probability is not None:
            return -self.log_probability
        return -math.log(self.probability) if self.probability > 0 else math.inf

    @property
    def slot(self) -> Slot:
        return (OwnProbability, self.position)


@dataclass(frozen=True, slots=True)
class PseudoLikelihood(Record):
    """The log-probabilities of ``scored`` tokens, each masked in turn, summed up: of the whole text and of each sentence of it.

    Salazar et al. 2020, eq. 1; ``within_word`` hides the later pieces of the same word too (Kauf & Ivanova 2023).
    """

    log_probability: float
    scored: int
    sentences: tuple[tuple[float, int], ...] = ()
    within_word: bool = False

    @property
    def perplexity(self) -> float | None:
        """exp(-PLL / N); None where no token was scored."""
        return pseudo_perplexity(self.log_probability, self.scored)


def pseudo_perplexity(log_probability: float, scored: int) -> float | None:
    """exp(-PLL / N) of N tokens; infinite where that is beyond a float, None where there is no token."""
    if not scored:
        return None
    try:
        return math.exp(-log_probability / scored)
    except OverflowError:
        return math.inf


@dataclass(frozen=True, slots=True)
class Shift(Record):
    """One mask, numbered from 0, predicted twice: ``after`` is from the same text cut by a changed tokenizer or read by a changed model."""

    mask: int
    before: Candidates
    after: Candidates

    @property
    def slot(self) -> Slot:
        return (Shift, self.mask)
