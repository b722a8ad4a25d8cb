"""BERT in one file: Devlin et al. 2019, "BERT: Pre-training of Deep Bidirectional Transformers".

Word, position and segment embeddings are summed and normalised; each block attends, adds, normalises, feeds forward,
adds and normalises again; the heads read masked words (MLM) and whether two sentences are neighbours (NSP).
A block always returns every stage of its computation: looking costs nothing, so there is no second path for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch
import torch.nn.functional as F  # noqa: N812 - the name that everyone knows
from torch import Tensor, nn

from attnviz.models.attention import Projections, attend, join_heads, split_heads
from attnviz.models.bert_trace import Looking
from attnviz.models.edited import UNCHANGED

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Generator

    from attnviz.models.config import BertConfig
    from attnviz.models.edited import Edits, Kept, LayerChange
    from attnviz.trace import Record

ACTIVATE: dict[str, Callable[[Tensor], Tensor]] = {
    "gelu": F.gelu,
    "gelu_new": lambda x: F.gelu(x, approximate="tanh"),
    "gelu_pytorch_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "gelu_fast": lambda x: F.gelu(x, approximate="tanh"),
    "relu": F.relu,
    "silu": F.silu,
    "swish": F.silu,
    "tanh": torch.tanh,
}


class Stages(NamedTuple):
    """One block's computation in order; widths in the comments, all (batch, tokens, …) but Q, K and V."""

    input: Tensor  # (batch, tokens, hidden)
    query: Tensor  # (batch, heads, tokens, head_dim)
    key: Tensor  # (batch, heads, tokens, head_dim)
    value: Tensor  # (batch, heads, tokens, head_dim)
    context: Tensor  # (batch, tokens, hidden), heads side by side
    attended: Tensor  # (batch, tokens, hidden), after W_O
    attention_sum: Tensor  # (batch, tokens, hidden), + residual
    attention_norm: Tensor  # (batch, tokens, hidden)
    inner: Tensor  # (batch, tokens, intermediate), before the activation
    activated: Tensor  # (batch, tokens, intermediate)
    outer: Tensor  # (batch, tokens, hidden)
    output_sum: Tensor  # (batch, tokens, hidden), + residual
    output: Tensor  # (batch, tokens, hidden)


class Embeddings(nn.Module):
    """Sum of word, position and segment embeddings, normalised (section 3, figure 2); then projected where they are narrower."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        width = config.word_width
        self.word = nn.Embedding(config.vocabulary, width)
        self.position = nn.Embedding(config.positions, width)
        self.segment = nn.Embedding(config.segments, width) if config.segments else None
        self.norm = nn.LayerNorm(width, eps=config.norm_epsilon)
        self.project = nn.Linear(width, config.hidden) if config.projects else None
        self.first, self.padding = config.first_position, config.padding

    def forward(self, ids: Tensor, segments: Tensor) -> Tensor:
        total = sum(self.parts(ids, segments).values(), torch.zeros((), device=ids.device))  # (batch, tokens, width)
        states: Tensor = self.norm(total)
        return states if self.project is None else self.project(states)  # (batch, tokens, hidden)

    def parts(self, ids: Tensor, segments: Tensor) -> dict[str, Tensor]:
        """What is summed, each (batch, tokens, width)."""
        found = {"word": self.word(ids), "position": self.position(self.places(ids))}
        return found if self.segment is None else {**found, "segment": self.segment(segments)}

    def places(self, ids: Tensor) -> Tensor:
        """The rows of the position table: 0, 1, …, or with RoBERTa from the padding's id on, where padding itself isn't counted."""
        if not self.first:
            return torch.arange(ids.shape[-1], device=ids.device).expand_as(ids)  # (batch, tokens)
        present = (ids != self.padding).long()
        return present.cumsum(-1) * present + self.first - 1  # (batch, tokens)


class FeedForward(nn.Module):
    """The position-wise network: hidden → intermediate → hidden."""

    def __init__(self, hidden: int, intermediate: int) -> None:
        super().__init__()
        self.inner = nn.Linear(hidden, intermediate)
        self.outer = nn.Linear(intermediate, hidden)


class BertBlock(nn.Module):
    """One encoder layer with post-norm residuals; ``forward`` returns every stage.

    A layer that is dropped is still computed, to be looked at; but what leaves it is what entered.
    """

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.attention = Projections(config.hidden, config.heads)
        self.attention_norm = nn.LayerNorm(config.hidden, eps=config.norm_epsilon)
        self.feed_forward = FeedForward(config.hidden, config.intermediate)
        self.output_norm = nn.LayerNorm(config.hidden, eps=config.norm_epsilon)
        self.activate = ACTIVATE[config.activation]

    def forward(self, states: Tensor, mask: Tensor | None = None, change: LayerChange = UNCHANGED) -> Stages:
        query, key, value = (
            split_heads(project(states), self.attention.heads)  # (batch, heads, tokens, head_dim)
            for project in (self.attention.query, self.attention.key, self.attention.value)
        )
        look = attend if change.attention is None else change.attention.attend
        context = join_heads(look(query, key, value, mask))  # (batch, tokens, hidden)
        attended = self.attention.output(context)
        attention_sum = attended + states
        attention_norm = self.attention_norm(attention_sum)
        inner = self.feed_forward.inner(attention_norm)  # (batch, tokens, intermediate)
        activated = self.activate(inner)
        outer = self.feed_forward.outer(activated)  # (batch, tokens, hidden)
        if change.drops_feed_forward:
            outer = torch.zeros_like(outer)
        output_sum = outer + attention_norm
        output = states if change.drops_layer else self.output_norm(output_sum)
        return Stages(
            states,
            query,
            key,
            value,
            context,
            attended,
            attention_sum,
            attention_norm,
            inner,
            activated,
            outer,
            output_sum,
            output,
        )


class Pooler(nn.Module):
    """tanh of a linear map of the first token's last state."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.dense = nn.Linear(hidden, hidden)

    def forward(self, states: Tensor) -> Tensor:
        return torch.tanh(self.dense(states[:, 0]))  # (batch, hidden)


