"""The ways of filling several masks as they are drawn: what stands at each mask when a step is over, and where a text is cut short."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import pairwise

from attnviz.trace import Candidate, Cursor, Filling, FillStep, Tokens, Trace, Way
from attnviz.views.lettering import percent

WAYS = tuple(Way)
NAMES = {Way.JOINT: "jointly", Way.LEFT_TO_RIGHT: "left to right", Way.BEST_FIRST: "best first"}
WHY = {
    Way.JOINT: "every mask from one forward, as if the others had no word",
    Way.LEFT_TO_RIGHT: "the leftmost mask first; the next forward sees its word",
    Way.BEST_FIRST: "the mask whose best word is the most probable first, of equals the leftmost; the next forward sees its word",
}
AROUND, LONGEST = 2, 5
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class State(Enum):
    """Of a mask when a step is over: filled before, filled by this step, or still open."""

    BEFORE = "before"
    NOW = "now"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands at a mask; of an open one the word that the next forward puts first."""

    state: State
    word: Candidate | None


@dataclass(frozen=True, slots=True, eq=False)
class FillRun:
    """One way, as far as it has come; ``when`` says in which step each mask was filled."""

    way: Way
    steps: tuple[FillStep, ...]
    filling: Filling | None
    when: Mapping[int, int]

    def last(self, step: int) -> int:
        """The step to show at this place of the play head: a way with fewer steps has ended."""
        return min(max(step, 0), len(self.steps) - 1)

    def standing(self, position: int, step: int) -> Standing:
        """What stands at a mask when ``step`` is over."""
        here, filled = self.last(step), self.when.get(position)
        if filled is not None and filled <= here:
            word = next(one.word for one in self.steps[filled].taken if one.position == position)
            return Standing(State.NOW if filled == here else State.BEFORE, word)
        after = self.steps[here + 1].open if here + 1 < len(self.steps) else ()
        entries = next((record.entries for record in after if record.position == position), ())
        return Standing(State.OPEN, entries[0] if entries else None)


def runs_of(trace: Trace) -> tuple[FillRun | None, ...]:
    """The run of each of ``WAYS``, None of those that haven't begun."""
    steps = trace.every(FillStep)
    return tuple(_run(way, tuple(step for step in steps if step.way is way), trace.find(Filling, way)) for way in WAYS)


def _run(way: Way, steps: tuple[FillStep, ...], filling: Filling | None) -> FillRun | None:
    if not steps:
        return None
    return FillRun(way, steps, filling, {one.position: step.step for step in steps for one in step.taken})


def longest(trace: Trace) -> int:
    """How many steps the longest way has so far."""
    return max((step.step + 1 for step in trace.every(FillStep)), default=0)


def chosen_way(cursor: Cursor) -> int:
    """The way that is looked at, as a place in ``WAYS``."""
    return min(max(cursor.layer, 0), len(WAYS) - 1)


@dataclass(frozen=True, slots=True)
class Stretch:
    """Tokens from ``first`` to before ``last`` in one column: one of them, or several that are left out."""

    first: int
    last: int
    left: float
    width: float

    @property
    def skips(self) -> bool:
        return self.last - self.first > 1


def stretches(
    tokens: Tokens, measure: Callable[[int], float], gap: float, skipped: Callable[[int], float]
) -> tuple[Stretch, ...]:
    """A column a token; of more than five tokens without a mask only two at each side are kept, the rest is one column."""
    ends = [-1, *tokens.masks, len(tokens)]
    kept: list[tuple[int, int]] = []
    for before, after in pairwise(ends):
        between = range(before + 1, after)
        if len(between) <= LONGEST:
            kept += [(place, place + 1) for place in between]
        else:
            start, end = between.start + AROUND, between.stop - AROUND
            kept += [(place, place + 1) for place in range(between.start, start)]
            kept += [(start, end), *((place, place + 1) for place in range(end, between.stop))]
        kept += [(after, after + 1)] if after < len(tokens) else []
    found, left = [], 0.0
    for first, last in kept:
        width = measure(first) if last - first == 1 else skipped(last - first)
        found.append(Stretch(first, last, left, width))
        left += width + gap
    return tuple(found)


def share(log: float) -> str:
    """A probability from its logarithm, in per cent or as a power of ten."""
    if log > math.log(0.001):
        return percent(math.exp(log))
    power = math.floor(log / math.log(10))
    digits = f"{math.exp(log - power * math.log(10)):.1f}"
    digits, power = ("1.0", power + 1) if digits == "10.0" else (digits, power)
    return f"{digits}\N{THIN SPACE}·\N{THIN SPACE}10{str(power).translate(_RAISED)}"


def nats(log: float | None) -> str:
    """A sum of logarithms, with a true minus sign; three dots while it is not computed."""
    return "…" if log is None else f"{log:z.2f}".replace("-", "−")
