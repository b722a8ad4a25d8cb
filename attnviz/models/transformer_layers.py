"""The layers of a Transformer: Vaswani et al. 2017, "Attention is all you need", section 3.

Each sublayer is added to what entered it and normalised, after the sum (post, as in the paper) or before it (pre). A layer
always returns every stage of its computation: looking costs nothing, so there is no second path for it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - the name that everyone knows
from torch import Tensor, nn

from attnviz.models.attention import Projections, attend, join_heads, split_heads
from attnviz.models.bert import ACTIVATE, FeedForward
from attnviz.models.edited import UNCHANGED

if TYPE_CHECKING:
    from attnviz.models.edited import AttentionChange, LayerChange
    from attnviz.models.transformer_config import TransformerConfig

Stages = dict[str, Tensor]  # a computation in its order, named as in BERT; the last one is what goes on


class KeyValue(NamedTuple):
    """What queries look at: both (batch, heads, tokens, head_dim)."""

    key: Tensor
    value: Tensor


class Looking(NamedTuple):
    """What the queries of one attention may look at, what a person changed in it, and how many queries came before."""

    seen: KeyValue
    mask: Tensor | None
    change: AttentionChange | None
    first: int


class DecoderStages(NamedTuple):
    """One decoder layer: self-attention, then cross-attention and feed-forward."""

    own: Stages
    cross: Stages


def sinusoids(first: int, count: int, hidden: int) -> Tensor:
    """PE(pos, 2i) = sin(pos / 10000^(2i / d)), PE(pos, 2i + 1) = cos(…) (section 3.5), (count, hidden)."""
    places = torch.arange(first, first + count, dtype=torch.float32)[:, None]  # (count, 1)
    rates = torch.exp(torch.arange(0, hidden, 2, dtype=torch.float32) * (-math.log(10_000.0) / hidden))  # (hidden / 2)
    angles = places * rates  # (count, hidden / 2)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)  # (count, hidden)


class Embeddings(nn.Module):
    """Word embeddings times √d plus positions (sections 3.4 and 3.5)."""

    def __init__(self, vocabulary: int, config: TransformerConfig) -> None:
        super().__init__()
        self.word = nn.Embedding(vocabulary, config.hidden)
        self.position = nn.Embedding(config.longest, config.hidden) if config.position == "learned" else None
        self.scale = math.sqrt(config.hidden)

    def positions(self, first: int, count: int) -> Tensor:
        """The encoding of ``count`` positions from ``first`` on, (count, hidden)."""
        if self.position is None:
            return sinusoids(first, count, self.word.embedding_dim).to(self.word.weight)
        return self.position.weight[first : first + count]

    def forward(self, ids: Tensor, first: int = 0) -> Tensor:
        return self.word(ids) * self.scale + self.positions(first, ids.shape[-1])  # (batch, tokens, hidden)


class Sublayers(nn.Module):
    """What encoder and decoder layers share: self-attention and feed-forward with their residuals and norms."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.pre = config.norm == "pre"
        self.attention = Projections(config.hidden, config.heads)
        self.attention_norm = nn.LayerNorm(config.hidden, eps=config.norm_epsilon)
        self.feed_forward = FeedForward(config.hidden, config.intermediate)
        self.output_norm = nn.LayerNorm(config.hidden, eps=config.norm_epsilon)
        self.activate = ACTIVATE[config.activation]

    def look(
        self,
        states: Tensor,
        past: KeyValue | None,
        mask: Tensor | None,
        dropout: float,
        change: AttentionChange | None = None,
    ) -> Stages:
        """Self-attention of ``states``, after the ``past`` ones where there are any."""
        entering = self.attention_norm(states) if self.pre else states  # (batch, tokens, hidden)
        seen = keys_and_values(self.attention, entering)
        before = 0 if past is None else past.key.shape[2]
        if past is not None:
            seen = KeyValue(*(torch.cat(pair, 2) for pair in zip(past, seen, strict=True)))
        first = {"input": states, "attention_norm": entering} if self.pre else {"input": states}
        looking = Looking(seen, mask, change, before)
        return first | _attended(self.attention, self.attention_norm, states, entering, looking, dropout, self.pre)

    def feed(
        self, states: Tensor, dropout: float, change: LayerChange = UNCHANGED, skipped: Tensor | None = None
    ) -> Stages:
        """The position-wise network (section 3.3); ``skipped`` is what goes on instead where a person dropped the layer."""
        entering = self.output_norm(states) if self.pre else states
        inner = self.feed_forward.inner(entering)  # (batch, tokens, intermediate)
        activated = self.activate(inner)
        outer = self.feed_forward.outer(activated)  # (batch, tokens, hidden)
        if change.drops_feed_forward:
            outer = torch.zeros_like(outer)
        output_sum = F.dropout(outer, dropout) + states
        stages = {"inner": inner, "activated": activated, "outer": outer, "output_sum": output_sum}
        dropped = skipped if change.drops_layer else None
        if self.pre:
            return {"output_norm": entering, **stages, "output": output_sum if dropped is None else dropped}
        return {**stages, "output": self.output_norm(output_sum) if dropped is None else dropped}


