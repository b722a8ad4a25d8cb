"""One block of a trace at one head: the records it is read from, which tokens stand on which axis, what is unfolded once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from attnviz.trace import Attention, Block, BlockWeights, Cursor, Floats, Site, Tokens, Trace
from attnviz.views.lettering import isolated
from attnviz.views.token_labels import lettered

Side = Literal["query", "key"]


@dataclass(frozen=True, slots=True, eq=False)
class Unfolded:
    """The matrices of one head, each (queries, keys); ``open`` is True where a query may look."""

    products: Floats
    scaled: Floats
    scores: Floats
    weights: Floats
    open: NDArray[np.bool_] | None


@dataclass(frozen=True, slots=True, eq=False)
class BlockMoment:
    """The block, the head and the tokens that the cursor is at; ``query`` and ``key`` are what is pointed at."""

    block: Block
    weights: BlockWeights | None
    attention: Attention
    queries: Tokens
    keys: Tokens
    head: int
    query: int | None
    key: int | None

    def stage(self, name: str) -> Floats:
        return self.block.stages[name]

    def parameter(self, name: str) -> Floats | None:
        return None if self.weights is None else self.weights.parameters.get(name)

    @property
    def row(self) -> int:
        """The query whose row is worked out: the pointed one, else the first."""
        return 0 if self.query is None else self.query

    @property
    def pre(self) -> bool:
        """Whether the norms come before what they normalise for."""
        return entered(self.block) == "attention_norm"

    @property
    def crosses(self) -> bool:
        return self.block.site is Site.CROSS

    @property
    def width(self) -> int:
        """The numbers of one head for one token, d_k."""
        return int(self.attention.query.shape[2])

    @property
    def columns(self) -> slice:
        """The head's part of the concatenation."""
        return slice(self.head * self.width, (self.head + 1) * self.width)

    @property
    def unfolded(self) -> Unfolded:
        return _unfolded(self.attention, self.head)

    def tokens(self, side: Side) -> Tokens:
        return self.queries if side == "query" else self.keys

    def labels(self, side: Side) -> tuple[str, ...]:
        return lettered(self.tokens(side).labels)

    def token(self, side: Side, position: int) -> str:
        """A token and its position in words."""
        return f"{isolated(self.tokens(side).labels[position])} ({position})"

    def marked(self, side: Side) -> int | None:
        """The token of that axis that is pointed at."""
        return self.query if side == "query" else self.key


def entered(block: Block) -> str:
    """The stage that the queries are made of: the input, or its norm where that comes first."""
    names = list(block.stages)
    norm = names.index("attention_norm") if "attention_norm" in names else len(names)
    return "attention_norm" if norm < names.index("query") else "input"


def block_moment(trace: Trace, cursor: Cursor) -> BlockMoment | None:
    """What the cursor is at; None while a part of it hasn't arrived or belongs to another run."""
    about = cursor.site, cursor.layer
    block, attention = trace.find(Block, about), trace.attention(cursor.layer, cursor.site)
    queries, keys = (trace.tokens(site) for site in axes_of(cursor.site))
    if block is None or attention is None or queries is None or keys is None:
        return None
    shape = attention.query.shape[1], attention.key.shape[1]
    if not 0 <= cursor.head < attention.heads or shape != (len(queries), len(keys)) or 0 in shape:
        return None
    if len(block.stages["input"]) != len(queries) or block.stages["key"].shape[1] != len(keys):
        return None
    query, key = (
        place if place is not None and 0 <= place < size else None
        for place, size in ((cursor.query, shape[0]), (cursor.key, shape[1]))
    )
    return BlockMoment(block, trace.find(BlockWeights, about), attention, queries, keys, cursor.head, query, key)


def axes_of(site: Site) -> tuple[Site, Site]:
    """Whose tokens look, and whose are looked at."""
    return (Site.DECODER, Site.ENCODER) if site is Site.CROSS else (site, site)


def absence(trace: Trace, cursor: Cursor) -> str:
    """Why there is no block to draw."""
    if any(trace.tokens(site) is None for site in axes_of(cursor.site)):
        return "Type a sentence above to see how a block computes, step by step."
    attention = trace.attention(cursor.layer, cursor.site)
    if attention is not None and not 0 <= cursor.head < attention.heads:
        return f"Layer {cursor.layer} has {attention.heads} heads and no head {cursor.head}; choose another one."
    site = "" if cursor.site is Site.ENCODER else f" ({cursor.site})"
    return f"Computing the inside of layer {cursor.layer}{site} …"


@lru_cache(maxsize=1)
def _unfolded(attention: Attention, head: int) -> Unfolded:
    products, scores = attention.products(head), attention.scores(head)  # (queries, keys)
    scaled = products * np.float32(attention.scale)
    return Unfolded(products, scaled, scores, attention.weights(head), attention.mask)
