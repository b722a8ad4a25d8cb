"""Greedy decoding of many held-out sources at once, for any model that can take one step."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from attnviz.models.seq2seq import Seq2seq
from attnviz.models.transformer import Transformer
from checkpoints.recipes.training import BEGIN, END

AT_ONCE = 512


class Decoding(Protocol):
    """A group of sources on its way to an answer."""

    def advance(self, previous: Tensor) -> Tensor:
        """The logits (batch, target vocabulary) of the next word; ``previous`` (batch,) holds the words before it."""


class Recurrent:
    """A recurrent decoder keeps its state, so that a step costs one step."""

    def __init__(self, model: Seq2seq, source: Tensor) -> None:
        self._model = model
        self._encoded = model.encode(source)
        self._state = self._encoded.fixed

    def advance(self, previous: Tensor) -> Tensor:
        step = self._model.steps(previous[:, None], self._state, self._encoded)
        self._state = step.hidden[:, -1]  # (batch, decoder_width)
        return step.logits[:, -1]  # (batch, target vocabulary)


class Remembered:
    """A Transformer keeps the keys and values of the words so far, so that a step costs one step."""

    def __init__(self, model: Transformer, source: Tensor) -> None:
        self._model = model
        self._state = model.start(source)

    def advance(self, previous: Tensor) -> Tensor:
        step = self._model.decode(self._state, previous[:, None])
        self._state = step.state
        return step.logits[:, -1]  # (batch, target vocabulary)


class Repeated:
    """Whatever has ``forward(source, previous)`` can be asked again from the beginning at every step."""

    def __init__(self, model: nn.Module, source: Tensor) -> None:
        self._model, self._source = model, source
        self._previous = source.new_empty((len(source), 0))

    def advance(self, previous: Tensor) -> Tensor:
        self._previous = torch.cat([self._previous, previous[:, None]], dim=1)  # (batch, steps)
        logits: Tensor = self._model(self._source, self._previous)  # (batch, steps, target vocabulary)
        return logits[:, -1]  # (batch, target vocabulary)


@torch.inference_mode()
def greedy(
    model: nn.Module,
    sources: Sequence[tuple[int, ...]],
    longest: int,
    begin: Callable[[Tensor], Decoding] | None = None,
) -> list[tuple[int, ...]]:
    """The most probable word at every step until the end sign, in groups of sources of equal length.

    ``begin`` says how ``model`` decodes; without it a Seq2seq or a Transformer keeps its state and any other is asked again.
    """
    training = model.training
    model.eval()
    if begin is None:
        begin = _usual(model)
    answers: dict[int, tuple[int, ...]] = {}
    by_length: dict[int, list[int]] = defaultdict(list)
    for index, source in enumerate(sources):
        by_length[len(source)].append(index)
    for indices in by_length.values():
        for start in range(0, len(indices), AT_ONCE):
            group = indices[start : start + AT_ONCE]
            decoding = begin(torch.tensor([sources[index] for index in group]))
            answers.update(zip(group, _group(decoding, len(group), longest), strict=True))
    model.train(training)
    return [answers[index] for index in range(len(sources))]


def _usual(model: nn.Module) -> Callable[[Tensor], Decoding]:
    if isinstance(model, Seq2seq):
        return lambda source: Recurrent(model, source)
    if isinstance(model, Transformer):
        return lambda source: Remembered(model, source)
    return lambda source: Repeated(model, source)


def _group(decoding: Decoding, size: int, longest: int) -> list[tuple[int, ...]]:
    previous = torch.full((size,), BEGIN)
    ended = torch.zeros(size, dtype=torch.bool)
    chosen = []
    for _ in range(longest):
        previous = decoding.advance(previous).argmax(-1)  # (batch,)
        chosen.append(previous)
        ended |= previous == END
        if bool(ended.all()):
            break
    rows = torch.stack(chosen, 1).tolist()
    return [tuple(row[: row.index(END)] if END in row else row) for row in rows]
