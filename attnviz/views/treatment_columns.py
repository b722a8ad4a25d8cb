"""One position predicted three times, side by side: with [MASK], a random word and the word itself shown there."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from attnviz.table import Table
from attnviz.trace import Candidates, Mismatch, Shown
from attnviz.views.candidate_block import (
    AXIS,
    FOOTER,
    HEADING,
    LEFT,
    ROW,
    Block,
    Look,
    arrange,
    paint_block,
    says,
)
from attnviz.views.lettering import isolated, percent
from attnviz.views.mismatch_reading import NAMES, SHARES, TREATMENTS, mismatches
from attnviz.views.palette import GRID, SMALL, colour, ui_font
from attnviz.views.pointed_view import PointedView
from attnviz.views.treatment_ink import treatment_colour

FEWEST_ROWS = 4


class TreatmentColumns(PointedView[tuple[int, int]]):
    """The position at the cursor's query, else the first that was predicted. As many candidates are listed as have room."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._blocks: tuple[Block, ...] = ()
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setSizePolicy(policy)
        self.setAccessibleName("One position predicted three times")

    @property
    def shown(self) -> Mismatch | None:
        """What is drawn."""
        query = self.cursor_at.query
        if query is not None:
            return self.trace.find(Mismatch, query)
        return next(iter(mismatches(self.trace)), None)

    def numbers(self) -> Table:
        """A row per candidate of each treatment, with the standing of the word and of what is shown."""
        found = self.shown
        columns = (
            *("position", "treatment", "place", "id", "token", "probability"),
            *("word", "word rank", "word probability", "shown", "shown rank", "shown probability"),
        )
        if found is None:
            return Table((), ())
        rows = (
            (found.position, name, place, entry.id, entry.token, entry.probability, *_standing(treated))
            for name, treated in zip(NAMES, found.treated, strict=True)
            for place, entry in enumerate(treated.candidates.entries, 1)
        )
        return Table(columns, tuple(rows))

    def row(self, block: int, row: int) -> QRectF:
        """Where a candidate stands in the widget now."""
        return self.to_view(self._blocks[block].row(row))

    # geometry

    def _sentence(self) -> str:
        if self.shown is not None:
            return ""
        tokens, query = self.trace.tokens(), self.cursor_at.query
        if tokens is None:
            return "Type a sentence above, and click one of its words."
        if query is None or query >= len(tokens):
            return "The words are being predicted."
        if tokens.special[query] or query in tokens.masks:
            return "The model's own tokens are never chosen; click a word."
        return "This word has not been predicted yet."

    def _records(self, rows: int) -> tuple[Candidates, ...]:
        found = self.shown
        every = () if found is None else tuple(treated.candidates for treated in found.treated)
        return tuple(replace(record, entries=record.entries[:rows]) for record in every)

    def _content_height(self, width: int) -> int:
        blocks = arrange(self._records(self._fitting(width)), width)
        return int(max((block.area.bottom() for block in blocks), default=0.0) + FOOTER + GRID)

    def _fitting(self, width: int) -> int:
        """How many candidates have room where the three columns stand side by side."""
        columns = len({block.area.left() for block in arrange(self._records(1), width)}) or 1
        around = HEADING + AXIS + 3 * FOOTER + 2 * GRID
        each = self.height() / -(-3 // columns)
        return max(FEWEST_ROWS, int((each - around) // ROW))

    def _refit(self) -> None:
        super()._refit()
        width = self._content_width()
        self._blocks = arrange(self._records(self._fitting(width)), width)

    def _update(self, *, fresh: bool) -> None:
        super()._update(fresh=True)  # another position is another content

    def _part_at(self, point: QPointF) -> tuple[int, int] | None:
        for index, block in enumerate(self._blocks):
            rows = range(len(block.record.entries))
            if (row := next((row for row in rows if block.row(row).contains(point)), None)) is not None:
                return index, row
        return None

    def _came_over(self, before: tuple[int, int] | None) -> None:
        self.unsetCursor()  # there is nothing to click
        self.update()

    # painting

    def _paint(self, painter: QPainter, exposed: QRectF) -> None:
        found = self.shown
        if found is None:
            return
        tints = map(treatment_colour, TREATMENTS)
        for index, (block, treated, tint) in enumerate(zip(self._blocks, found.treated, tints, strict=True)):
            hovered = self._hovered[1] if self._hovered and self._hovered[0] == index else None
            title = f"{_title(index, treated)} · {SHARES[index]}"
            paint_block(painter, block, Look(hovered, looked=False, pinned=False, title=title, tint=tint))
            below = max(other.area.bottom() for other in self._blocks if other.area.top() == block.area.top())
            area = QRectF(block.area.left() + GRID, below, block.area.width() - 2 * GRID, FOOTER)
            painter.setFont(ui_font(SMALL))
            painter.setPen(colour("muted"))
            painter.drawText(area, int(LEFT), _footnote(treated))

    def _tip(self, point: QPointF) -> tuple[str, QRectF]:
        part = self._part_at(point)
        if part is None:
            return "", QRectF()
        block = self._blocks[part[0]]
        return says(block.record, part[1]), block.row(part[1])

    # Qt

    def hasHeightForWidth(self) -> bool:
        return False

    def sizeHint(self) -> QSize:
        return QSize(112 * GRID, 40 * GRID)

    def minimumSizeHint(self) -> QSize:
        return QSize(40 * GRID, 24 * GRID)


def _title(kind: int, treated: Shown) -> str:
    return (
        "[MASK] is shown",
        f"random: {isolated(treated.shown, 16)} is shown",
        f"{isolated(treated.shown, 16)} itself is shown",
    )[kind]


def _footnote(treated: Shown) -> str:
    """How what is shown stands, where it isn't the word itself."""
    if treated.shown == treated.candidates.original:
        return "shown: the original"
    share = percent(treated.shown_probability)
    p = f"p {share}" if share.startswith("<") else f"p = {share}"
    return f"shown: {isolated(treated.shown, 12)} · rank {treated.shown_rank:,} · {p}"


def _standing(treated: Shown) -> tuple[str | int | float | None, ...]:
    known = treated.candidates
    return (
        *(known.original, known.rank, known.probability),
        *(treated.shown, treated.shown_rank, treated.shown_probability),
    )
