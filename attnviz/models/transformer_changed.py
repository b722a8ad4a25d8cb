"""An encoder–decoder Transformer read and written under edits: the answer, every attention of it, and any block's inside."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from attnviz.edits.fit import Room, Rooms
from attnviz.models.cached import Cached
from attnviz.models.checked import block_weights, check
from attnviz.models.decoding import Plan, decode
from attnviz.models.edited import Edits, layer_change
from attnviz.models.lens import Reader, read_lens
from attnviz.models.settled import patch_of, patched_in, retold
from attnviz.models.transformer import DecoderState, Transformer
from attnviz.models.transformer_writer import TransformerReading
from attnviz.trace import (
    Attention,
    Block,
    Decoding,
    Floats,
    Hidden,
    Progress,
    Record,
    Site,
    Timing,
    Tokens,
    Trace,
    frozen,
)

if TYPE_CHECKING:
    from attnviz.edits import PatchFromText, PatchHidden
    from attnviz.models.encoder_decoder import EncoderDecoder
    from attnviz.models.transformer import Decoded
    from attnviz.text.codec import Codec
    from attnviz.trace import BlockWeights, Checked


class Changed(Cached):
    """The stepper of a decoder under edits."""

    def __init__(self, model: Transformer, memory: Tensor, edits: Edits) -> None:
        super().__init__(model, memory)
        self.edits = edits

    def advance(self, state: DecoderState, previous: Sequence[int], step: int) -> tuple[DecoderState, Tensor, Decoded]:
        words = torch.tensor(previous, device=self.memory.device)[:, None]
        made = self.model.decode(state, words, edits=self.edits)
        return made.state, made.logits[:, 0], made


@dataclass(frozen=True, slots=True)
class TransformerGround:
    """A source, an answer of so many steps, and an encoder–decoder Transformer."""

    opened: EncoderDecoder
    tokens: Tokens
    steps: int

    @property
    def rooms(self) -> Rooms:
        config, source, steps = self.model.config, len(self.tokens), self.steps
        wide, layers = config.hidden, config.decoder_layers
        return {
            "encoder": Room(config.encoder_layers, config.heads, source, source, wide, config.source_vocabulary),
            "decoder": Room(layers, config.heads, steps, steps, wide, config.target_vocabulary, causal=True),
            "cross": Room(layers, config.heads, steps, source, wide, config.target_vocabulary),
        }

    @property
    def model(self) -> Transformer:
        return transformer_of(self.opened)

    def codec(self, site: str) -> Codec:
        return self.opened.source if site == "encoder" else self.opened.target

    def patch(self, wish: PatchFromText) -> PatchHidden | str:
        if wish.site != "encoder":
            return (
                "a decoder's state depends on its source too and can't be had from another text alone; give its numbers"
            )
        limit = self.model.config.longest_source
        found = patch_of(wish, self.rooms, lambda: self.opened.source.encode(wish.text, limit=limit))
        return found if isinstance(found, str) else patched_in(wish, found, self._states(found, wish.layer))

    @torch.inference_mode()
    def _states(self, tokens: Tokens, layer: int) -> Floats:
        """The states that enter an encoder layer, (tokens, hidden)."""
        run = self.model.trace(_row(self.opened, tokens.ids), _row(self.opened, (self.model.config.begin,)))
        return next(each.states for each in run if isinstance(each, Hidden) and each.layer == layer)


def transformer_of(opened: EncoderDecoder) -> Transformer:
    """The model inside; a TypeError for another kind."""
    model = opened.writer.model
    if not isinstance(model, Transformer):
        raise TypeError("not a Transformer")
    return model


@torch.inference_mode()
def steps_of(opened: EncoderDecoder, tokens: Tokens, forced: Sequence[int]) -> int:
    """How many steps the unchanged model takes for this answer, or for its own where nothing is forced."""
    if forced:
        return len(forced)
    model = transformer_of(opened)
    stepper = Cached(model, model.encode(_row(opened, tokens.ids)))
    return sum(1 for _ in decode(stepper, Plan(opened.writer.longest), stepper.start(), stepper.begin))


@torch.inference_mode()
def look(
    opened: EncoderDecoder,
    tokens: Tokens,
    forced: Sequence[int],
    edits: Edits,
    blocks: Collection[tuple[Site, int]] = (),
    *,
    streams: bool = False,
) -> Iterator[Record]:
    """Write the answer under edits and yield its Tokens, the records of every layer at all sites, the Decoding and the Timing."""
    began = time.perf_counter()
    model, source = transformer_of(opened), _row(opened, tokens.ids)
    stepper = Changed(model, model.encode(source, edits=edits), edits)
    start = stepper.start()
    made = []
    plan = Plan(opened.writer.longest, dict(enumerate(forced)))
    for step in decode(stepper, plan, start, stepper.begin):
        made.append(step)
        yield Progress("decoding", len(made), plan.limit)
    unchanged = TransformerReading(model, (), stepper.memory, opened.device)
    told = Trace().plus(*unchanged.written(stepper, made, start, opened.vocabulary, None))
    answer, decoding = told.tokens(Site.DECODER), told.find(Decoding)
    if answer is None or decoding is None:
        raise LookupError("the decoder wrote nothing")
    yield retold(answer, opened.target, edits)
    weights = decoding.weights
    for record in model.trace(source, _row(opened, answer.ids), blocks, edits, streams=streams):
        if isinstance(record, Attention) and record.site is Site.CROSS:
            weights = frozen(np.mean([record.weights(head) for head in range(record.heads)], axis=0))  # (steps, source)
        yield record
    words = decoding.tokens[:-1] if decoding.ended else decoding.tokens
    yield replace(decoding, text=opened.target.decode(words), weights=weights)
    yield Timing(time.perf_counter() - began)


def lens(opened: EncoderDecoder, hidden: Sequence[Hidden], decoding: Decoding, top: int) -> Iterator[Record]:
    """The decoder's states of every layer read by the model's own head; the words that were written are followed."""
    model = transformer_of(opened)
    reader = Reader(model.logits, model.config.target_vocabulary, opened.vocabulary.__getitem__, opened.device)
    return read_lens(reader, [each for each in hidden if each.site is Site.DECODER], decoding.tokens, top)


def second_look(
    opened: EncoderDecoder, attention: Attention, block: Block, head: int, edits: Edits
) -> Iterator[BlockWeights | Checked]:
    """The parameters of a block, and the weights of one of its heads computed a second way."""
    model, site, index = transformer_of(opened), attention.site, attention.layer
    layer: Any = (model.encoder if site is Site.ENCODER else model.decoder)[index]
    parts, norm = (layer.cross, layer.cross_norm) if site is Site.CROSS else (layer.attention, layer.attention_norm)
    norms = (norm,) if site is Site.DECODER else (norm, layer.output_norm)
    yield block_weights(site, index, parts, norms, model.config.norm_epsilon, model.config.activation)
    change = layer_change(edits, "encoder" if site is Site.ENCODER else "decoder", index)
    entering = block.stages["attention_norm" if model.config.norm == "pre" else "input"]
    made = change.cross if site is Site.CROSS else change.attention
    yield check(parts, entering, attention, head, made, block.stages.get("memory"))


def _row(opened: EncoderDecoder, ids: Sequence[int]) -> Tensor:
    return torch.tensor(list(ids), dtype=torch.long, device=opened.device)[None]  # (1, tokens)
