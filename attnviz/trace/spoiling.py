"""A text in which words were replaced, as ELECTRA is trained on it, and how well a discriminator tells them (Clark et al. 2020)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from attnviz.trace.answers import Candidate
from attnviz.trace.detection import HALF, Detected
from attnviz.trace.record import Record
from attnviz.trace.tokens import Tokens


@dataclass(frozen=True, slots=True)
class Drawn:
    """A position of the text that was masked, the word that the generator drew there, and -ln of its probability of the original."""

    position: int
    original: int
    word: Candidate
    loss: float

    @property
    def is_original(self) -> bool:
        """The generator happened to draw the word that was there: it counts as original."""
        return self.word.id == self.original


@dataclass(frozen=True, slots=True, eq=False)
class Spoiled(Record):
    """The text as the discriminator reads it; every tuple has one entry for each of its ``tokens``.

    ``origins`` are the positions in the text of what they stand for (several for a word of several pieces that was put in),
    ``replaced`` says of each whether it is another than stood there. ``drawn`` are the generator's, in order; at positions
    ``by_hand`` of the text the user's words stand instead.
    """

    tokens: Tokens
    origins: tuple[int, ...]
    replaced: tuple[bool, ...]
    drawn: tuple[Drawn, ...]
    by_hand: tuple[int, ...] = ()

    @property
    def loss(self) -> float | None:
        """What a masked model learns from: the mean of -ln p(original) at the masked positions, in nats; None where there is none."""
        return math.fsum(one.loss for one in self.drawn) / len(self.drawn) if self.drawn else None


class Call(StrEnum):
    """What a discriminator says of a word, against what is true."""

    CAUGHT = "caught"
    MISSED = "missed"
    FALSE_ALARM = "false alarm"
    PASSED = "passed"


def call(probability: float, *, replaced: bool) -> Call:
    """A word is called replaced from a probability of one half on."""
    if probability >= HALF:
        return Call.CAUGHT if replaced else Call.FALSE_ALARM
    return Call.MISSED if replaced else Call.PASSED


@dataclass(frozen=True, slots=True)
class Judgement:
    """How well a discriminator told the replaced words of one text; ``loss`` is its mean binary cross-entropy per word, in nats."""

    caught: int
    missed: int
    false_alarms: int
    passed: int
    loss: float | None

    @property
    def judged(self) -> int:
        return self.caught + self.missed + self.false_alarms + self.passed

    @property
    def replaced(self) -> int:
        return self.caught + self.missed

    @property
    def precision(self) -> float | None:
        """Of the words called replaced, the share that is; None where none is called so."""
        return _share(self.caught, self.caught + self.false_alarms)

    @property
    def recall(self) -> float | None:
        """Of the replaced words, the share that is called so; None where none was replaced."""
        return _share(self.caught, self.replaced)

    @property
    def f1(self) -> float | None:
        """The harmonic mean of precision and recall; None where nothing was replaced and nothing called so."""
        return _share(2 * self.caught, 2 * self.caught + self.false_alarms + self.missed)


def judgement(spoiled: Spoiled, detected: Detected) -> Judgement:
    """What was detected against what is true."""
    replaced = np.array([spoiled.replaced[position] for position in detected.positions], dtype=bool)
    calls = [
        call(probability, replaced=bool(true))
        for probability, true in zip(detected.probabilities.tolist(), replaced, strict=True)
    ]
    counts = {kind: calls.count(kind) for kind in Call}
    logits = detected.logits.astype(np.float64)
    losses = np.logaddexp(0.0, np.where(replaced, -logits, logits))
    return Judgement(
        counts[Call.CAUGHT],
        counts[Call.MISSED],
        counts[Call.FALSE_ALARM],
        counts[Call.PASSED],
        float(losses.mean()) if len(losses) else None,
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
