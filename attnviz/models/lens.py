"""The logit lens of an encoder: hidden states of every layer read by the head that reads the last one's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from attnviz.models.attention import numbers
from attnviz.models.finite import finite
from attnviz.trace import Hidden, Lens, Progress, Record, Tokens

if TYPE_CHECKING:
    from attnviz.models.checkpoint import Checkpoint

MOST_NUMBERS = 2**24  # 64 MiB of float32, held by the logits and what is made of them
TEMPORARIES = 3


@torch.inference_mode()
def read_lens(checkpoint: Checkpoint, hidden: Sequence[Hidden], tokens: Tokens, top: int) -> Iterator[Record]:
    """A Lens for every one of ``hidden``, in order, with a Progress before each; the last left the last layer."""
    last = hidden[-1]
    yield Progress("reading the layers by the model's own head", 0, len(hidden))
    watched = _watched(checkpoint, last, tokens)
    labels = tuple(map(checkpoint.codec.label, watched.tolist()))
    for number, record in enumerate(hidden, 1):
        yield _read(checkpoint, record, watched, labels, top)
        yield Progress("reading the layers by the model's own head", number, len(hidden))


def _watched(checkpoint: Checkpoint, last: Hidden, tokens: Tokens) -> Tensor:
    """The word whose way is followed at each position: the masked one, else the last layer's first, (tokens,)."""
    best = torch.cat([logits.argmax(-1) for logits in _logits(checkpoint, last)])  # (tokens,)
    for place, original in enumerate(tokens.originals):
        if original is not None:
            best[place] = original
    return best


def _read(checkpoint: Checkpoint, record: Hidden, watched: Tensor, labels: tuple[str, ...], top: int) -> Lens:
    parts: list[tuple[Tensor, ...]] = []
    done = 0
    for logits in _logits(checkpoint, record):
        logs = finite(logits).log_softmax(-1)  # (rows, vocabulary)
        del logits
        own = logs.gather(-1, watched[done : done + len(logs), None])  # (rows, 1)
        ranks = (logs > own).sum(-1) + 1  # (rows,)
        best = logs.topk(min(top, logs.shape[-1]), -1)
        entropy = -(logs.exp() * logs.clamp_min(torch.finfo(logs.dtype).min)).sum(-1)  # (rows,)
        parts.append((best.indices, best.values.exp(), entropy, own[:, 0].exp(), ranks))
        done += len(logs)
    ids, probabilities, entropy, standing, ranks = (torch.cat(each) for each in zip(*parts, strict=True))
    words = _counts(ids)
    label = {number: checkpoint.codec.label(number) for number in np.unique(words).tolist()}
    return Lens(
        site=record.site,
        layer=record.layer,
        ids=words,
        labels=tuple(tuple(label[number] for number in row) for row in words.tolist()),
        probabilities=numbers(probabilities),
        entropy=numbers(entropy),
        watched=_counts(watched),
        watched_labels=labels,
        watched_probabilities=numbers(standing),
        watched_ranks=_counts(ranks),
    )


def _logits(checkpoint: Checkpoint, record: Hidden) -> Iterator[Tensor]:
    """The head's logits of all positions, as many at a time as fit, (rows, vocabulary)."""
    model = checkpoint.model
    rows = max(1, MOST_NUMBERS // (TEMPORARIES * model.config.vocabulary))
    states = torch.tensor(record.states, device=checkpoint.device)  # (tokens, hidden)
    for part in states.split(rows):
        yield model.word_logits(part)


def _counts(values: Tensor) -> NDArray[np.int64]:
    array: NDArray[np.int64] = values.to("cpu", torch.int64).numpy().copy()
    array.flags.writeable = False
    return array
