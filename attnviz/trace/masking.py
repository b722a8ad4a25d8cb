"""What masking is asked for and what it did: the rule of BERT's pre-training, and which positions it chose in one text."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from attnviz.errors import JobError
from attnviz.trace.answers import Candidates
from attnviz.trace.record import Record

TOLERANCE = 1e-6


class Treatment(StrEnum):
    """What became of a chosen token: hidden behind ``[MASK]``, replaced by a random piece, or kept as it was."""

    MASK = "mask"
    RANDOM = "random"
    KEPT = "kept"


class Unit(StrEnum):
    """What is chosen as one: a token (Devlin et al. 2019), a whole word, or a span of words (Joshi et al. 2020)."""

    TOKEN = "token"  # noqa: S105 - a piece of text, no password
    WORD = "word"
    SPAN = "span"


@dataclass(frozen=True, slots=True)
class Masking:
    """The rule: the share of tokens to choose, and of those the shares to mask, replace at random and keep. Raises JobError."""

    rate: float = 0.15
    split: tuple[float, float, float] = (0.8, 0.1, 0.1)
    unit: Unit = Unit.TOKEN

    def __post_init__(self) -> None:
        if not 0 <= self.rate <= 1:
            raise JobError(f"The mask rate must lie between 0 and 1, not {self.rate}.", "BAD_RATE")
        if not all(share >= 0 for share in self.split) or abs(sum(self.split) - 1) > TOLERANCE:
            shares = ", ".join(f"{share:g}" for share in self.split)
            sentence = (
                f"The shares of masked, random and kept must not be negative and must add up to 1; {shares} do not."
            )
            raise JobError(sentence, "BAD_SPLIT")


@dataclass(frozen=True, slots=True)
class Chosen:
    """One position that is to be predicted: ``original`` is the id that stands there, ``shown`` the id that the model sees."""

    position: int
    original: int
    treatment: Treatment
    shown: int


@dataclass(frozen=True, slots=True)
class Sampled(Record):
    """One draw from the Tokens: ``chosen`` in the text's order, of each the piece that is ``shown`` and its readable form.

    ``candidates`` counts the tokens that might have been chosen: all but special ones and masks.
    """

    masking: Masking
    seed: int
    epoch: int
    candidates: int
    chosen: tuple[Chosen, ...]
    shown: tuple[str, ...]
    shown_labels: tuple[str, ...]

    def count(self, treatment: Treatment) -> int:
        """How many tokens were treated so."""
        return sum(one.treatment is treatment for one in self.chosen)


@dataclass(frozen=True, slots=True)
class LongRun(Record):
    """What many draws from the same text chose in all: ``treated`` counts the masked, the random and the kept.

    ``candidates`` counts those of one draw; ``fit`` is the probability of shares at least as far from the split by chance alone (Pearson's
    chi-square test), None where the treatments don't fall one by one or there is nothing to compare.
    """

    masking: Masking
    candidates: int
    draws: int
    treated: tuple[int, int, int]
    fit: float | None = None

    @property
    def chosen(self) -> int:
        return sum(self.treated)


@dataclass(frozen=True, slots=True)
class Learning:
    """What training would make of one draw: the mean loss in nats, and how many of the predicted tokens came first."""

    loss: float
    predicted: int
    right: int
    masked: int
    right_masked: int


def loss(record: Candidates) -> float:
    """The original word's loss at its position: -ln of its probability, in nats; not a number where it is unknown."""
    if record.probability is None or not record.probability >= 0:
        return math.nan
    return -math.log(record.probability) if record.probability else math.inf


def learning(sampled: Sampled, predictions: Iterable[Candidates]) -> Learning | None:
    """Of those predictions that are there; None without any."""
    found = {record.position: record for record in predictions}
    chosen = [one for one in sampled.chosen if one.position in found]
    if not chosen:
        return None
    right = [found[one.position].rank == 1 for one in chosen]
    masked = [one.treatment is Treatment.MASK for one in chosen]
    mean = sum(loss(found[one.position]) for one in chosen) / len(chosen)
    both = sum(first and mask for first, mask in zip(right, masked, strict=True))
    return Learning(mean, len(chosen), sum(right), sum(masked), both)
