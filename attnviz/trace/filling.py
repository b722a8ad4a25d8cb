"""Several masks filled: in which order, with which words, and how probable the whole is."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from attnviz.trace.answers import Candidate, Candidates
from attnviz.trace.record import Record, Slot


class Way(StrEnum):
    """In which order masks are filled: all from one forward, from left to right, or the surest first."""

    JOINT = "joint"
    LEFT_TO_RIGHT = "left-to-right"
    BEST_FIRST = "best-first"


@dataclass(frozen=True, slots=True)
class Filled:
    """A mask and the word that was put there, with its probability at that step and the natural logarithm of it.

    ``rank`` counts from 1 in the model's own list: more than 1 where special tokens, which are never put in, stood before it.
    """

    position: int
    word: Candidate
    log_probability: float
    rank: int = 1


@dataclass(frozen=True, slots=True)
class FillStep(Record):
    """One forward, numbered from 0: ``open`` are the candidates at all masks that were open, ``taken`` what was put in."""

    way: Way
    step: int
    open: tuple[Candidates, ...]
    taken: tuple[Filled, ...]

    @property
    def slot(self) -> Slot:
        return (FillStep, (self.way, self.step))


@dataclass(frozen=True, slots=True)
class Filling(Record):
    """All masks filled one way: the order, the tokens afterwards, and the text.

    ``left_to_right`` and ``pseudo`` measure the words of every way alike: ln p of the words when they are uncovered
    from left to right, and the sum of ln p of each when it alone is masked; None while they are not computed.
    """

    way: Way
    order: tuple[Filled, ...]
    ids: tuple[int, ...]
    text: str
    left_to_right: float | None = None
    pseudo: float | None = None

    @property
    def slot(self) -> Slot:
        return (Filling, self.way)

    @property
    def log_probability(self) -> float:
        """The sum of ln p over the steps of this way: that of the joint way takes the masks for independent."""
        return math.fsum(filled.log_probability for filled in self.order)

    @property
    def words(self) -> dict[int, Filled]:
        """What was put in, by position."""
        return {filled.position: filled for filled in self.order}
