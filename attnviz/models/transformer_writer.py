"""An encoder–decoder Transformer as a ``Writer``: what it read, its steps from a cache, and every attention as records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from attnviz.edits import HideSource, HideToken, SetRow, SetWeights, Sizes
from attnviz.models.attention import numbers, record
from attnviz.models.cached import Cached, seen
from attnviz.models.recurrent import head, joined, words_of
from attnviz.models.transformer_layers import KeyValue, last
from attnviz.models.writer import Kept, Reading
from attnviz.trace import Attention, Decoding, Floats, Hidden, Record, Site, Tokens, Trace, frozen

if TYPE_CHECKING:
    from attnviz.edits import DecodingEdit, InsideEdit
    from attnviz.models.decoding import Made
    from attnviz.models.transformer import Decoded, DecoderState, Transformer

NOT_HERE = "a Transformer has a context for every head of every layer; change its heads in the inspector"


@dataclass(frozen=True, slots=True)
class TransformerWriter:
    """Encoder, causal decoder and cross-attention."""

    model: Transformer
    device: torch.device

    @property
    def end(self) -> int:
        return self.model.config.end

    @property
    def longest(self) -> int:
        return self.model.config.longest

    @property
    def longest_source(self) -> int | None:
        return self.model.config.longest_source

    @property
    def has_heads(self) -> bool:
        return True

    def read(self, tokens: Tokens, kept: Kept | None) -> Reading:
        if kept is not None:
            return TransformerReading(self.model, *self._remembered(kept.trace), self.device)
        states = self.model.source(torch.tensor(tokens.ids, device=self.device)[None])
        found: list[Record] = [Hidden(Site.ENCODER, 0, numbers(states[0]))]
        for index, layer in enumerate(self.model.encoder):
            stages = layer(states)
            found.append(record(Site.ENCODER, index, stages["query"][0], stages["key"][0], stages["value"][0]))
            states = last(stages)
            found.append(Hidden(Site.ENCODER, index + 1, numbers(states[0])))
        return TransformerReading(self.model, tuple(found), self._memory(states), self.device)

    def _memory(self, states: Tensor) -> Tensor:
        norm = self.model.encoder_norm
        return states if norm is None else norm(states)

    def _remembered(self, trace: Trace) -> tuple[tuple[Record, ...], Tensor]:
        """The encoder's records of an earlier answer, and the memory made of its last states."""
        kinds = (Attention, Hidden)
        found = tuple(each for each in trace.records.values() if isinstance(each, kinds) and each.site is Site.ENCODER)
        final = trace.hidden(self.model.config.encoder_layers)
        if final is None:
            raise LookupError("an earlier answer without the encoder's states")
        return found, self._memory(torch.tensor(final.states, device=self.device)[None])

    def sizes(self, tokens: Tokens) -> Sizes:
        return Sizes(len(tokens), self.model.config.target_vocabulary, 0, NOT_HERE, attends=True)


@dataclass(frozen=True, slots=True)
class TransformerReading:
    """A source that was read: the encoder's records, and the memory (1, source, hidden) that every step looks at."""

    model: Transformer
    encoder: tuple[Record, ...]
    memory: Tensor
    device: torch.device

    def records(self) -> Iterator[Record]:
        yield from self.encoder

    def stepper(self, edits: Sequence[DecodingEdit]) -> Cached:
        looked = [edit for edit in edits if isinstance(edit, (HideSource, SetWeights))]
        return Told(self.model, self.memory, looked) if looked else Cached(self.model, self.memory)

    def state_after(self, kept: Kept) -> DecoderState:
        """The cache, filled from the keys and values that were recorded."""
        state = self.model.begin(self.memory)
        past = []
        for layer in range(len(state.past)):
            own = kept.trace.attention(layer, Site.DECODER)
            if own is None:
                raise LookupError(f"an earlier answer without decoder layer {layer}")
            rows = (own.key[:, : kept.steps], own.value[:, : kept.steps])
            past.append(KeyValue(*(torch.tensor(each, device=self.device)[None] for each in rows)))
        return state._replace(past=tuple(past))

    def written(
        self,
        stepper: Cached,
        made: Sequence[Made],
        before: DecoderState,
        vocabulary: tuple[str, ...],
        kept: Kept | None,
    ) -> Iterator[Record]:
        steps = 0 if kept is None else kept.steps
        edits = stepper.told if isinstance(stepper, Told) else ()
        if not made:
            yield from (told(each, edits) for each in _first(kept, steps)) if kept is not None else ()
            return
        earlier = Trace().plus(*_first(kept, steps)) if kept is not None and steps else None
        yield _output(made, vocabulary, None if earlier is None else earlier.find(Decoding))
        fresh = seen(made, after=steps)
        whole = Trace().plus(*(told(each if earlier is None else _joined(earlier, each), edits) for each in fresh))
        yield from whole.records.values()
        logits = torch.cat([step.computed.logits[step.row if len(step.computed.logits) > 1 else 0] for step in made])
        decoding = self._decoding(made, logits, vocabulary, whole, steps)
        before_it = None if earlier is None else earlier.find(Decoding)
        yield decoding if before_it is None else joined(before_it, decoding)

    def _decoding(
        self, made: Sequence[Made], logits: Tensor, vocabulary: tuple[str, ...], whole: Trace, steps: int
    ) -> Decoding:
        """What is said of the words from ``steps`` on; ``weights`` are the last layer's cross-attention, averaged over its heads."""
        layers = self.model.config.decoder_layers
        states, first, cross = (
            whole.hidden(layers, Site.DECODER),
            whole.hidden(0, Site.DECODER),
            whole.attention(layers - 1, Site.CROSS),
        )
        if states is None or first is None or cross is None:
            raise LookupError("the decoder gave no states")
        weights = np.mean([cross.weights(head) for head in range(cross.heads)], axis=0)  # (steps, source)
        return Decoding(
            **words_of(made, vocabulary, self.model.config.end, logits),
            embedded=first.states[steps:],
            hidden=states.states[steps:],
            weights=frozen(weights[steps:]),
        )


