"""Attention weights as a person sets them: one is moved, the others are scaled so that the sum stays 1."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from attnviz.edits import SetWeights
from attnviz.trace import Floats

Weights = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class StagedWeights:
    """A distribution that waits to be applied at ``step``. ``original`` is the model's own, ``closed`` are hidden tokens.

    ``factor`` is what the last move scaled the other weights by; None where it didn't scale them.
    """

    step: int
    original: Weights
    weights: Weights
    closed: NDArray[np.bool_]
    factor: float | None = None

    @staticmethod
    def of(step: int, weights: Floats, scores: Floats | None = None) -> StagedWeights:
        """The model's own distribution, nothing moved yet."""
        own = weights.astype(np.float64)
        closed = np.zeros(len(own), np.bool_) if scores is None else np.isneginf(scores)
        return StagedWeights(step, own, own, closed)

    @property
    def total(self) -> float:
        return float(self.weights.sum())

    @property
    def moved(self) -> bool:
        return bool(np.abs(self.weights - self.original).max() > 1e-6)

    def with_weight(self, position: int, weight: float) -> StagedWeights:
        """One weight set within [0, 1], the others scaled to what remains; where they are all 0 they share it evenly."""
        weight = min(max(weight, 0.0), 1.0)
        others = np.ones(len(self.weights), np.bool_)
        others[position] = False
        rest = float(self.weights[others].sum())
        changed = self.weights.copy()
        factor: float | None = None
        if rest > 1e-12:
            factor = (1.0 - weight) / rest
            changed[others] *= factor
        else:
            takers = others & ~self.closed
            if not takers.any():
                return self.all_on(position)
            changed[takers] = (1.0 - weight) / int(takers.sum())
        changed[position] = weight
        return replace(self, weights=changed, factor=factor)

    def uniform(self) -> StagedWeights:
        """The same weight for every token that isn't hidden."""
        open_tokens = ~self.closed if not self.closed.all() else np.ones_like(self.closed)
        return replace(self, weights=open_tokens / open_tokens.sum(), factor=None)

    def all_on(self, position: int) -> StagedWeights:
        """Everything on one token."""
        return replace(self, weights=np.eye(len(self.weights))[position], factor=None)

    def says(self) -> str:
        """What became of the others, and the sum."""
        scaled = "" if self.factor is None else f"others × {self.factor:.2f}, "
        return f"{scaled}sum {self.total:.2f}"

    def edit(self) -> SetWeights:
        return SetWeights(self.step, tuple(self.weights.tolist()))