class EncoderLayer(Sublayers):
    """Self-attention and feed-forward."""

    def forward(self, states: Tensor, dropout: float = 0.0, change: LayerChange = UNCHANGED) -> Stages:
        attended = self.look(states, None, None, dropout, change.attention)
        return attended | self.feed(last(attended), dropout, change, states)


class DecoderLayer(Sublayers):
    """Causal self-attention, cross-attention and feed-forward."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__(config)
        self.cross = Projections(config.hidden, config.heads)
        self.cross_norm = nn.LayerNorm(config.hidden, eps=config.norm_epsilon)

    def forward(
        self,
        states: Tensor,
        memory: KeyValue,
        past: KeyValue | None = None,
        dropout: float = 0.0,
        change: LayerChange = UNCHANGED,
    ) -> DecoderStages:
        own = self.look(states, past, causal(states.shape[1], past, states.device), dropout, change.attention)
        written = last(own)
        entering = self.cross_norm(written) if self.pre else written
        first = {"input": written, "attention_norm": entering} if self.pre else {"input": written}
        looking = Looking(memory, None, change.cross, 0 if past is None else past.key.shape[2])
        cross = first | _attended(self.cross, self.cross_norm, written, entering, looking, dropout, self.pre)
        return DecoderStages(own, cross | self.feed(last(cross), dropout, change, states))


def last(stages: Stages) -> Tensor:
    """What leaves a computation."""
    return next(reversed(stages.values()))


def causal(steps: int, past: KeyValue | None, device: torch.device) -> Tensor | None:
    """True where a word may look: at itself and before; one word alone may look everywhere. (1, 1, steps, keys)."""
    if steps == 1:
        return None
    before = 0 if past is None else past.key.shape[2]
    return torch.ones(steps, before + steps, dtype=torch.bool, device=device).tril(before)[None, None]


def keys_and_values(parts: Projections, states: Tensor) -> KeyValue:
    """W_K and W_V of ``states`` (batch, tokens, hidden), by head."""
    return KeyValue(split_heads(parts.key(states), parts.heads), split_heads(parts.value(states), parts.heads))


def _attended(
    parts: Projections,
    norm: nn.LayerNorm,
    states: Tensor,
    entering: Tensor,
    looking: Looking,
    dropout: float,
    pre: bool,
) -> Stages:
    """From the query to the residual sum (and its norm, if that comes after)."""
    seen, change = looking.seen, looking.change
    query = split_heads(parts.query(entering), parts.heads)  # (batch, heads, tokens, head_dim)
    heads = (
        attend(query, seen.key, seen.value, looking.mask)
        if change is None
        else change.attend(query, seen.key, seen.value, looking.mask, looking.first)
    )
    context = join_heads(heads)  # (batch, tokens, hidden)
    stages = {"query": query, "key": seen.key, "value": seen.value, "context": context}
    stages["attended"] = attended = parts.output(context)
    stages["attention_sum"] = attention_sum = F.dropout(attended, dropout) + states
    return stages if pre else {**stages, "attention_norm": norm(attention_sum)}
