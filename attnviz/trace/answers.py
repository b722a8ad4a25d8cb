"""What a model says: candidates for a position, and how probable the words are that stand there."""

from __future__ import annotations

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

    ``expected`` are the words that the model would rather have put there, most probable first.
    """

    position: int
    probability: float
    rank: int
    expected: tuple[Candidate, ...] = ()

    @property
    def slot(self) -> Slot:
        return (OwnProbability, self.position)


@dataclass(frozen=True, slots=True)
class Shift(Record):
    """One mask, numbered from 0, predicted twice: ``after`` is from the same text cut by a changed tokenizer or read by a changed model."""

    mask: int
    before: Candidates
    after: Candidates

    @property
    def slot(self) -> Slot:
        return (Shift, self.mask)
