"""Where characters stand when pieces are aligned with them: pure geometry, so that it can be tested without a window."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

Need = tuple[int, int, float]


@dataclass(frozen=True, slots=True)
class Line:
    """Characters ``start`` to ``end`` (exclusive); ``edges`` are the end - start + 1 places between them, from the left."""

    start: int
    end: int
    edges: tuple[float, ...]

    def at(self, border: int) -> float:
        """Where the border before character ``border`` stands; beyond the line, at its ends."""
        return self.edges[min(max(border, self.start), self.end) - self.start]

    def holds(self, start: int, end: int) -> bool:
        """Whether any of these characters stands here."""
        return start < self.end and self.start < end

    def character(self, left: float) -> int | None:
        """The character under a place, None beside the line."""
        if not 0.0 <= left < self.edges[-1]:
            return None
        return self.start + bisect_right(self.edges, left) - 1


def align(
    widths: Sequence[float], needs: Iterable[Need], breaks: Collection[int], available: float
) -> tuple[Line, ...]:
    """Lines of at most ``available`` width, wrapped at ``breaks`` or, where none is near, at any character.

    ``widths`` are the least widths of characters; each need (start, end, width) asks for room for a piece.
    """
    edges = _edges(widths, needs)
    lines: list[Line] = []
    start, allowed = 0, sorted(breaks)
    while start < len(widths):
        limit = bisect_right(edges, edges[start] + available) - 1
        if limit < len(widths):
            found = bisect_right(allowed, limit) - 1
            limit = allowed[found] if found >= 0 and allowed[found] > start else max(limit, start + 1)
        end = min(limit, len(widths))
        lines.append(Line(start, end, tuple(edge - edges[start] for edge in edges[start : end + 1])))
        start = end
    return tuple(lines)


def _edges(widths: Sequence[float], needs: Iterable[Need]) -> list[float]:
    """The borders on one endless line: as far left as widths and needs allow."""
    ending: dict[int, list[tuple[int, float]]] = {}
    for start, end, width in needs:
        ending.setdefault(end, []).append((start, width))
    edges = [0.0]
    for border, width in enumerate(widths, start=1):
        wanted = [edges[start] + room for start, room in ending.get(border, ()) if start < border]
        edges.append(max([edges[-1] + width, *wanted]))
    return edges
