"""The logit lens: hidden states of every layer read by the head that reads the last one's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from attnviz.models.attention import numbers
from attnviz.models.finite import finite
from attnviz.trace import Hidden, Lens, Progress, Record

MOST_NUMBERS = 2**24  # 64 MiB of float32, held by the logits and what is made of them
TEMPORARIES = 3


@dataclass(frozen=True, slots=True)
class Reader:
    """A model's own head: logits (rows, vocabulary) of states (rows, hidden), and what its ids are called."""

    logits: Callable[[Tensor], Tensor]
    vocabulary: int
    label: Callable[[int], str]
    device: torch.device


@torch.inference_mode()
def read_lens(reader: Reader, hidden: Sequence[Hidden], known: Sequence[int | None], top: int) -> Iterator[Record]:
    """A Lens for every one of ``hidden``, in order, with a Progress before each; the last left the last layer.

    ``known`` are the words to be followed, position by position; None is the one that the last layer puts first.
    """
    last = hidden[-1]
    yield Progress("reading the layers by the model's own head", 0, len(hidden))
    watched = _watched(reader, last, known)
    labels = tuple(map(reader.label, watched.tolist()))
    for number, record in enumerate(hidden, 1):
        yield _read(reader, record, watched, labels, top)
        yield Progress("reading the layers by the model's own head", number, len(hidden))


def _watched(reader: Reader, last: Hidden, known: Sequence[int | None]) -> Tensor:
    """The word whose way is followed at each position, (tokens,)."""
    best = torch.cat([logits.argmax(-1) for logits in _logits(reader, last)])  # (tokens,)
    for place, original in enumerate(known):
        if original is not None:
            best[place] = original
    return best


def _read(reader: Reader, record: Hidden, watched: Tensor, labels: tuple[str, ...], top: int) -> Lens:
    parts: list[tuple[Tensor, ...]] = []
    done = 0
    for logits in _logits(reader, record):
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
    label = {number: reader.label(number) for number in np.unique(words).tolist()}
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


def _logits(reader: Reader, record: Hidden) -> Iterator[Tensor]:
    """The head's logits of all positions, as many at a time as fit, (rows, vocabulary)."""
    rows = max(1, MOST_NUMBERS // (TEMPORARIES * reader.vocabulary))
    states = torch.tensor(record.states, device=reader.device)  # (tokens, hidden)
    for part in states.split(rows):
        yield reader.logits(part)


def _counts(values: Tensor) -> NDArray[np.int64]:
    array: NDArray[np.int64] = values.to("cpu", torch.int64).numpy().copy()
    array.flags.writeable = False
    return array
