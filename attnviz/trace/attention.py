"""Attention as it is kept: Q, K and V, unfolded when somebody looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnviz.trace.record import Floats, Record, Site, Slot


def softmax(scores: Floats) -> Floats:
    """Row-wise softmax over the last axis; rows that are masked everywhere become all zero."""
    highest = scores.max(axis=-1, keepdims=True)
    exponentials = np.exp(scores - np.where(np.isfinite(highest), highest, 0.0), dtype=np.float32)
    totals = exponentials.sum(axis=-1, keepdims=True)
    return np.divide(exponentials, totals, out=np.zeros_like(exponentials), where=totals > 0)


@dataclass(frozen=True, slots=True, eq=False)
class Attention(Record):
    """One layer's attention, kept as Q, K, V and unfolded on demand (Vaswani et al. 2017, equation 1).

    ``query`` is (heads, queries, head_dim); ``key`` and ``value`` are (heads, keys, head_dim); ``mask`` is a boolean
    (queries, keys), True where a query may look; ``bias`` is added to the scaled scores, (heads, queries, keys).
    ``given`` are the weights (queries, keys) of heads in which a person set some: these were used, whatever the scores say.
    """

    site: Site
    layer: int
    query: Floats
    key: Floats
    value: Floats
    scale: float
    mask: NDArray[np.bool_] | None = None
    bias: Floats | None = None
    given: Mapping[int, Floats] | None = None

    def __post_init__(self) -> None:
        if self.query.ndim != 3 or self.key.shape != self.value.shape or self.query.shape[0] != self.key.shape[0]:
            raise ValueError(
                f"attention of shapes {self.query.shape}, {self.key.shape}, {self.value.shape} doesn't fit"
            )

    @property
    def slot(self) -> Slot:
        return (Attention, (self.site, self.layer))

    @property
    def heads(self) -> int:
        return int(self.query.shape[0])

    def products(self, head: int) -> Floats:
        """Raw scores q·k of one head, (queries, keys)."""
        return self.query[head] @ self.key[head].T  # (queries, keys)

    def scores(self, head: int) -> Floats:
        """Scaled scores of one head as they enter the softmax; -inf where masked, (queries, keys)."""
        scaled = self.products(head) * np.float32(self.scale)  # (queries, keys)
        if self.bias is not None:
            scaled = scaled + self.bias[head]
        return scaled if self.mask is None else np.where(self.mask, scaled, np.float32(-np.inf))

    def weights(self, head: int) -> Floats:
        """Attention weights of one head: softmax over the keys, rows sum to 1, (queries, keys)."""
        return self.given[head] if self.given and head in self.given else softmax(self.scores(head))

    def products_of(self, query: int) -> Floats:
        """Raw scores of one query in every head, (heads, keys)."""
        return np.matmul(self.key, self.query[:, query, :, None])[..., 0]  # (heads, keys)

    def scores_of(self, query: int) -> Floats:
        """Scaled scores of one query in every head, -inf where masked, (heads, keys)."""
        scaled = self.products_of(query) * np.float32(self.scale)  # (heads, keys)
        if self.bias is not None:
            scaled = scaled + self.bias[:, query]
        return scaled if self.mask is None else np.where(self.mask[query], scaled, np.float32(-np.inf))

    def weights_of(self, query: int) -> Floats:
        """Attention weights of one query in every head, rows sum to 1, (heads, keys)."""
        weights = softmax(self.scores_of(query))
        for head, given in (self.given or {}).items():
            weights[head] = given[query]
        return weights

    def context(self, head: int) -> Floats:
        """The weighted sums of the values, (queries, head_dim)."""
        return self.weights(head) @ self.value[head]


@dataclass(frozen=True, slots=True, eq=False)
class Overview(Record):
    """Every head of one layer in small: pictures and the numbers that describe them.

    ``tiles`` is uint8 (heads, rows, columns), weights max-pooled to at most 64 × 64 and scaled by 255; ``summary`` is
    float32 (heads, len(SUMMARY)), averages over the queries that may be looked from.
    """

    SUMMARY = ("entropy", "distance", "self", "previous", "next", "first", "separator")

    site: Site
    layer: int
    tiles: NDArray[np.uint8]
    summary: Floats

    @property
    def slot(self) -> Slot:
        return (Overview, (self.site, self.layer))


@dataclass(frozen=True, slots=True)
class Hiding:
    """Keys left out of a picture of attention, and what that does to each row.

    ``weights`` are the rows after the hidden keys are set to 0 and the rest renormalised to sum 1;
    ``share`` is the mean part of the mass that was hidden, in [0, 1].
    """

    weights: Floats
    share: float

    @staticmethod
    def of(weights: Floats, hidden: tuple[int, ...]) -> Hiding:
        if not hidden:
            return Hiding(weights, 0.0)
        kept = weights.copy()
        kept[:, list(hidden)] = 0.0  # (queries, keys)
        rest = kept.sum(axis=1, keepdims=True)
        shown = np.divide(kept, rest, out=np.zeros_like(kept), where=rest > 0)
        return Hiding(shown, float(1.0 - rest.mean()))
