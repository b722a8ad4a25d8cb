"""Where pieces stand under the characters that they came from, for one tokenizer or several."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF

from attnviz.text.readable import visible
from attnviz.trace import Piece
from attnviz.views.aligned import Line, align
from attnviz.views.ruler import token_width

PADDING = 12.0
LEAST = 11.0


@dataclass(frozen=True, slots=True)
class Box:
    """Piece number ``index`` over the slots ``start`` to ``end``, of which it takes the shares ``left`` to ``right`` in [0, 1]."""

    index: int
    start: int
    end: int
    left: float
    right: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """Lines of slots: one slot for a character, and one before or behind for each piece that the template added."""

    lines: tuple[Line, ...]
    ahead: int
    rows: tuple[tuple[Box, ...], ...]

    def areas(self, box: Box, line_of: Callable[[int], float], height: float) -> list[QRectF]:
        """The box on each line that it stands on; ``line_of`` gives the top of line number i."""
        found = []
        for number, line in enumerate(self.lines):
            if line.holds(box.start, box.end):
                left, right = line.at(box.start), line.at(box.end)
                begin, end = left + (right - left) * box.left, left + (right - left) * box.right
                found.append(QRectF(begin + 1, line_of(number), end - begin - 2, height))
        return found


def sheet(text: str, rows: Sequence[Sequence[Piece]], width: float, room: Callable[[Piece], float]) -> Sheet:
    """Lay out rows of pieces under ``text``, each with at least its ``room``; lines are wrapped where every row has a border."""
    ahead = max((_added_ahead(row) for row in rows), default=0)
    behind = max((_added_behind(row) for row in rows), default=0)
    boxed = tuple(tuple(_boxes(row, ahead, len(text), room)) for row in rows)
    widths = [0.0] * ahead + [max(token_width(visible(char)) + 2, LEAST) for char in text] + [0.0] * behind
    needs = [need for row, boxes in zip(rows, boxed, strict=True) for need in _needs(row, boxes, room)]
    inside = {place for boxes in boxed for box in boxes for place in range(box.start + 1, box.end)}
    breaks = set(range(1, len(widths))) - inside
    return Sheet(align(widths, needs, breaks, width), ahead, boxed)


def _added_ahead(row: Sequence[Piece]) -> int:
    return next((place for place, piece in enumerate(row) if piece.span is not None), len(row))


def _added_behind(row: Sequence[Piece]) -> int:
    return 0 if all(piece.span is None for piece in row) else _added_ahead(tuple(reversed(row)))


def _boxes(row: Sequence[Piece], ahead: int, length: int, room: Callable[[Piece], float]) -> Iterator[Box]:
    """Pieces that share characters stand side by side over all of them."""
    first, last = _added_ahead(row), len(row) - _added_behind(row)
    for place in range(first):
        yield Box(place, ahead - first + place, ahead - first + place + 1, 0.0, 1.0)
    for start, end, members in _clusters(row, first, last, length):
        sizes = [room(row[place]) for place in members]
        left, whole = 0.0, sum(sizes)
        for place, size in zip(members, sizes, strict=True):
            yield Box(place, ahead + start, ahead + end, left / whole, (left + size) / whole)
            left += size
    for number, place in enumerate(range(last, len(row))):
        yield Box(place, ahead + length + number, ahead + length + number + 1, 0.0, 1.0)


def _clusters(row: Sequence[Piece], first: int, last: int, length: int) -> Iterator[tuple[int, int, list[int]]]:
    members: list[int] = []
    start = end = 0
    for place in range(first, last):
        begins, ends = row[place].span or (end, end)
        if members and end > start and begins >= end:
            yield start, end, members
            members = []
        start, end = (min(start, begins), max(end, ends)) if members else (begins, ends)
        members.append(place)
    if members:
        yield (start, end, members) if end > start else (max(0, min(start, length - 1)), max(1, end), members)


def _needs(
    row: Sequence[Piece], boxes: Sequence[Box], room: Callable[[Piece], float]
) -> Iterator[tuple[int, int, float]]:
    for box in boxes:
        yield box.start, box.end, room(row[box.index]) / max(box.right - box.left, 1e-6)
