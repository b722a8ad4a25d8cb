"""The Transformer: Vaswani et al. 2017, "Attention is all you need".

The encoder attends to itself; the decoder attends to what it has written (causally), then to the encoder (cross-attention).
Training, decoding word by word and looking run the same code: ``decode`` takes all of a known target at once, or one word
with the keys and values of the words before it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - the name that everyone knows
from torch import Tensor, nn

from attnviz.models.attention import Projections, numbers
from attnviz.models.edited import attention_record, layer_change, patched, replaced
from attnviz.models.stream import stream_of
from attnviz.models.transformer_layers import (
    DecoderLayer,
    DecoderStages,
    Embeddings,
    EncoderLayer,
    KeyValue,
    Stages,
    causal,
    keys_and_values,
    last,
)
from attnviz.models.transformer_stream import made_of, sublayers
from attnviz.trace import Block, Hidden, Record, Site

if TYPE_CHECKING:
    from collections.abc import Collection, Generator, Iterator

    from attnviz.models.edited import AttentionChange, Edits
    from attnviz.models.transformer_config import TransformerConfig


class DecoderState(NamedTuple):
    """All that the next word depends on, besides itself: per layer, what it may look at."""

    memory: Tensor  # (batch, source, hidden), the encoder's last states, normalised if norms come first
    source: tuple[KeyValue, ...]  # of the memory, made once
    past: tuple[KeyValue, ...]  # of the words so far; at first there are none


class Decoded(NamedTuple):
    """Some decoder steps with every intermediate."""

    embedded: Tensor  # (batch, steps, hidden)
    layers: tuple[DecoderStages, ...]
    logits: Tensor  # (batch, steps, target vocabulary)
    state: DecoderState  # after these steps


class Transformer(nn.Module):
    """The whole model, from source and target words to logits."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        self.source = Embeddings(config.source_vocabulary, config)
        self.target = None if config.shared_embeddings else Embeddings(config.target_vocabulary, config)
        self.encoder = nn.ModuleList(EncoderLayer(config) for _ in range(config.encoder_layers))
        self.decoder = nn.ModuleList(DecoderLayer(config) for _ in range(config.decoder_layers))
        self.encoder_norm = _last_norm(config)
        self.decoder_norm = _last_norm(config)
        self.output = None if config.tied_output else nn.Linear(config.hidden, config.target_vocabulary, bias=False)
        self.output_bias = nn.Parameter(torch.zeros(config.target_vocabulary))

    def forward(self, source: Tensor, previous: Tensor, dropout: float = 0.0) -> Tensor:
        """Logits (batch, steps, target vocabulary) of a known target, each step given the ``previous`` words."""
        return self.decode(self.start(source, dropout), previous, dropout).logits

    def encode(self, source: Tensor, dropout: float = 0.0, edits: Edits = ()) -> Tensor:
        """The memory (batch, source, hidden) of ``source`` (batch, source): ids, all rows of equal length."""
        states = F.dropout(self.source(replaced(source, edits, Site.ENCODER)), dropout)  # (batch, source, hidden)
        for index, layer in enumerate(self.encoder):
            entering = patched(states, edits, Site.ENCODER, index)
            states = last(layer(entering, dropout, layer_change(edits, Site.ENCODER, index)))
        states = patched(states, edits, Site.ENCODER, len(self.encoder))
        return states if self.encoder_norm is None else self.encoder_norm(states)

    def start(self, source: Tensor, dropout: float = 0.0) -> DecoderState:
        """The state before the first word."""
        return self.begin(self.encode(source, dropout))

    def begin(self, memory: Tensor) -> DecoderState:
        """The state before the first word, when the source is already encoded: every layer's keys and values of it."""
        crossings: list[Projections] = [layer.cross for layer in self.decoder]  # type: ignore[misc] # all DecoderLayers
        seen = tuple(keys_and_values(parts, memory) for parts in crossings)
        return DecoderState(memory, seen, tuple(KeyValue(pair.key[:, :, :0], pair.value[:, :, :0]) for pair in seen))

    def decode(self, state: DecoderState, previous: Tensor, dropout: float = 0.0, edits: Edits = ()) -> Decoded:
        """Steps for the words ``previous`` (batch, steps), which follow those that ``state`` has seen."""
        first = state.past[0].key.shape[2]
        embedded = self.embed(state, replaced(previous, edits, Site.DECODER, first), dropout)
        layers = tuple(self.walk(state, embedded, dropout, edits))
        past = tuple(KeyValue(stages.own["key"], stages.own["value"]) for stages in layers)
        states = patched(last(layers[-1].cross), edits, Site.DECODER, len(layers), first)
        return Decoded(embedded, layers, self.logits(states), state._replace(past=past))

    @property
    def words(self) -> Embeddings:
        """Of the target: its own, or the source's."""
        return self.source if self.target is None else self.target

    def embed(self, state: DecoderState, previous: Tensor, dropout: float = 0.0) -> Tensor:
        """Words and their positions, (batch, steps, hidden)."""
        return F.dropout(self.words(previous, state.past[0].key.shape[2]), dropout)

    def walk(
        self, state: DecoderState, states: Tensor, dropout: float = 0.0, edits: Edits = ()
    ) -> Iterator[DecoderStages]:
        """The decoder's layers one after the other."""
        for index, (layer, memory, past) in enumerate(zip(self.decoder, state.source, state.past, strict=True)):
            entering = patched(states, edits, Site.DECODER, index, past.key.shape[2])
            stages = layer(entering, memory, past, dropout, layer_change(edits, Site.DECODER, index))
            states = last(stages.cross)
            yield stages

    def logits(self, states: Tensor) -> Tensor:
        """Logits (…, target vocabulary) of states (…, hidden) that left a decoder layer."""
        read = states if self.decoder_norm is None else self.decoder_norm(states)
        weight = self.words.word.weight if self.output is None else self.output.weight
        return F.linear(read, weight, self.output_bias)

    @torch.inference_mode()
    def trace(
        self,
        source: Tensor,
        previous: Tensor,
        blocks: Collection[tuple[Site, int]] = (),
        edits: Edits = (),
        *,
        streams: bool = False,
    ) -> Generator[Record, None, Tensor]:
        """Yield the first row's Hidden and Attention layer by layer (and Block for ``blocks``); return the last states.

        A Block of Site.DECODER is the self-attention of a decoder layer, one of Site.CROSS the rest of that layer; its
        ``memory`` is what keys and values are made of. ``streams`` has the Positions of both sides and a Stream after every
        layer. ``logits`` reads the states that are returned.
        """
        source, previous = replaced(source, edits, Site.ENCODER), replaced(previous, edits, Site.DECODER)
        if streams:
            yield made_of(Site.ENCODER, self.source, source)
        states = patched(self.source(source), edits, Site.ENCODER, 0)
        yield Hidden(Site.ENCODER, 0, numbers(states[0]))
        for index, layer in enumerate(self.encoder):
            change = layer_change(edits, Site.ENCODER, index)
            stages = layer(states, 0.0, change)
            yield from _seen(Site.ENCODER, index, stages, None, blocks, change.attention)
            if streams:
                yield stream_of(Site.ENCODER, index, sublayers(stages, None), nothing=change.drops_layer)
            states = patched(last(stages), edits, Site.ENCODER, index + 1)
            yield Hidden(Site.ENCODER, index + 1, numbers(states[0]))
        state = self.begin(states if self.encoder_norm is None else self.encoder_norm(states))
        if streams:
            yield made_of(Site.DECODER, self.words, previous)
        states = patched(self.embed(state, previous), edits, Site.DECODER, 0)
        yield Hidden(Site.DECODER, 0, numbers(states[0]))
        mask = causal(previous.shape[1], None, previous.device)
        for index, (own, cross) in enumerate(self.walk(state, states, 0.0, edits)):
            change = layer_change(edits, Site.DECODER, index)
            yield from _seen(Site.DECODER, index, own, mask, blocks, change.attention)
            yield from _seen(Site.CROSS, index, {"memory": state.memory, **cross}, None, blocks, change.cross)
            if streams:
                yield stream_of(Site.DECODER, index, sublayers(own, cross), nothing=change.drops_layer)
            states = patched(last(cross), edits, Site.DECODER, index + 1)
            yield Hidden(Site.DECODER, index + 1, numbers(states[0]))
        return states

    @torch.no_grad()
    def initialise(self, chance: torch.Generator | None = None) -> None:
        """Weights to begin training from: Glorot for the matrices, and words that are as long as positions once scaled."""
        for name, parameter in self.named_parameters():
            if name.endswith(("word.weight", "position.weight")):
                parameter.normal_(0, self.config.hidden**-0.5, generator=chance)
            elif parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter, generator=chance)
            elif name.endswith("bias"):
                parameter.zero_()


def _last_norm(config: TransformerConfig) -> nn.LayerNorm | None:
    """Where norms come before the sublayers, what leaves the last one has none yet."""
    return nn.LayerNorm(config.hidden, eps=config.norm_epsilon) if config.norm == "pre" else None


def _seen(
    site: Site,
    layer: int,
    stages: Stages,
    mask: Tensor | None,
    blocks: Collection[tuple[Site, int]],
    change: AttentionChange | None,
) -> Iterator[Record]:
    """The records of one attention; ``mask`` is (1, 1, queries, keys)."""
    yield attention_record(site, layer, stages, mask, change)
    if (site, layer) in blocks:
        yield Block(site, layer, {name: numbers(stage[0]) for name, stage in stages.items()})
