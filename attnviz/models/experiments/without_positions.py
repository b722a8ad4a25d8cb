"""Self-attention sees a set: without positions, permuted tokens give permuted states (Vaswani et al. 2017, section 3.5).

The embeddings of a BERT encoder are summed with or without those of the positions, and the layers run on several orders of
the same tokens; what leaves each layer is compared with the permuted states of the first order.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from attnviz.models.attention import numbers
from attnviz.models.bert import Bert
from attnviz.models.config import BertConfig
from attnviz.models.finite import finite
from attnviz.trace import Progress

if TYPE_CHECKING:
    from attnviz.models.bert import BertBlock
    from attnviz.models.checkpoint import Checkpoint
    from attnviz.trace import Floats, Tokens

TOKENS_AT_ONCE = 512
RANDOM_TOKENS = 12
_HIDDEN, _HEADS = 64, 4

Orders = NDArray[np.int64]  # (orders, tokens): which token stands at each place


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What shuffling did: the largest difference of any number, by order and layer (0: embeddings), and the last states of one token.

    ``size`` is the standard deviation of the numbers in the last states: what the differences are to be measured against.
    """

    differences: NDArray[np.float64]  # (orders, layers + 1)
    at_first: Floats  # (hidden,), of the order that was given
    at_each: Floats  # (orders, hidden)
    size: float


@dataclass(frozen=True, slots=True)
class Shuffling:
    """One encoder on tokens ``ids`` (tokens,) in several orders; ``token`` is the one whose last states are wanted.

    ``exact`` computes in float64, on the CPU, layer by layer, so that no more than one layer is ever copied.
    """

    model: Bert
    ids: Tensor
    segments: Tensor
    positions: bool
    exact: bool = False
    token: int = 0

    @torch.inference_mode()
    def run(self, orders: Orders, what: str) -> Generator[Progress, None, Outcome]:
        """Yield Progress after every layer; return what was found."""
        tokens, depth = orders.shape[1], len(self.model.layers)
        rows_at_once = max(1, TOKENS_AT_ONCE // tokens)
        total = (depth + 1) * (1 + math.ceil(len(orders) / rows_at_once))
        own = torch.arange(tokens)[None]  # (1, tokens)
        kept = yield from self._states(own, what, (0, total))
        found, ends = [], []
        for start in range(0, len(orders), rows_at_once):
            order = torch.tensor(orders[start : start + rows_at_once])  # (rows, tokens)
            begun = (depth + 1) * (1 + start // rows_at_once)
            states = yield from self._states(order, what, (begun, total))
            apart = [_apart(after, before[0][order]) for before, after in zip(kept, states, strict=True)]
            found.append(torch.stack(apart, 1))  # (rows, layers + 1)
            ends.append(states[-1][order == self.token])  # (rows, hidden)
        last = kept[-1][0]
        return Outcome(
            torch.cat(found).double().numpy(), numbers(last[self.token]), numbers(torch.cat(ends)), float(last.std())
        )

    def _states(self, order: Tensor, what: str, done: tuple[int, int]) -> Generator[Progress, None, list[Tensor]]:
        """The states (rows, tokens, hidden) that enter the first layer and leave each, on the CPU; ``order`` is (rows, tokens)."""
        states = self._embedded(order.to(self.ids.device))
        kept = [states.cpu()]
        for layer in range(len(self.model.layers)):
            yield Progress(what, done[0] + layer, done[1])
            states = self._block(layer)(states).output
            kept.append(states.cpu())
        return kept

    def _embedded(self, order: Tensor) -> Tensor:
        """The sum of embeddings, those of the places left out or not, and what the model makes of it: (rows, tokens, hidden)."""
        table = self.model.embeddings
        parts = table.parts(self.ids[order], self.segments.expand_as(order))
        if not self.positions:
            del parts["position"]
        states = torch.stack(tuple(parts.values())).sum(0)  # (rows, tokens, width)
        for step in (table.norm, *([] if table.project is None else [table.project])):
            states = _doubled(step)(states.cpu().double()) if self.exact else step(states)
        return states

    def _block(self, layer: int) -> BertBlock:
        block = self.model.block(layer)
        return _doubled(block) if self.exact else block


def on_text(checkpoint: Checkpoint, tokens: Tokens, token: int, *, positions: bool, exact: bool = False) -> Shuffling:
    """A checkpoint's encoder on the tokens of a text."""
    ids, segments = (torch.tensor(each, device=checkpoint.device) for each in (tokens.ids, tokens.segments))
    return Shuffling(checkpoint.model, ids, segments, positions=positions, exact=exact, token=token)


def random_encoder(layers: int, seed: int, *, positions: bool, exact: bool = False) -> Shuffling:
    """An encoder of random weights, as wide in variance as what goes through it, on different random tokens."""
    chance = torch.Generator().manual_seed(seed)
    config = BertConfig(
        vocabulary=1000, hidden=_HIDDEN, layers=layers, heads=_HEADS, intermediate=4 * _HIDDEN, positions=RANDOM_TOKENS
    )
    model = Bert(config, pooler=False, mlm=False, nsp=False)
    for module in model.modules():
        if isinstance(module, nn.Embedding | nn.Linear):
            spread = 1.0 if isinstance(module, nn.Embedding) else module.in_features**-0.5
            module.weight.data = torch.randn(module.weight.shape, generator=chance) * spread
        if isinstance(module, nn.Linear):
            module.bias.data = torch.randn(module.bias.shape, generator=chance) * 0.1
    ids = torch.randperm(config.vocabulary, generator=chance)[:RANDOM_TOKENS]
    zeros = torch.zeros(RANDOM_TOKENS, dtype=torch.long)
    return Shuffling(model.requires_grad_(requires_grad=False), ids, zeros, positions=positions, exact=exact)


@torch.inference_mode()
def word_probabilities(checkpoint: Checkpoint, states: Floats) -> Tensor:
    """What the masked-word head makes of last states (rows, hidden): (rows, vocabulary). Raises CheckpointError."""
    checkpoint.require_mask_head()
    logits = checkpoint.model.word_logits(torch.tensor(states, device=checkpoint.device))
    return finite(logits).softmax(-1).cpu()


def _apart(after: Tensor, before: Tensor) -> Tensor:
    """The largest absolute difference of any number in each row of (rows, tokens, hidden): (rows,)."""
    return (after - before).abs().amax((1, 2))


_Module = TypeVar("_Module", bound=nn.Module)


def _doubled(module: _Module) -> _Module:
    """A copy in float64 on the CPU."""
    return copy.deepcopy(module).to("cpu", torch.float64)