class Told(Cached):
    """The stepper under what-ifs of a decoding: a hidden source token takes no cross-attention, a row set by hand is every head's."""

    def __init__(self, model: Transformer, memory: Tensor, edits: Sequence[DecodingEdit]) -> None:
        super().__init__(model, memory)
        self.told = tuple(edits)

    def advance(self, state: DecoderState, previous: Sequence[int], step: int) -> tuple[DecoderState, Tensor, Decoded]:
        words = torch.tensor(previous, device=self.memory.device)[:, None]
        made = self.model.decode(state, words, edits=tuple(self._inside(step)))
        return made.state, made.logits[:, 0], made

    def _inside(self, step: int) -> Iterator[InsideEdit]:
        """The same said of every layer and head."""
        config = self.model.config
        for edit in self.told:
            if isinstance(edit, HideSource) and edit.step <= step:
                yield HideToken(edit.position, None, "cross")
            elif isinstance(edit, SetWeights) and edit.step == step:
                for layer in range(config.decoder_layers):
                    for index in range(config.heads):
                        yield SetRow(layer, index, step, edit.weights, "cross")


def told(each: Record, edits: Sequence[DecodingEdit]) -> Record:
    """A record of the cross-attention as it was under what-ifs; every other one as it is."""
    if not isinstance(each, Attention) or each.site is not Site.CROSS:
        return each
    mask = np.ones((each.query.shape[1], each.key.shape[1]), dtype=np.bool_)
    for edit in edits:
        if isinstance(edit, HideSource):
            mask[edit.step :, edit.position] = False
    mask.flags.writeable = False
    hidden = each if mask.all() else replace(each, mask=mask)
    rows = {edit.step: edit.weights for edit in edits if isinstance(edit, SetWeights) and edit.step < len(mask)}
    if not rows:
        return hidden
    given = {}
    for index in range(hidden.heads):
        weights = hidden.weights(index).copy()
        for step, row in rows.items():
            weights[step] = row
        given[index] = frozen(weights)
    return replace(hidden, given=given)


def _first(kept: Kept, steps: int) -> Iterator[Record]:
    """The decoder's records of an earlier answer, cut to the steps that hold."""
    for each in kept.trace.records.values():
        if isinstance(each, Hidden) and each.site is Site.DECODER:
            yield replace(each, states=each.states[:steps])
        elif isinstance(each, Attention) and each.site is not Site.ENCODER:
            own = each.site is Site.DECODER
            yield replace(
                each,
                query=each.query[:, :steps],
                key=each.key[:, :steps] if own else each.key,
                value=each.value[:, :steps] if own else each.value,
                mask=_causal(steps) if own else None,
                given=None,
            )
        elif isinstance(each, Decoding):
            yield head(each, steps)


def _joined(earlier: Trace, fresh: Record) -> Record:
    """A decoder's record of the new steps after that of the earlier ones; the new keys and values hold all steps already."""
    if isinstance(fresh, Hidden):
        before = earlier.hidden(fresh.layer, fresh.site)
        return fresh if before is None else replace(fresh, states=_under(before.states, fresh.states, 0))
    if isinstance(fresh, Attention):
        seen_before = earlier.attention(fresh.layer, fresh.site)
        if seen_before is not None:
            query = _under(seen_before.query, fresh.query, 1)
            mask = _causal(query.shape[1]) if fresh.site is Site.DECODER else None
            return replace(fresh, query=query, mask=mask)
    return fresh


def _under(first: Floats, second: Floats, axis: int) -> Floats:
    return frozen(np.concatenate([first, second], axis=axis))


def _causal(steps: int) -> NDArray[np.bool_] | None:
    """True where a step may look: at itself and before."""
    if steps == 1:
        return None
    mask = np.tri(steps, dtype=np.bool_)
    mask.flags.writeable = False
    return mask


def _output(made: Sequence[Made], vocabulary: tuple[str, ...], earlier: Decoding | None) -> Tokens:
    """The words that were fed in, as the decoder's own tokens."""
    ids = (*(earlier.previous if earlier else ()), *(step.previous for step in made))
    labels = tuple(vocabulary[index] for index in ids)
    count, text = len(ids), " ".join(labels)
    return Tokens(
        text=text,
        ids=ids,
        pieces=labels,
        labels=labels,
        spans=(None,) * count,
        segments=(0,) * count,
        special=(False,) * count,
        words=(None,) * count,
        originals=(None,) * count,
        original_labels=(None,) * count,
        total=count,
        site=Site.DECODER,
    )
