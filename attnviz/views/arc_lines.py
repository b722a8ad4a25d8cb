"""Which lines join queries to keys, how strong they are and where they run: numbers only, so that it is quick to test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnviz.trace import Floats

FAINTEST = 1 / 255
MOST_LINES = 2000
LEVELS = 24

Indices = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Lines from ``queries`` to ``keys`` with their ``weights``; ``left_out`` says how many weaker ones aren't drawn."""

    queries: Indices
    keys: Indices
    weights: Floats
    left_out: int = 0

    def __len__(self) -> int:
        return len(self.weights)

    def within(self, first: float, last: float) -> Lines:
        """The lines that cross the rows from ``first`` to ``last``."""
        low, high = np.minimum(self.queries, self.keys), np.maximum(self.queries, self.keys)
        seen = (high >= first) & (low <= last)
        return Lines(self.queries[seen], self.keys[seen], self.weights[seen], self.left_out)

    def levels(self, strongest: float) -> NDArray[np.intp]:
        """The strength of each line in steps 0 … LEVELS - 1 of the strongest weight."""
        share = np.clip(self.weights / max(strongest, FAINTEST), 0.0, 1.0)
        steps: NDArray[np.intp] = np.minimum((share * LEVELS).astype(np.intp), LEVELS - 1)
        return steps


def lines_of(weights: Floats, query: int | None = None, key: int | None = None) -> Lines:
    """The lines of one query, else of one key, else of all; at most the strongest 2,000."""
    drawn = weights >= FAINTEST
    if query is not None:
        drawn = drawn & (np.arange(weights.shape[0]) == query)[:, None]
    elif key is not None:
        drawn = drawn & (np.arange(weights.shape[1]) == key)[None, :]
    queries, keys = np.nonzero(drawn)
    found = weights[queries, keys]
    if len(found) <= MOST_LINES:
        return Lines(queries, keys, found)
    kept = np.sort(np.argpartition(found, -MOST_LINES)[-MOST_LINES:])
    return Lines(queries[kept], keys[kept], found[kept], len(found) - MOST_LINES)
