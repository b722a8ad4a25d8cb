"""What a pre-training objective asks of a model on one text, and how the model answers."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.trace.record import Record, Slot

BERT, ROBERTA, ELECTRA = ROLES = ("BERT", "RoBERTa", "ELECTRA")


@dataclass(frozen=True, slots=True)
class Objective(Record):
    """The objective of ``role``, asked of one model on one text over ``draws`` seeded masks; counts and ``nats`` are sums over all of them.

    ``supervised`` positions have a loss. Of masked words ``right`` were the model's first choice; replaced ones were ``caught`` or
    ``missed``, and originals taken for replaced are ``false_alarms``. ``pieces`` leaves special tokens out.
    """

    role: str
    family: str
    name: str
    parameters: int
    vocabulary: int
    longest: int
    pieces: int
    draws: int = 0
    supervised: int = 0
    nats: float = 0.0
    right: int = 0
    caught: int = 0
    missed: int = 0
    false_alarms: int = 0

    @property
    def slot(self) -> Slot:
        return (Objective, self.role)

    @property
    def per_text(self) -> float | None:
        """Supervised positions of one text, on average."""
        return self.supervised / self.draws if self.draws else None

    @property
    def loss(self) -> float | None:
        """Mean loss of a supervised position, in nats."""
        return self.nats / self.supervised if self.supervised else None

    @property
    def accuracy(self) -> float | None:
        """Share of masked words that were the first choice."""
        return self.right / self.supervised if self.supervised and self.role != ELECTRA else None

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall of "replaced"; accuracy would flatter, for most words are originals."""
        told = 2 * self.caught + self.missed + self.false_alarms
        return 2 * self.caught / told if told else None
