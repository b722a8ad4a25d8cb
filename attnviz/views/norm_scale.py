"""An axis of lengths, which are never negative: linear from 0, or logarithmic from below the smallest one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from attnviz.export.ticks import decade_ticks, even_ticks
from attnviz.trace import Floats

SCALES = ("linear", "log")


@dataclass(frozen=True, slots=True)
class NormScale:
    """From ``low`` to ``high``; ``low`` is 0 where the axis is linear."""

    low: float
    high: float

    @staticmethod
    def of(values: Floats, scale: str) -> NormScale:
        """The axis on which all finite values have room."""
        finite = values[np.isfinite(values)]
        high = max(float(finite.max(initial=0.0)) * 1.05, 1e-6)
        if scale == "linear":
            return NormScale(0.0, high)
        lowest = float(finite[finite > 0].min(initial=high)) / 1.3
        return NormScale(max(min(lowest, high / 10), high * 1e-9), high)

    def share(self, value: float) -> float:
        """How high a value stands, in [0, 1]; what is not a number stands at 0."""
        if not math.isfinite(value) or value <= self.low:
            return 0.0
        if not self.low:
            return value / self.high
        return math.log(value / self.low) / math.log(self.high / self.low)

    def ticks(self, most: int) -> tuple[tuple[float, str], ...]:
        """Round values and how they are written; on a logarithmic axis 1, 2 and 5 times the powers of ten, as far as they fit."""
        if not self.low:
            return even_ticks(self.high, most)
        return decade_ticks(self.low, self.high, most)
