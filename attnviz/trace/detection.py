"""Which words of a text a discriminator holds for replaced (Clark et al. 2020)."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnviz.trace.record import Floats, Record

HALF = 0.5
"""From this probability on a word is called replaced."""


@dataclass(frozen=True, slots=True, eq=False)
class Detected(Record):
    """``logits`` (positions,) that the tokens at ``positions``, in order, were replaced; special tokens are judged by nobody."""

    positions: tuple[int, ...]
    logits: Floats

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """The sigmoid of the logits, (positions,)."""
        found: NDArray[np.float64] = np.exp(-np.logaddexp(0.0, -self.logits.astype(np.float64)))
        return found

    def probability(self, position: int) -> float | None:
        """That the token at ``position`` was replaced, None for one that nobody judges."""
        place = bisect_left(self.positions, position)
        if place == len(self.positions) or self.positions[place] != position:
            return None
        return float(np.exp(-np.logaddexp(0.0, -float(self.logits[place]))))
