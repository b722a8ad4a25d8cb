"""Where cells stand when they flow in lines: pure geometry, so that it can be tested without a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Place:
    """One cell: its left edge, width and line; ``opens`` and ``closes`` say that it begins or ends its group."""

    left: float
    width: float
    line: int
    opens: bool = True
    closes: bool = True


def flow(widths: Sequence[float], groups: Sequence[int], available: float, gap: float) -> tuple[Place, ...]:
    """Places of cells that run in lines of ``available`` width.

    Neighbours with the same number in ``groups`` stand without a gap and move to the next line together, unless
    the group alone is wider than a line. No cell is wider than the line.
    """
    places: list[Place] = []
    line, right = 0, 0.0
    for first, last in _runs(groups):
        sizes = [min(width, available) for width in widths[first:last]]
        left = right + gap if right else 0.0
        if right and left + min(sum(sizes), available) > available:
            line, left = line + 1, 0.0
        for index, size in enumerate(sizes):
            if left and left + size > available:
                line, left = line + 1, 0.0
            places.append(Place(left, size, line, index == 0, index == len(sizes) - 1))
            left += size
        right = left
    return tuple(places)


def nearest_in_line(places: Sequence[Place], position: int, line: int) -> int:
    """The cell of ``line`` whose middle is nearest to that of ``position``; ``position`` itself if there is none."""
    middle = places[position].left + places[position].width / 2
    there = [index for index, place in enumerate(places) if place.line == line]
    return min(there, key=lambda index: abs(places[index].left + places[index].width / 2 - middle), default=position)


def _runs(groups: Sequence[int]) -> list[tuple[int, int]]:
    starts = [index for index in range(len(groups)) if index == 0 or groups[index] != groups[index - 1]]
    return list(pairwise([*starts, len(groups)]))