class MlmHead(nn.Module):
    """Masked-word scores: linear, activation, norm, then the word embeddings as output matrix (tied unless stored apart)."""

    def __init__(self, config: BertConfig, *, own_decoder: bool = False) -> None:
        super().__init__()
        width = config.word_width
        self.dense = nn.Linear(config.hidden, width)
        self.norm = nn.LayerNorm(width, eps=config.norm_epsilon)
        self.bias = nn.Parameter(torch.zeros(config.vocabulary))
        self.decoder = nn.Linear(width, config.vocabulary, bias=False) if own_decoder else None
        self.activate = ACTIVATE[config.head_activation or config.activation]

    def forward(self, states: Tensor, words: Tensor) -> Tensor:
        """Logits (…, vocabulary) for states (…, hidden); ``words`` is the embedding matrix (vocabulary, width)."""
        weight = words if self.decoder is None else self.decoder.weight
        return F.linear(self.norm(self.activate(self.dense(states))), weight, self.bias)


class NspHead(nn.Module):
    """Two logits of the pooled state: is the next sentence, is not."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.classifier = nn.Linear(hidden, 2)

    def forward(self, pooled: Tensor) -> Tensor:
        return self.classifier(pooled)  # (batch, 2)


class RtdHead(nn.Module):
    """Replaced-token detection (Clark et al. 2020): one logit a token, above 0 where the word was replaced rather than not."""

    def __init__(self, config: BertConfig) -> None:
        super().__init__()
        self.dense = nn.Linear(config.hidden, config.hidden)
        self.classifier = nn.Linear(config.hidden, 1)
        self.activate = ACTIVATE[config.activation]

    def forward(self, states: Tensor) -> Tensor:
        return self.classifier(self.activate(self.dense(states)))[..., 0]  # (…, tokens)


class Bert(nn.Module):
    """The whole model, of whichever member; heads that a checkpoint doesn't have are None."""

    def __init__(
        self,
        config: BertConfig,
        *,
        pooler: bool = True,
        mlm: bool = True,
        nsp: bool = True,
        rtd: bool = False,
        own_decoder: bool = False,
    ) -> None:
        super().__init__()
        self.config = config
        self.embeddings = Embeddings(config)
        self.layers = nn.ModuleList(BertBlock(config) for _ in range(config.layers))
        self.pooler = Pooler(config.hidden) if pooler else None
        self.mlm = MlmHead(config, own_decoder=own_decoder) if mlm else None
        self.nsp = NspHead(config.hidden) if nsp else None
        self.rtd = RtdHead(config) if rtd else None

    def forward(self, ids: Tensor, segments: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """Last hidden states (batch, tokens, hidden). ``mask`` is boolean (batch, tokens), False = padding."""
        states = self.embeddings(ids, torch.zeros_like(ids) if segments is None else segments)
        may_look = None if mask is None else mask[:, None, None, :]  # (batch, 1, 1, keys)
        for block in self.layers:
            states = block(states, may_look).output
        return states

    @torch.inference_mode()
    def trace(
        self,
        ids: Tensor,
        segments: Tensor,
        mask: Tensor | None = None,
        blocks: Collection[int] = (),
        edits: Edits = (),
        kept: Kept | None = None,
        *,
        streams: bool = False,
    ) -> Generator[Record, None, Tensor]:
        """Yield the first row's Hidden and Attention layer by layer (and Block for ``blocks``); return the last states.

        ``edits`` change the run from their layers on; what an earlier run has ``kept`` isn't computed again. ``streams``
        has Positions first and a Stream after every layer.
        """
        may_look = None if mask is None else mask[:, None, None, :]  # (batch, 1, 1, keys)
        return (yield from Looking(self, ids, segments, may_look, blocks, streams, edits).run(kept))

    def block(self, layer: int) -> BertBlock:
        """One layer, counted from 0."""
        found: BertBlock = self.layers[layer]  # type: ignore[assignment] # all BertBlocks
        return found

    def word_logits(self, states: Tensor) -> Tensor:
        """MLM logits (…, vocabulary) at the given last states (…, hidden)."""
        if self.mlm is None:
            raise RuntimeError("this model has no masked-word head")
        logits: Tensor = self.mlm(states, self.embeddings.word.weight)
        return logits

    def pair_logits(self, states: Tensor) -> Tensor:
        """NSP logits (batch, 2): index 0 says that the second sentence follows the first."""
        if self.pooler is None or self.nsp is None:
            raise RuntimeError("this model has no next-sentence head")
        logits: Tensor = self.nsp(self.pooler(states))
        return logits

    def replaced_logits(self, states: Tensor) -> Tensor:
        """Logits (…, tokens) that a word was replaced, at the given last states (…, tokens, hidden)."""
        if self.rtd is None:
            raise RuntimeError("this model has no head that detects replaced words")
        logits: Tensor = self.rtd(states)
        return logits
