"""Where the symbols of a text stand while merges come and go: letters never move."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QFont

from attnviz.trace import Span, Timeline
from attnviz.views.aligned import Line, align
from attnviz.views.palette import BASE, GRID, SMALL, token_font, ui_font
from attnviz.views.piece_ink import letters
from attnviz.views.ruler import small_width, token_width

SPREAD = 4.0
ROW, PITCH = 26, 34


class Spot(NamedTuple):
    """The place of one symbol; ``shared`` says that other symbols stand for parts of the same character."""

    line: int
    left: float
    right: float
    shared: bool


class Chip(NamedTuple):
    """A piece on the screen: symbols ``first`` to ``last`` (exclusive), and the part of the text that they stand for."""

    first: int
    last: int
    piece: str
    start: int
    end: int


def lines_of(timeline: Timeline, width: float) -> tuple[Line, ...]:
    """The text in lines of this width; a character of several symbols has room for the bytes of each."""
    starts = timeline.spans[:, 0]
    length = len(timeline.text)
    shares = np.bincount(starts, minlength=length).tolist() if len(starts) else [0] * length
    widths = [_width(char, shares[place]) for place, char in enumerate(timeline.text)]
    # A space that belongs to the piece after it goes with it to the next line; any other ends a line.
    breaks = {place + (shares[place] == 0) for place, char in enumerate(timeline.text) if char.isspace()}
    return align(widths, (), breaks, width)


def spots_of(spans: Sequence[Span], lines: Sequence[Line]) -> tuple[list[Spot], list[int]]:
    """The spot of every symbol, and for each line (and one beyond) the number of its first symbol."""
    spots: list[Spot] = []
    firsts: list[int] = []
    shares, seen = Counter(start for start, _ in spans), Counter[int]()
    number = 0
    for start, end in spans if lines else ():
        while start >= lines[number].end:
            number += 1
        firsts += [len(spots)] * (number + 1 - len(firsts))
        line = lines[number]
        share = (line.at(end) - line.at(start)) / shares[start]
        left = line.at(start) + share * seen[start]
        seen[start] += 1
        spots.append(Spot(number, left, left + share, shares[start] > 1))
    return spots, firsts + [len(spots)] * (len(lines) + 1 - len(firsts))


def chips_between(timeline: Timeline, spans: Sequence[Span], done: int, first: int, last: int) -> tuple[Chip, ...]:
    """The pieces after ``done`` merges that hold any of the symbols ``first`` to ``last`` (exclusive)."""
    if first >= last:
        return ()
    ends = timeline.bounds(done)
    low, high = np.searchsorted(ends, (first, last - 1), side="right").tolist()
    begins = int(ends[low - 1]) if low else 0
    found = []
    for end in ends[low : high + 1].tolist():
        piece = "".join(timeline.symbols[begins:end])
        found.append(Chip(begins, end, piece, spans[begins][0], spans[end - 1][1]))
        begins = end
    return tuple(found)


def boxes_of(spots: Sequence[Spot]) -> list[QRectF]:
    """A box for every line that these neighbours stand on."""
    first, last = spots[0], spots[-1]
    if first.line == last.line:
        return [_box(first, last)]
    lines = ([spot for spot in spots if spot.line == number] for number in range(first.line, last.line + 1))
    return [_box(line[0], line[-1]) for line in lines if line]


def changed_lines(timeline: Timeline, spots: Sequence[Spot], before: int, after: int) -> set[int]:
    """The lines with a piece, or the mark of a newest one, that isn't the same after ``before`` and ``after`` merges."""
    low, high = sorted((before, after))
    borders = np.flatnonzero((timeline.closes >= low - 1) & (timeline.closes < high))
    ends = timeline.bounds(high)  # the larger pieces: each holds all that a border of it changes
    found: set[int] = set()
    for place in np.unique(np.searchsorted(ends, borders, side="right")).tolist():
        first, last = int(ends[place - 1]) if place else 0, int(ends[place]) - 1
        found.update(range(spots[first].line, spots[last].line + 1))
    return found


@lru_cache(maxsize=1)
def fonts_of_strip() -> tuple[QFont, QFont, QFont]:
    """Letters apart, letters as they are, and bytes."""
    spread = token_font(BASE)
    spread.setLetterSpacing(QFont.SpacingType.AbsoluteSpacing, SPREAD)
    return spread, token_font(BASE), ui_font(SMALL)


def _box(first: Spot, last: Spot) -> QRectF:
    """From the left of one symbol to the right of another on the same line."""
    return QRectF(GRID + first.left + 0.5, GRID // 2 + first.line * PITCH, last.right - first.left - 1, ROW)


def _width(char: str, symbols: int) -> float:
    alone = max(token_width(part) for part in letters(char)) + SPREAD
    return alone if symbols < 2 else max(alone, symbols * (small_width("E4") + 6))
