"""A Transformer that has read its source: one step at a time with a cache of keys and values, and its steps as records."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from attnviz.models.attention import numbers, record
from attnviz.models.transformer_layers import KeyValue, causal, last
from attnviz.trace import Hidden, Record, Site

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from attnviz.models.decoding import Made
    from attnviz.models.transformer import Decoded, DecoderState, Transformer


class Cached:
    """A ``Stepper``; its state is every layer's keys and values, of the source and of the words so far."""

    def __init__(self, model: Transformer, memory: Tensor) -> None:
        """``memory`` (1, source, hidden) is what ``model.encode`` gave."""
        self.model, self.memory = model, memory
        self.begin, self.end = model.config.begin, model.config.end

    def start(self) -> DecoderState:
        return self.model.begin(self.memory)

    def advance(self, state: DecoderState, previous: Sequence[int], step: int) -> tuple[DecoderState, Tensor, Decoded]:
        made = self.model.decode(state, torch.tensor(previous, device=self.memory.device)[:, None])
        return made.state, made.logits[:, 0], made

    def select(self, state: DecoderState, rows: Sequence[int]) -> DecoderState:
        """What was written is copied; all rows read the same source, which isn't."""
        chosen = list(rows)
        past = tuple(KeyValue(pair.key[chosen], pair.value[chosen]) for pair in state.past)
        source = tuple(
            KeyValue(_repeated(pair.key, len(chosen)), _repeated(pair.value, len(chosen))) for pair in state.source
        )
        return state._replace(source=source, past=past)


def _repeated(tensor: Tensor, rows: int) -> Tensor:
    return tensor[:1].expand(rows, -1, -1, -1)  # (rows, heads, source, head_dim)


def seen(made: Sequence[Made], after: int = 0) -> Iterator[Record]:
    """Hidden and Attention of all decoder layers over the steps made, from the first step on: as ``Transformer.trace`` yields.

    ``after`` so many steps that are not among them; the causal mask is then left to whoever puts all queries together. Every step's own query is put below the others; the keys and values are those that the last step has in its cache.
    """
    computed: list[Decoded] = [step.computed for step in made]
    rows = [step.row if len(step.computed.logits) > 1 else 0 for step in made]
    mask = None if after else causal(len(made), None, computed[0].logits.device)
    mask = None if mask is None else mask[0, 0]
    yield Hidden(Site.DECODER, 0, numbers(_steps([each.embedded for each in computed], rows)))
    for layer in range(len(computed[0].layers)):
        for site in (Site.DECODER, Site.CROSS):
            stages = [each.layers[layer].own if site is Site.DECODER else each.layers[layer].cross for each in computed]
            query = torch.cat([stage["query"][row] for stage, row in zip(stages, rows, strict=True)], 1)
            key, value = stages[-1]["key"][rows[-1]], stages[-1]["value"][rows[-1]]  # (heads, keys, head_dim)
            yield record(site, layer, query, key, value, mask if site is Site.DECODER else None)
        outputs = [last(each.layers[layer].cross) for each in computed]
        yield Hidden(Site.DECODER, layer + 1, numbers(_steps(outputs, rows)))


def _steps(states: Sequence[Tensor], rows: Sequence[int]) -> Tensor:
    """One row of each step, (steps, hidden)."""
    return torch.cat([each[row] for each, row in zip(states, rows, strict=True)])
