"""Two sides timed in turn, so that whatever else the machine does meets both."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

Side = Callable[[], float]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Seconds of every round, ``ours[i]`` measured next to ``theirs[i]``."""

    ours: tuple[float, ...]
    theirs: tuple[float, ...]

    @property
    def ratios(self) -> tuple[float, ...]:
        return tuple(ours / theirs for ours, theirs in zip(self.ours, self.theirs, strict=True))

    def said(self) -> str:
        """Both medians in milliseconds."""
        return f"{statistics.median(self.ours) * 1000:.3g} ms : {statistics.median(self.theirs) * 1000:.3g} ms"


def timed(action: Callable[[], object], repeats: int = 1) -> Side:
    """A side that takes the time of ``action``, on average over ``repeats``."""

    def side() -> float:
        started = time.perf_counter()
        for _ in range(repeats):
            action()
        return (time.perf_counter() - started) / repeats

    return side


def in_turn(ours: Side, theirs: Side, rounds: int) -> Pairs:
    """``rounds`` of both after one that doesn't count; who goes first alternates."""
    ours(), theirs()
    found: list[tuple[float, float]] = []
    gc.collect()
    gc.disable()
    try:
        for number in range(rounds):
            if number % 2:
                second = theirs()
                found.append((ours(), second))
            else:
                found.append((ours(), theirs()))
    finally:
        gc.enable()
    return Pairs(*(tuple(side) for side in zip(*found, strict=True)))
