"""Looks into BERT's forward: its records layer by layer, under edits too, going on from an earlier run where that still holds."""

from __future__ import annotations

from collections.abc import Collection, Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from attnviz.models.attention import numbers
from attnviz.models.edited import Edits, Kept, attention_record, layer_change, patched, replaced
from attnviz.models.stream import positions_of, stream_of
from attnviz.trace import Attention, Block, Hidden, Record, Site, Stream, Trace
from attnviz.trace import Positions as PositionsRecord

if TYPE_CHECKING:
    from attnviz.models.bert import Bert, Stages

HERE = Site.ENCODER


@dataclass(frozen=True, slots=True)
class Looking:
    """One forward to be looked at: ``blocks`` and ``streams`` say what is wanted besides Hidden and Attention."""

    model: Bert
    ids: Tensor  # (1, tokens)
    segments: Tensor  # (1, tokens)
    may_look: Tensor | None  # (batch, 1, 1, keys)
    blocks: Collection[int]
    streams: bool
    edits: Edits

    def run(self, kept: Kept | None) -> Generator[Record, None, Tensor]:
        """Yield the records in order; return the last states (batch, tokens, hidden)."""
        if kept is None:
            states = self._embedded()
            first = 0
        else:
            first = min(kept.layer, len(self.model.layers))
            yield from self._again(kept.trace, first)
            states = self._entering(kept.trace, first)
        if self.streams:
            yield self._positions()
        changed = patched(states, self.edits, HERE, first)
        earlier = None if kept is None or changed is not states else kept.trace.hidden(first)
        yield earlier or Hidden(HERE, first, numbers(changed[0]))
        states = changed
        for layer in range(first, len(self.model.layers)):
            stages = self._stages(layer, states)
            yield self._attention(layer, stages)
            yield from self._inside(layer, stages)
            states = patched(stages.output, self.edits, HERE, layer + 1)
            yield Hidden(HERE, layer + 1, numbers(states[0]))
            del stages  # before the next block begins, or two blocks' intermediates live at once
        return states

    def _embedded(self) -> Tensor:
        embedded: Tensor = self.model.embeddings(replaced(self.ids, self.edits, HERE), self.segments)
        return embedded

    def _stages(self, layer: int, states: Tensor) -> Stages:
        stages: Stages = self.model.layers[layer](states, self.may_look, layer_change(self.edits, HERE, layer))
        return stages

    def _entering(self, trace: Trace, layer: int) -> Tensor:
        """The states that entered a layer, as they were."""
        found = trace.hidden(layer)
        if found is None:
            raise RuntimeError(f"there is nothing to go on from at layer {layer}")
        return torch.tensor(found.states, device=self.ids.device)[None]  # (1, tokens, hidden)

    def _again(self, trace: Trace, first: int) -> Iterator[Record]:
        """The earlier records of the layers below ``first``; what they lack of a block's inside is computed alone."""
        for layer in range(first):
            for earlier in (trace.hidden(layer), trace.attention(layer)):
                if earlier is not None:
                    yield earlier
            block, stream = trace.find(Block, (HERE, layer)), trace.find(Stream, (HERE, layer))
            if (layer in self.blocks and block is None) or (self.streams and stream is None):
                yield from self._inside(layer, self._stages(layer, self._entering(trace, layer)))
            else:
                yield from (known for known in (block, stream) if known is not None)

    def _attention(self, layer: int, stages: Stages) -> Attention:
        change = layer_change(self.edits, HERE, layer).attention
        return attention_record(HERE, layer, stages._asdict(), self.may_look, change)

    def _inside(self, layer: int, stages: Stages) -> Iterator[Record]:
        if layer in self.blocks:
            yield Block(HERE, layer, {name: numbers(stage[0]) for name, stage in stages._asdict().items()})
        if self.streams:
            attending = (stages.input, stages.attended)
            sublayers = {"attention": attending, "feed-forward": (stages.attention_norm, stages.outer)}
            yield stream_of(HERE, layer, sublayers, nothing=layer_change(self.edits, HERE, layer).drops_layer)

    def _positions(self) -> PositionsRecord:
        embeddings = self.model.embeddings
        ids = replaced(self.ids, self.edits, HERE)
        parts = {name: part[0] for name, part in embeddings.parts(ids, self.segments).items()}
        return positions_of(HERE, "learned", parts, embeddings.position.weight[embeddings.first :])
