"""What a model predicts where masking chose: one forward on the text as training would show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from attnviz.models.checkpoint import Checkpoint, standing
from attnviz.trace import Candidates, Progress, Record, Sampled, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator


def predict_sampled(checkpoint: Checkpoint, tokens: Tokens, sampled: Sampled, top: int) -> Iterator[Record]:
    """Yield Candidates for every chosen position, in order: the ``top`` words, and how the original one stands. Raises CheckpointError."""
    if not sampled.chosen:
        return
    ids = list(tokens.ids)
    for one in sampled.chosen:
        ids[one.position] = one.shown
    row = torch.tensor([ids], dtype=torch.long, device=checkpoint.device)  # (1, tokens)
    places = [(0, one.position) for one in sampled.chosen]
    here = Progress("predicting what was chosen", 0, len(places))
    probabilities = yield from checkpoint.predict(row, tokens, places, here)
    for one, row in zip(sampled.chosen, probabilities, strict=True):
        probability, rank = standing(row, one.original)
        [entries] = checkpoint.best(row[None], top)
        yield Candidates(one.position, entries, checkpoint.codec.label(one.original), rank, probability)
