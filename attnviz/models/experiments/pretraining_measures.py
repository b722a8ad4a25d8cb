"""What a pre-trained model is measured by: masked words predicted, replaced words found; and the losses that it learns by."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - the name that everyone knows
from torch import Tensor

from attnviz.models.bert import Bert
from attnviz.models.masks import Masked


class Judged(NamedTuple):
    """Words behind the held-out masks: how many were predicted, of how many, and the loss in nats a word."""

    right: int
    total: int
    loss: float

    @property
    def accuracy(self) -> float:
        return self.right / self.total


class Detected(NamedTuple):
    """Replaced words of held-out text: F1 at a probability of one half, and the area under the ROC curve."""

    f1: float
    area: float


def word_logits(model: Bert, batch: Masked) -> Tensor:
    """What a masked-word head says at the chosen places, (chosen, vocabulary)."""
    return model.word_logits(model(batch.ids)[batch.rows, batch.columns])


def masked_loss(model: Bert, batch: Masked) -> Tensor:
    """Cross-entropy in nats a word at the chosen places."""
    return F.cross_entropy(word_logits(model, batch), batch.wanted)


def replaced(batch: Masked, logits: Tensor, chance: torch.Generator) -> Tensor:
    """The text with words drawn from (chosen, vocabulary) logits at its masks; a word drawn as it was is no replacement."""
    drawn = torch.multinomial(logits.softmax(-1), 1, generator=chance)[:, 0]  # (chosen,)
    return batch.ids.index_put((batch.rows, batch.columns), drawn)


@torch.inference_mode()
def judged(logits_of: Callable[[Masked], Tensor], held_out: Sequence[Masked]) -> Generator[None, None, Judged]:
    """Yield after every batch; return how many masked words are the most probable ones."""
    right = total = 0
    nats = 0.0
    for batch in held_out:
        logits = logits_of(batch)  # (chosen, vocabulary)
        right += int((logits.argmax(-1) == batch.wanted).sum())
        nats += float(F.cross_entropy(logits, batch.wanted, reduction="sum"))
        total += len(batch.wanted)
        yield
    return Judged(right, total, nats / total)


def detection(logits: Tensor, truth: Tensor) -> Detected:
    """F1 of "replaced" where its logit is above 0, and the chance that a replaced word's logit is above another's."""
    said = logits > 0
    hits = int((said & truth).sum())
    f1 = 2 * hits / max(int(said.sum()) + int(truth.sum()), 1)
    _, place, counts = logits.unique(return_inverse=True, return_counts=True)
    ranks = (counts.cumsum(0) - (counts - 1) / 2).double()[place]  # mean rank of equal ones, from 1
    positives, negatives = int(truth.sum()), int((~truth).sum())
    above = float(ranks[truth].sum()) - positives * (positives + 1) / 2
    return Detected(f1, above / (positives * negatives) if positives and negatives else math.nan)
