"""One way of filling, step by step: a line a step, a column a mask, in each open one the candidates and which was taken."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.trace import Candidates, Cursor, FillStep, Tokens
from attnviz.views.fill_runs import FillRun, chosen_way, runs_of
from attnviz.views.fill_step_paint import (
    CANDIDATE,
    FOOT,
    GUTTER,
    HEAD,
    NARROWEST,
    TOTAL,
    StepCell,
    paint_cell,
    paint_head,
    paint_lines,
)
from attnviz.views.lettering import isolated, percent
from attnviz.views.palette import GRID
from attnviz.views.scrolled import paint_focus
from attnviz.views.wide import WideView

MOST = 8


class FillSteps(WideView):
    """Draws the way of the cursor's layer; the line of the cursor's step is lit, and a press or drag on a line goes there.

    A cell lists as many candidates as there is room for without scrolling, one at least; the tooltip tells more of them.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._run: FillRun | None = None
        self._runs = runs_of(self.trace)
        self._masks: tuple[int, ...] = ()
        self.setAccessibleName("The steps of one way of filling")

    @property
    def tokens(self) -> Tokens | None:
        return self.trace.tokens()

    @property
    def run(self) -> FillRun | None:
        return self._run

    @property
    def masks(self) -> tuple[int, ...]:
        """The positions of the columns: what was open at the first step."""
        return self._masks

    def cell(self, step: int, position: int) -> QRectF:
        """Where a cell stands in the widget now."""
        return self.to_view(self._area(step, self.masks.index(position)))

    def numbers(self) -> Table:
        """A row per candidate of every open mask of every step."""
        columns = ("way", "step", "position", "place", "id", "token", "label", "probability", "taken")
        if self._run is None:
            return Table(columns, ())
        rows = (
            (
                *(self._run.way.value, step.step + 1, record.position, place, entry.id, entry.token),
                *(entry.label, entry.probability, int((record.position, entry.id) in _taken(step))),
            )
            for step in self._run.steps
            for record in step.open
            for place, entry in enumerate(record.entries, start=1)
        )
        return Table(columns, tuple(rows))

    # geometry

    def _sentence(self) -> str:
        if self.tokens is None or not self.tokens.masks:
            return "The steps appear here when two or more words are masked."
        return "" if self._run is not None else "The masks are being filled."

    @property
    def listed(self) -> int:
        """How many candidates a cell lists."""
        lines = 1 if self._run is None else len(self._run.steps)
        room = (self.height() - HEAD - FOOT) / lines - GRID
        return min(max(int(room // CANDIDATE), 1), MOST)

    def _line(self) -> float:
        return self.listed * CANDIDATE + GRID

    def _content_height(self, width: int) -> int:
        count = 0 if self._run is None else len(self._run.steps)
        return int(HEAD + count * self._line() + FOOT)

    def _natural_width(self) -> int:
        return int(GUTTER + len(self.masks) * NARROWEST + TOTAL)

    def _column(self) -> float:
        """The width of a column: as wide as there is room for."""
        room = self._content_width() - GUTTER - TOTAL
        return max(NARROWEST, room / max(1, len(self.masks)))

    def _area(self, step: int, column: int) -> QRectF:
        return QRectF(GUTTER + column * self._column(), HEAD + step * self._line(), self._column(), self._line())

    def _update(self, *, fresh: bool) -> None:
        before = self._run
        if fresh:
            self._runs = runs_of(self.trace)
        self._run = self._runs[chosen_way(self.cursor_at)]
        if self._run is not before:
            first = () if self._run is None else self._run.steps[0].open
            self._masks = tuple(record.position for record in first)
        super()._update(fresh=fresh or self._run is not before)
        if self._run is not None:
            step = self._run.last(self.cursor_at.step)
            self._reveal(QRectF(self._corner().x(), step * self._line(), 1, HEAD + self._line()))

    # painting

    def _paint(self, painter: QPainter, exposed: QRectF) -> None:
        run, tokens = self._run, self.tokens
        if run is None or tokens is None:
            return
        here = run.last(self.cursor_at.step)
        lines = [self._area(step, 0) for step in range(len(run.steps))]
        paint_lines(painter, run, lines, GUTTER + len(self.masks) * self._column(), here)
        first, last = (int((edge - HEAD) // self._line()) for edge in (exposed.top(), exposed.bottom()))
        for step in run.steps[max(first, 0) : last + 1]:
            found = {record.position: record for record in step.open}
            for column, position in enumerate(self.masks):
                area = self._area(step.step, column)
                if area.intersects(exposed):
                    paint_cell(painter, area, self._cell(run, step, position, found.get(position)), self.listed)

    def _cell(self, run: FillRun, step: FillStep, position: int, record: Candidates | None) -> StepCell:
        standing = run.standing(position, step.step)
        taken = next((one for one in step.taken if one.position == position), None)
        pointed = position == self.cursor_at.query
        return StepCell(record, taken, standing, pointed=pointed, later=step.step > run.last(self.cursor_at.step))

    def _paint_fixed(self, painter: QPainter) -> None:
        painter.save()
        painter.translate(-self._corner().x(), 0)
        paint_head(painter, self.masks, self._column(), self._natural_width() + self.width())
        painter.restore()
        if self.hasFocus():
            paint_focus(painter, self._content_room().adjusted(1, 1, -1, -1))

    def _tip(self, point: QPointF) -> tuple[str, QRectF]:
        run, place = self._run, self._place_at(point)
        if run is None or place is None:
            return "", QRectF()
        step, column = place
        if column is None:
            return f"step {step + 1} of {len(run.steps)}\nclick or drag to go there", self._area(step, 0)
        position = self.masks[column]
        record = next((record for record in run.steps[step].open if record.position == position), None)
        return self._says(run, step, position, record), self._area(step, column)

    def _says(self, run: FillRun, step: int, position: int, record: Candidates | None) -> str:
        head = f"position {position} · step {step + 1} of {len(run.steps)}"
        if record is None:
            word = run.standing(position, step).word
            return f"{head}\nfilled before with {isolated(word.label) if word else ''} in step {run.when[position] + 1}"
        words = [f"{isolated(entry.label)}  {percent(entry.probability)}" for entry in record.entries]
        taken = [f"taken: {isolated(one.word.label)}" for one in run.steps[step].taken if one.position == position]
        known = [] if record.rank is None else [f"the original {isolated(str(record.original))}: rank {record.rank:,}"]
        return "\n".join([head, *words, *known, *taken])

    # pointing

    def _place_at(self, point: QPointF) -> tuple[int, int | None] | None:
        """The step and column under a point; no column in the gutters."""
        run = self._run
        step = int((point.y() - HEAD) // self._line())
        if run is None or point.y() - self._corner().y() < HEAD or not 0 <= step < len(run.steps):
            return None
        column = int((point.x() - GUTTER) // self._column())
        return step, column if 0 <= column < len(self.masks) and point.x() >= GUTTER else None

    def _say(self, cursor: Cursor) -> None:
        if cursor != self.cursor_at:
            self.pointed.emit(cursor)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        place = self._place_at(self.to_content(event.position()))
        if event.buttons() & Qt.MouseButton.LeftButton and place is not None:
            self._say(replace(self.cursor_at, step=place[0]))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        place = self._place_at(self.to_content(event.position()))
        self.setCursor(Qt.CursorShape.ArrowCursor if place is None else Qt.CursorShape.PointingHandCursor)
        if event.buttons() & Qt.MouseButton.LeftButton:
            self.mousePressEvent(event)
        else:
            column = None if place is None else place[1]
            self._say(replace(self.cursor_at, query=None if column is None else self.masks[column]))

    def leaveEvent(self, event: QEvent) -> None:
        self._say(replace(self.cursor_at, query=None))
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        run = self._run
        here = 0 if run is None else run.last(self.cursor_at.step)
        moves = {Qt.Key.Key_Up: here - 1, Qt.Key.Key_Down: here + 1, Qt.Key.Key_Home: 0, Qt.Key.Key_End: 1 << 20}
        key = Qt.Key(event.key())
        if run is None or key not in moves:
            event.ignore()
            return
        self._say(replace(self.cursor_at, step=run.last(moves[key])))

    # Qt

    def sizeHint(self) -> QSize:
        return QSize(60 * GRID, 24 * GRID)


def _taken(step: FillStep) -> set[tuple[int, int]]:
    return {(one.position, one.word.id) for one in step.taken}
