"""One axis of a plot: from where to where, linear or logarithmic, and the round numbers along it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from attnviz.export.ticks import decade_ticks, range_ticks
from attnviz.trace import Axis
from attnviz.trace.plots import Numbers

_ROOM = 0.05


@dataclass(frozen=True, slots=True)
class AxisScale:
    """From ``low`` to ``high`` > ``low``; a logarithmic one begins above 0."""

    low: float
    high: float
    logarithmic: bool = False
    whole: bool = False

    def shares(self, values: Numbers) -> Numbers:
        """How far along the axis values stand, 0 at ``low`` and 1 at ``high``; NaN for what has no place on it."""
        if not self.logarithmic:
            return (values - self.low) / (self.high - self.low)
        positive: Numbers = np.where(values > 0, values, np.nan)
        return (np.log(positive) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))

    def share(self, value: float) -> float:
        return float(self.shares(np.array([value]))[0])

    def ticks(self, most: int) -> tuple[tuple[float, str], ...]:
        """Round values and how they are written."""
        if self.logarithmic:
            return decade_ticks(self.low, self.high, most)
        return range_ticks(self.low, self.high, min(most, int(self.high - self.low)) if self.whole else most)


def scale_of(axis: Axis, values: Iterable[Numbers], *, logarithmic: bool, padded: bool) -> AxisScale:
    """The scale on which all finite values have room; ``padded`` leaves some beside those ends that the axis doesn't set."""
    joined = np.concatenate([np.empty(0), *values])
    finite = joined[np.isfinite(joined)]
    if logarithmic:
        return _log_scale(axis, finite[finite > 0], padded=padded)
    low = float(finite.min()) if len(finite) else 0.0
    high = float(finite.max()) if len(finite) else 1.0
    if padded and 0 <= low <= 0.5 * high:
        low = 0.0  # what may as well begin at zero does
    room = (high - low) * _ROOM if padded else 0.0
    low = (low - room if low else low) if axis.low is None else axis.low
    high = high + room if axis.high is None else axis.high
    low, high = (low, high) if high > low else _around(low, fixed=axis.low is not None)
    return AxisScale(low, high, whole=axis.whole)


def _log_scale(axis: Axis, positive: Numbers, *, padded: bool) -> AxisScale:
    low = float(positive.min()) if len(positive) else 0.1
    high = float(positive.max()) if len(positive) else 1.0
    room = math.exp(max(math.log(high) - math.log(low), math.log(2.0)) * _ROOM) if padded else 1.0
    low = low / room if axis.low is None or axis.low <= 0 else axis.low
    high = high * room if axis.high is None else axis.high
    return AxisScale(low, high, logarithmic=True) if high > low else AxisScale(low / 2, low * 2, logarithmic=True)


def _around(value: float, *, fixed: bool) -> tuple[float, float]:
    """Ends for a single value."""
    reach = abs(value) / 2 or 1.0
    return (value, value + reach) if fixed else (value - reach, value + reach)
