"""Masked words predicted with some heads dropped, and how much each head matters: Michel, Levy & Neubig 2019.

"Are sixteen heads really better than one?", section 4.1: a head is multiplied by a gate ξ = 1, and its importance is the
expectation of |∂loss/∂ξ| over texts. Here the loss of a text is the mean -ln p of its masked words. Heads are gated and dropped
where they are still apart: before the output projection.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from attnviz.edits import DropHead
from attnviz.models.attention import attend
from attnviz.models.edited import AttentionChange, LayerChange, layer_change
from attnviz.models.mask_rates import ALL_MASKED, BATCH_TOKENS, HEAD_ROWS, judged
from attnviz.text.masking import Sampler
from attnviz.trace import Masking, Progress, Site, Tokens

if TYPE_CHECKING:
    from attnviz.models.bert import BertBlock
    from attnviz.models.checkpoint import Checkpoint

Head = tuple[int, int]  # layer and head


@dataclass(frozen=True, slots=True)
class Masked:
    """One text, masked several times: the masked positions of each draw."""

    text: Tokens
    draws: tuple[tuple[int, ...], ...]

    @property
    def predictions(self) -> int:
        return sum(map(len, self.draws))


@dataclass(frozen=True, slots=True, eq=False)
class Score:
    """Of each masked word whether it was put first, and its -ln p: (predictions,) each."""

    right: NDArray[np.bool_]
    nats: NDArray[np.float64]


def masked(checkpoint: Checkpoint, texts: Sequence[Tokens], seed: int, draws: int) -> list[Masked]:
    """Each text masked ``draws`` times at BERT's rate, every chosen token hidden; a draw that hides nothing is left out."""
    found = []
    for number, text in enumerate(texts):
        sampler = Sampler(text, Masking(0.15, ALL_MASKED), checkpoint.codec.vocabulary)
        chosen = [sampler.draw(seed, draw * len(texts) + number).positions.tolist() for draw in range(draws)]
        found.append(Masked(text, tuple(tuple(positions) for positions in chosen if positions)))
    return found


@torch.inference_mode()
def score(
    checkpoint: Checkpoint, texts: Sequence[Masked], dropped: Sequence[Head], here: Progress
) -> Generator[Progress, None, Score]:
    """The masked words of all texts predicted without some heads; ``here`` is yielded after every layer."""
    edits = tuple(DropHead(layer, head) for layer, head in dropped)
    right, nats = [], []
    for text, draws in _batches(texts):
        ids, rows, columns = _hidden(checkpoint, text, draws)
        states = checkpoint.model.embeddings(ids, torch.zeros_like(ids))
        for layer in range(checkpoint.model.config.layers):
            states = checkpoint.model.block(layer)(states, None, layer_change(edits, Site.ENCODER, layer)).output
            yield here
        originals = torch.tensor(text.ids, device=checkpoint.device)[columns]
        asked = zip(states[rows, columns].split(HEAD_ROWS), originals.split(HEAD_ROWS), strict=True)
        for part, words in asked:
            hit, loss = judged(checkpoint, part, words)
            right.append(hit.numpy())
            nats.append(loss.numpy())
            yield here
    return Score(np.concatenate(right), np.concatenate(nats))


def sensitivity(
    checkpoint: Checkpoint, texts: Sequence[Masked], what: str
) -> Generator[Progress, None, NDArray[np.float64]]:
    """The mean over all draws of |∂loss/∂ξ| of every head, (layers, heads); Progress is yielded after every layer.

    The gradient is carried back by hand, each layer computed anew on the way: no graph is larger than one layer.
    """
    batches = list(_batches(texts))
    total = np.zeros((checkpoint.model.config.layers, checkpoint.model.config.heads))
    for done, (text, draws) in enumerate(batches):
        here = Progress(what, done, len(batches))
        entering = yield from _forward(checkpoint, text, draws, here)
        gradient = _of_loss(checkpoint, entering.pop(), text, draws)
        for layer in reversed(range(len(total))):
            gates, gradient = _through(checkpoint.model.block(layer), entering[layer], gradient)
            total[layer] += gates.abs().sum(0).double().cpu().numpy()
            yield here
    found: NDArray[np.float64] = total / sum(len(each.draws) for each in texts)
    return found


@dataclass(frozen=True, slots=True)
class Gated(AttentionChange):
    """Every head of every draw multiplied by a gate, (draws, heads)."""

    gate: Tensor = field(default_factory=lambda: torch.ones(1, 1))

    def attend(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None, first: int = 0) -> Tensor:
        return attend(query, key, value, mask) * self.gate[:, :, None, None]  # (draws, heads, tokens, head_dim)


def _batches(texts: Sequence[Masked]) -> Iterator[tuple[Tokens, tuple[tuple[int, ...], ...]]]:
    """So many draws of a text at a time as can be stopped soon."""
    for each in texts:
        at_once = max(1, BATCH_TOKENS // len(each.text))
        for start in range(0, len(each.draws), at_once):
            yield each.text, each.draws[start : start + at_once]


def _hidden(
    checkpoint: Checkpoint, text: Tokens, draws: Sequence[Sequence[int]]
) -> tuple[Tensor, list[int], list[int]]:
    """The text with the masks of each draw, (draws, tokens), and at which rows and columns they stand."""
    rows = [row for row, positions in enumerate(draws) for _ in positions]
    columns = [position for positions in draws for position in positions]
    ids = torch.tensor(text.ids, device=checkpoint.device).repeat(len(draws), 1)
    ids[rows, columns] = checkpoint.codec.vocabulary.mask
    return ids, rows, columns


def _forward(
    checkpoint: Checkpoint, text: Tokens, draws: Sequence[Sequence[int]], here: Progress
) -> Generator[Progress, None, list[Tensor]]:
    """What enters each layer, and what leaves the last: (draws, tokens, hidden)."""
    ids, _, _ = _hidden(checkpoint, text, draws)
    entering = [checkpoint.model.embeddings(ids, torch.zeros_like(ids))]
    for layer in range(checkpoint.model.config.layers):
        entering.append(checkpoint.model.block(layer)(entering[-1]).output)
        yield here
    return entering


def _of_loss(checkpoint: Checkpoint, states: Tensor, text: Tokens, draws: Sequence[Sequence[int]]) -> Tensor:
    """The gradient of the draws' losses, each the mean over its masks, with respect to the last states (draws, tokens, hidden)."""
    _, rows, columns = _hidden(checkpoint, text, draws)
    words = torch.tensor(text.ids, device=checkpoint.device)[columns]
    shares = torch.tensor([1 / len(draws[row]) for row in rows], device=checkpoint.device)
    with torch.enable_grad():
        asked = states.detach().requires_grad_()
        logits = checkpoint.model.word_logits(asked[rows, columns])  # (masks, vocabulary)
        losses = torch.nn.functional.cross_entropy(logits, words, reduction="none")  # (masks,)
        (gradient,) = torch.autograd.grad((losses * shares).sum(), asked)
    return gradient


def _through(block: BertBlock, states: Tensor, gradient: Tensor) -> tuple[Tensor, Tensor]:
    """One layer back: the gradients of its gates (draws, heads) and of what entered it (draws, tokens, hidden)."""
    with torch.enable_grad():
        asked = states.detach().requires_grad_()
        gate = torch.ones(len(states), block.attention.heads, device=states.device, requires_grad=True)
        output = block(asked, None, LayerChange(Gated(gate=gate))).output
        gates, before = torch.autograd.grad(output, (gate, asked), gradient)
    return gates, before
