"""Which attention an alignment shows: the one of a recurrent decoder, or of a Transformer a head, the mean of a layer's heads, or self-attention."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnviz.trace import Attention, Decoding, Floats, Site, Tokens, Trace


@dataclass(frozen=True, slots=True)
class Reading:
    """``site`` is CROSS or DECODER; no layer is the last one, no head the mean over the layer's heads."""

    site: Site = Site.CROSS
    layer: int | None = None
    head: int | None = None

    def within(self, layers: int, heads: int) -> Reading:
        """The same as far as a model with so many layers and heads has it."""
        layer = layers - 1 if self.layer is None else min(self.layer, layers - 1)
        return Reading(self.site, layer, None if self.head is None else min(self.head, heads - 1))


@dataclass(frozen=True, slots=True, eq=False)
class Alignment:
    """``weights`` (steps, columns), NaN where there is no such word yet; ``scores`` are None where weights are a mean."""

    rows: tuple[str, ...]
    columns: tuple[str, ...]
    weights: Floats
    scores: Floats | None
    is_own: bool = False
    """Whether the columns are the words that were fed in, and not source tokens."""

    def values(self, kind: str) -> Floats | None:
        return self.weights if kind == "weights" else self.scores


def decoder_layers(trace: Trace) -> int:
    """How many decoder layers a Transformer's trace has; 0 for a recurrent decoder."""
    layers = 0
    while trace.attention(layers, Site.CROSS) is not None:
        layers += 1
    return layers


def decoder_heads(trace: Trace) -> int:
    """How many heads its cross-attention has."""
    first = trace.attention(0, Site.CROSS)
    return 0 if first is None else first.heads


def alignment_of(trace: Trace, reading: Reading) -> Alignment | None:
    """What the map shows; None while a part of it has not arrived or belongs to another run."""
    decoding, tokens = trace.find(Decoding), trace.tokens()
    if decoding is None or tokens is None or not len(decoding):
        return None
    found = _recurrent(decoding, tokens) if decoding.is_recurrent else _of_heads(trace, decoding, tokens, reading)
    if found is None or found.weights.shape != (len(found.rows), len(found.columns)) or not found.weights.size:
        return None
    return found


def _recurrent(decoding: Decoding, tokens: Tokens) -> Alignment | None:
    if decoding.weights is None:
        return None
    return Alignment(decoding.labels, tokens.labels, decoding.weights, decoding.scores)


def _of_heads(trace: Trace, decoding: Decoding, tokens: Tokens, reading: Reading) -> Alignment | None:
    layers, is_own = decoder_layers(trace), reading.site is Site.DECODER
    if not layers:
        return None
    reading = reading.within(layers, decoder_heads(trace))
    attention = trace.attention(reading.layer or 0, reading.site)
    if attention is None:
        return None
    weights = _mean(attention) if reading.head is None else attention.weights(reading.head)
    scores = None if reading.head is None else attention.scores(reading.head)
    if is_own:
        weights = np.where(np.tri(len(weights), weights.shape[1], dtype=np.bool_), weights, np.float32(np.nan))
    columns = decoding.previous_labels if is_own else tokens.labels
    return Alignment(decoding.labels, columns, weights, scores, is_own)


def _mean(attention: Attention) -> Floats:
    """Over the heads, (queries, keys)."""
    total: Floats = np.mean([attention.weights(head) for head in range(attention.heads)], axis=0)
    return total
