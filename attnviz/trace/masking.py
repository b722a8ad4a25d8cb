"""What masking is asked for and what it did: the rule of BERT's pre-training, and which positions it chose in one text."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from attnviz.errors import JobError
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
