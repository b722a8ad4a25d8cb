"""Where the branches of a beam search stand: a column a step, no edge across another, the best path straight. Pure geometry."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF

from attnviz.trace import BeamTree

HEADER, FOOTER, MARGIN, START = 26.0, 24.0, 12.0, 20.0
BOX, PITCH, GAP = 20.0, 24.0, 36.0


@dataclass(frozen=True, slots=True)
class Column:
    """A step: its branches from top to bottom, its left edge, the width of its boxes, and its right end with scores."""

    order: tuple[int, ...]
    left: float
    box: float
    right: float


@dataclass(frozen=True, slots=True)
class BeamLayout:
    """A box for every branch by its index; ``level`` is the height on which the best path runs."""

    columns: tuple[Column, ...]
    boxes: tuple[QRectF, ...]
    level: float
    width: float
    height: float

    @property
    def start(self) -> QPointF:
        """Where all first words come from."""
        return QPointF(MARGIN + START / 2, self.level)

    def exit(self, tree: BeamTree, branch: int) -> QPointF:
        """Where the edge to a branch leaves its parent."""
        parent = tree.branches[branch].parent
        if parent < 0:
            return self.start
        return QPointF(self.boxes[parent].right(), self.boxes[parent].center().y())

    def seen(self, left: float, right: float) -> range:
        """The columns that meet a stretch, with the one after it, whose edges begin there."""
        lefts = [column.left for column in self.columns]
        return range(max(bisect_right(lefts, left) - 1, 0), min(bisect_right(lefts, right) + 1, len(lefts)))

    def branch_at(self, point: QPointF) -> int | None:
        lefts = [column.left for column in self.columns]
        column = bisect_right(lefts, point.x()) - 1
        if column < 0:
            return None
        slack = (PITCH - BOX) / 2
        boxes = ((branch, self.boxes[branch].adjusted(0, -slack, 0, slack)) for branch in self.columns[column].order)
        return next((branch for branch, box in boxes if box.contains(point)), None)


def best_path(tree: BeamTree) -> tuple[int, ...]:
    return tree.path(tree.leaves[0]) if tree.leaves else ()


def ordered(tree: BeamTree) -> tuple[tuple[int, ...], ...]:
    """The branches of every step by their parent's place, then by their total, highest first: so no edges cross."""
    steps: list[list[int]] = [[] for _ in range(max((made.step + 1 for made in tree.branches), default=0))]
    for branch, made in enumerate(tree.branches):
        steps[made.step].append(branch)
    place = {-1: 0}
    for column in steps:
        column.sort(key=lambda branch: (place[tree.branches[branch].parent], -tree.branches[branch].total))
        place = {branch: index for index, branch in enumerate(column)}
    return tuple(map(tuple, steps))


def arrange(tree: BeamTree, boxes: Sequence[float], scores: Sequence[float]) -> BeamLayout:
    """Lay out a tree whose branches have boxes so wide and, at the right, scores so wide (0 = none)."""
    order, straight = ordered(tree), set(best_path(tree))
    tops = _tops(tree, order, straight)
    highest = min(tops, default=0.0)
    columns: list[Column] = []
    places: list[QRectF] = [QRectF()] * len(tree.branches)
    left = MARGIN + START + GAP
    for step, column in enumerate(order):
        wide = max(boxes[branch] for branch in column)
        right = left + wide + max(scores[branch] for branch in column)
        columns.append(Column(column, left, wide, right))
        for index, branch in enumerate(column):
            top = HEADER + (tops[step] - highest + index) * PITCH + (PITCH - BOX) / 2
            places[branch] = QRectF(left, top, wide, BOX)
        left = right + GAP
    level = HEADER + (0.5 - highest) * PITCH
    lowest = max((box.bottom() for box in places), default=level)
    width = columns[-1].right + MARGIN if columns else 2 * MARGIN
    return BeamLayout(tuple(columns), tuple(places), level, width, lowest + (PITCH - BOX) / 2 + FOOTER)


def _tops(tree: BeamTree, order: tuple[tuple[int, ...], ...], straight: set[int]) -> list[float]:
    """The row on which each column begins, where the best path stands on row 0.

    After its end a column goes on from the parent of its likeliest branch, within the rows that were used before.
    """
    rows: dict[int, float] = {-1: 0.0}
    tops: list[float] = []
    lowest = 0.0
    for column in order:
        held = next((branch for branch in column if branch in straight), None)
        if held is not None:
            top = -float(column.index(held))
        else:
            likeliest = max(column, key=lambda branch: tree.branches[branch].total)
            top = rows[tree.branches[likeliest].parent] - column.index(likeliest)
            top = max(min(top, lowest - len(column)), min(tops, default=0.0))
        tops.append(top)
        lowest = max(lowest, top + len(column))
        rows |= {branch: top + index for index, branch in enumerate(column)}
    return tops
