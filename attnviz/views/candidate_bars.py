"""The most probable words of every mask as bars; a click puts one in."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.trace import Candidate, Candidates
from attnviz.views.candidate_block import (
    FEWEST_ROWS,
    Block,
    Look,
    arrange,
    content_height,
    fitting,
    paint_block,
    says,
)
from attnviz.views.palette import GRID
from attnviz.views.pointed_view import PointedView
from attnviz.views.scrolled import paint_focus

MASKS_SHOWN = 32
DIMMED = 0.4
NOTHING = "Click a word above, or type [MASK], to see what the model would put there."


@dataclass(frozen=True, slots=True)
class Choice:
    """The word that the user puts at a masked position."""

    position: int
    candidate: Candidate


class CandidateBars(PointedView[tuple[int, int]]):
    """A block of bars per mask, all on one scale of probability.

    ``chosen`` carries a ``Choice`` after a click or Enter on a row. ``stale`` dims the bars while a newer run is
    under way: they are seen but can't be chosen. Each block has ten rows, and as many more as fit; ``sentence`` stands where
    there is none.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None, sentence: str = NOTHING) -> None:
        super().__init__(parent)
        self._nothing = sentence
        self._blocks: tuple[Block, ...] = ()
        self._most = FEWEST_ROWS
        self._at = (0, 0)
        self._stale = False
        self.setAccessibleName("Candidates for the masked words")

    @property
    def stale(self) -> bool:
        return self._stale

    @stale.setter
    def stale(self, stale: bool) -> None:
        if stale != self._stale:
            self._stale = stale
            self.update()

    @property
    def shown(self) -> tuple[Candidates, ...]:
        """The records in order of position, at most 32, with the candidates that there is room for."""
        return self._with_rows(self._most)

    def row(self, block: int, row: int) -> QRectF:
        """Where a row of the block-th mask stands in the widget now."""
        return self.to_view(self._blocks[block].row(row))

    def numbers(self) -> Table:
        """One row per candidate; what is known of the original word stands beside each."""
        of_entry = ("position", "place", "id", "token", "label", "probability")
        of_original = ("original", "original rank", "original probability")
        rows = (
            (
                record.position,
                place,
                entry.id,
                entry.token,
                entry.label,
                entry.probability,
                record.original,
                record.rank,
                record.probability,
            )
            for record in self.shown
            for place, entry in enumerate(record.entries, start=1)
        )
        return Table((*of_entry, *of_original), tuple(rows))

    # geometry

    def _with_rows(self, most: int) -> tuple[Candidates, ...]:
        records = sorted(self.trace.every(Candidates), key=lambda record: record.position)[:MASKS_SHOWN]
        return tuple(replace(record, entries=record.entries[:most]) for record in records)

    def _sentence(self) -> str:
        return "" if self.shown else self._nothing

    def _content_height(self, width: int) -> int:
        return content_height(self.shown, width)

    def heightForWidth(self, width: int) -> int:
        """What is asked for is the room of ten rows: more are shown where there is more, and go when it goes."""
        fewest = content_height(self._with_rows(FEWEST_ROWS), width)
        return min(max(fewest, 5 * GRID), self._tallest())

    def _refit(self) -> None:
        self._most = fitting(self.shown, self.width(), self.height())
        super()._refit()
        self._blocks = arrange(self.shown, self._content_width())
        self._at = self._clamped(*self._at)
        if self._hovered is not None and self._hovered != self._clamped(*self._hovered):
            self._hovered = None

    def _clamped(self, block: int, row: int) -> tuple[int, int]:
        if not self._blocks:
            return 0, 0
        block = min(max(block, 0), len(self._blocks) - 1)
        return block, min(max(row, 0), max(0, len(self._blocks[block].record.entries) - 1))

    def _part_at(self, point: QPointF) -> tuple[int, int] | None:
        """The block and row under a point of the content; row -1 is a block beside its rows."""
        for index, block in enumerate(self._blocks):
            if block.area.contains(point):
                rows = range(len(block.record.entries))
                return index, next((row for row in rows if block.row(row).contains(point)), -1)
        return None

    # painting

    def _paint(self, painter: QPainter, exposed: QRectF) -> None:
        painter.setOpacity(DIMMED if self._stale else 1.0)
        for index, block in enumerate(self._blocks):
            if block.area.intersects(exposed):
                hovered = self._hovered[1] if self._hovered and self._hovered[0] == index else None
                looked = self.cursor_at.query == block.record.position
                paint_block(painter, block, Look(hovered, looked, looked and self.cursor_at.pinned))
        painter.setOpacity(1.0)
        if self.hasFocus() and self._blocks and self._entry(self._at) is not None:
            paint_focus(painter, self._blocks[self._at[0]].row(self._at[1]).adjusted(0, 1, 0, -1))

    def _tip(self, point: QPointF) -> tuple[str, QRectF]:
        at = self._part_at(point)
        if at is None or at[1] < 0:
            return "", QRectF()
        hint = "waiting for the newer run" if self._stale else "click puts it into the sentence"
        return f"{says(self._blocks[at[0]].record, at[1])}\n{hint}", self._blocks[at[0]].row(at[1])

    # pointing

    def _entry(self, at: tuple[int, int]) -> Candidate | None:
        block, row = at
        entries = self._blocks[block].record.entries if block < len(self._blocks) else ()
        return entries[row] if 0 <= row < len(entries) else None

    def _choose(self, at: tuple[int, int]) -> None:
        entry = self._entry(at)
        if entry is not None and not self._stale:
            self.chosen.emit(Choice(self._blocks[at[0]].record.position, entry))

    def _pin(self, block: int) -> None:
        """A click on a block's heading: every view stays with this mask until it is freed."""
        position = self._blocks[block].record.position
        free = self.cursor_at.pinned and self.cursor_at.query == position
        self.pointed.emit(replace(self.cursor_at, query=position, key=None, pinned=not free))

    def _came_over(self, before: tuple[int, int] | None) -> None:
        at = self._hovered
        if (before is None or at is None or before[0] != at[0]) and not self.cursor_at.pinned:
            query = None if at is None else self._blocks[at[0]].record.position
            self.pointed.emit(replace(self.cursor_at, query=query, key=None))
        self.update()

    def _clicked(self, part: tuple[int, int]) -> None:
        if part[1] < 0:
            self._pin(part[0])
        else:
            self._at = part
            self._choose(part)

    def _walk(self, block: int, row: int) -> None:
        before, self._at = self._at, self._clamped(block, row)
        shown = self._blocks[self._at[0]]
        self._reveal(shown.row(self._at[1]))
        self._announce()
        if before[0] != self._at[0]:
            self.pointed.emit(replace(self.cursor_at, query=shown.record.position, key=None))
        self.update()

    def _announce(self) -> None:
        if self._entry(self._at) is not None:
            self.setAccessibleDescription(says(self._blocks[self._at[0]].record, self._at[1]))

    # Qt

    def keyPressEvent(self, event: QKeyEvent) -> None:
        block, row = self._at
        steps = {
            Qt.Key.Key_Up: (block, row - 1),
            Qt.Key.Key_Down: (block, row + 1),
            Qt.Key.Key_Left: (block - 1, row),
            Qt.Key.Key_Right: (block + 1, row),
            Qt.Key.Key_Home: (block, 0),
            Qt.Key.Key_End: (block, 1 << 20),
        }
        key = Qt.Key(event.key())
        if not self._blocks:
            event.ignore()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._choose(self._at)
        elif key in steps:
            self._walk(*steps[key])
        else:
            event.ignore()
