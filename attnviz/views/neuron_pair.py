"""One query and one key of a head in numbers, from their vectors to the weight, all computed from the attention record."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnviz.trace import Attention, Cursor, Floats, Tokens, Trace, softmax
from attnviz.views.block_moment import Side, axes_of
from attnviz.views.focus_row import one_query
from attnviz.views.lettering import isolated

_CLOSE = 1e-4


@dataclass(frozen=True, slots=True, eq=False)
class NeuronRow:
    """A query against all keys, each array (keys,): q·k, what is added, what enters the softmax, and the weights.

    ``chosen`` is the key that is looked at: the cursor's, else the one with most weight.
    """

    attention: Attention
    head: int
    queries: Tokens
    keys: Tokens
    query: int
    chosen: int
    products: Floats
    bias: Floats | None
    scores: Floats
    weights: Floats

    @property
    def query_vector(self) -> Floats:
        vector: Floats = self.attention.query[self.head, self.query]
        return vector

    @property
    def key_vector(self) -> Floats:
        vector: Floats = self.attention.key[self.head, self.chosen]
        return vector

    @property
    def terms(self) -> Floats:
        """The products of the two vectors, dimension by dimension; they sum to q·k."""
        terms: Floats = self.query_vector * self.key_vector
        return terms

    @property
    def running(self) -> Floats:
        """The sum of the terms up to each dimension; the last one is q·k."""
        return np.cumsum(self.terms, dtype=np.float64).astype(np.float32)

    @property
    def masked(self) -> bool:
        """Whether the query may not look at the chosen key."""
        return bool(np.isneginf(self.scores[self.chosen]))

    @property
    def by_hand(self) -> bool:
        """Whether the weights that were used are others than the softmax of the scores."""
        if self.attention.given is None:
            return False
        return bool(np.abs(softmax(self.scores[None])[0] - self.weights).max() > _CLOSE)

    def token(self, side: Side, position: int) -> str:
        """A token and its position in words."""
        labels = self.queries.labels if side == "query" else self.keys.labels
        return f"{isolated(labels[position])} ({position})"


def neuron_row(trace: Trace, cursor: Cursor) -> NeuronRow | None:
    """The row of the cursor's query, else of the first one; None while a part of it hasn't arrived or fits another run."""
    attention = trace.attention(cursor.layer, cursor.site)
    queries, keys = (trace.tokens(site) for site in axes_of(cursor.site))
    if attention is None or queries is None or keys is None or not 0 <= cursor.head < attention.heads:
        return None
    shape = attention.query.shape[1], attention.key.shape[1]
    if shape != (len(queries), len(keys)) or 0 in shape:
        return None
    query = cursor.query if cursor.query is not None and 0 <= cursor.query < shape[0] else 0
    one = one_query(attention, query)
    weights = one.weights(cursor.head)[0]
    asked = cursor.key is not None and 0 <= cursor.key < shape[1]
    chosen = cursor.key if asked and cursor.key is not None else int(weights.argmax())
    bias = None if one.bias is None else one.bias[cursor.head, 0]
    products, scores = one.products(cursor.head)[0], one.scores(cursor.head)[0]
    return NeuronRow(attention, cursor.head, queries, keys, query, chosen, products, bias, scores, weights)


def neuron_absence(trace: Trace, cursor: Cursor) -> str:
    """Why there is nothing to show."""
    if any(trace.tokens(site) is None for site in axes_of(cursor.site)):
        return "Type a sentence above to see how a query and a key make a weight."
    attention = trace.attention(cursor.layer, cursor.site)
    if attention is not None and not 0 <= cursor.head < attention.heads:
        return f"Layer {cursor.layer} has {attention.heads} heads and no head {cursor.head}; choose another one."
    return f"Layer {cursor.layer} has not arrived yet."
