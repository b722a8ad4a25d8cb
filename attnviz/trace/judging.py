"""Whether one sentence follows another, as a model's next-sentence head judges it."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.trace.record import Floats, Record, Slot

IS_NEXT, NOT_NEXT = 0, 1
"""The two logits of the head, in BERT's own order (Devlin et al. 2019)."""


@dataclass(frozen=True, slots=True, eq=False)
class PairJudgement(Record):
    """A pair judged from the first token's last state: pooled = tanh(dense), logits = weights · pooled + bias.

    ``dense`` and ``pooled`` are (hidden,), ``weights`` (2, hidden), ``bias``, ``logits`` and ``probabilities`` (2,), is-next first.
    """

    dense: Floats
    pooled: Floats
    weights: Floats
    bias: Floats
    logits: Floats
    probabilities: Floats

    @property
    def is_next(self) -> float:
        """The probability that the second sentence follows the first."""
        return float(self.probabilities[IS_NEXT])

    @property
    def contributions(self) -> Floats:
        """What each coordinate of the pooled state adds to logit(is next) - logit(is not), (hidden,)."""
        found: Floats = (self.weights[IS_NEXT] - self.weights[NOT_NEXT]) * self.pooled
        return found

    @property
    def bias_contribution(self) -> float:
        """What the head adds whatever it reads."""
        return float(self.bias[IS_NEXT] - self.bias[NOT_NEXT])

    @property
    def difference(self) -> float:
        """Logit(is next) - logit(is not): the log-odds of is-next."""
        return float(self.logits[IS_NEXT] - self.logits[NOT_NEXT])


@dataclass(frozen=True, slots=True)
class Verdict(Record):
    """The probability that the second sentence of pair number ``place`` follows its first."""

    place: int
    is_next: float

    @property
    def slot(self) -> Slot:
        return (Verdict, self.place)
