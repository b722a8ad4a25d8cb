"""Predictions for masks anywhere in a long text: each from the window that has most of the text on both sides of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from attnviz.models.checkpoint import MOST_MASKS, Checkpoint, standing
from attnviz.text.windows import cut, slide
from attnviz.trace import Candidates, Progress, Record, Tokens, Windows

if TYPE_CHECKING:
    from collections.abc import Iterator


def read_windows(checkpoint: Checkpoint, tokens: Tokens, stride: int | None, top: int) -> Iterator[Record]:
    """Yield the Windows over ``tokens``, uncut, then Candidates for the masks that they hold. Raises CheckpointError and JobError."""
    found = slide(tokens, checkpoint.model.config.longest, stride, MOST_MASKS)
    yield found
    yield from _predict(checkpoint, tokens, found, top)


def _predict(checkpoint: Checkpoint, tokens: Tokens, found: Windows, top: int) -> Iterator[Record]:
    """One forward for each window that answers."""
    asked = sorted({window for _, window in found.answers})
    for done, number in enumerate(asked):
        window = found.windows[number]
        part = cut(tokens, window)
        row = torch.tensor([part.ids], dtype=torch.long, device=checkpoint.device)  # (1, tokens)
        masks = [position for position, answering in found.answers if answering == number]
        before = found.windows[0].first
        places = [(0, position - window.first + before) for position in masks]
        here = Progress("reading window by window", done, len(asked))
        yield here
        probabilities = yield from checkpoint.predict(row, part, places, here)  # (masks, vocabulary)
        for position, row_of_mask, entries in zip(
            masks, probabilities, checkpoint.best(probabilities, top), strict=True
        ):
            original = tokens.originals[position]
            if original is None:
                yield Candidates(position, entries)
            else:
                probability, rank = standing(row_of_mask, original)
                yield Candidates(position, entries, checkpoint.codec.label(original), rank, probability)
