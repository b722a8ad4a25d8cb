"""Several masks filled in three ways: a row a way under the same tokens, the order in numbers, the probability of the whole."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.trace import Cursor, Filled, Tokens
from attnviz.views.fill_paint import (
    BETWEEN,
    CHIP,
    GUTTER,
    MEASURES,
    ROW,
    RULER,
    SUM,
    Sheet,
    paint_gutter,
    paint_row,
    paint_ruler,
    paint_sums,
)
from attnviz.views.fill_runs import NAMES, WAYS, WHY, FillRun, Stretch, chosen_way, runs_of, stretches
from attnviz.views.lettering import isolated, percent
from attnviz.views.palette import GRID, colour
from attnviz.views.ruler import small_width, token_width
from attnviz.views.scrolled import paint_focus
from attnviz.views.wide import WideView

PADDING, NARROWEST, WIDEST = 10.0, 56.0, 160.0


class FillWays(WideView):
    """The cursor's layer is the way that is chosen, its step the play head, its query the token pointed at.

    A click on a row chooses it, on a filled mask also goes to its step; Up and Down, Left and Right do the same. Longer stretches
    without a mask are left out. At the right stand three sums of ln p: of the steps as they were, and two alike for all ways.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._runs: tuple[FillRun | None, ...] = (None,) * len(WAYS)
        self._columns: tuple[Stretch, ...] = ()
        self._widest: dict[int, float] = {}
        self._shown = (0, 0)
        self.setAccessibleName("Three ways of filling the masks")

    @property
    def tokens(self) -> Tokens | None:
        return self.trace.tokens()

    @property
    def runs(self) -> tuple[FillRun | None, ...]:
        return self._runs

    @property
    def steps(self) -> int:
        """How many steps the longest way has so far."""
        return max((len(run.steps) for run in self._runs if run is not None), default=0)

    def chip(self, way: int, position: int) -> QRectF:
        """Where a mask of a row stands in the widget now."""
        (column,) = (column for column in self._columns if column.first == position and not column.skips)
        return self.to_view(self._area(column, way))

    def numbers(self) -> Table:
        """A row per filled mask and way, in the order of filling; the sums of the way stand beside each."""
        columns = (
            *("way", "step", "position", "id", "token", "label", "probability", "ln p", "rank"),
            *MEASURES,
        )
        rows = (
            (
                *(run.way.value, run.when[one.position] + 1, one.position, one.word.id, one.word.token),
                *(one.word.label, one.word.probability, one.log_probability, one.rank, *_sums(run)),
            )
            for run in self._runs
            if run is not None
            for step in run.steps
            for one in step.taken
        )
        return Table(columns, tuple(rows))

    # geometry

    def _sentence(self) -> str:
        if self.tokens is None:
            return "Type a sentence above with two or more [MASK]s to see them filled in three ways."
        if not self.tokens.masks:
            return "No word is masked: click two or more of the words above, or write [MASK], and see them filled in three ways."
        return "" if any(self._runs) else "The masks are being filled."

    def _content_height(self, width: int) -> int:
        return int(RULER + len(WAYS) * ROW)

    def _natural_width(self) -> int:
        last = self._columns[-1] if self._columns else None
        across = 0.0 if last is None else last.left + last.width
        return int(GUTTER + across + GRID + len(MEASURES) * SUM)

    def _area(self, column: Stretch, way: int) -> QRectF:
        return QRectF(GUTTER + column.left, RULER + way * ROW, column.width, CHIP)

    def _measure(self, position: int) -> float:
        tokens = self.tokens
        if tokens is None:
            return NARROWEST
        if position not in tokens.masks:
            return min(token_width(isolated(tokens.labels[position])) + GRID, WIDEST)
        return min(max(NARROWEST, self._widest.get(position, 0.0) + 2 * PADDING), WIDEST)

    def _find_widest(self) -> dict[int, float]:
        """The widest word that any step puts, or would rather put, at each mask."""
        found: dict[int, float] = {}
        for run in self._runs:
            for step in () if run is None else run.steps:
                first = [(record.position, record.entries[0].label) for record in step.open if record.entries]
                for position, label in [*first, *((one.position, one.word.label) for one in step.taken)]:
                    found[position] = max(found.get(position, 0.0), token_width(isolated(label)))
        return found

    def _update(self, *, fresh: bool) -> None:
        self._shown, before = (self.cursor_at.layer, self.cursor_at.step), self._shown
        if fresh:
            self._runs = runs_of(self.trace)
            self._widest = self._find_widest()
            tokens = self.tokens
            self._columns = stretches(tokens, self._measure, BETWEEN, _skipped) if tokens is not None else ()
        super()._update(fresh=fresh)
        if fresh or self._shown != before:
            self._reveal_step()

    def _reveal_step(self) -> None:
        """Bring into sight what the play head's step of the chosen way put in."""
        run = self._runs[chosen_way(self.cursor_at)]
        if run is None:
            return
        places = {one.position for one in run.steps[run.last(self.cursor_at.step)].taken}
        column = next((column for column in self._columns if column.first in places), None)
        if column is not None:
            self._reveal(self._area(column, 0).adjusted(-GUTTER - GRID, 0, len(MEASURES) * SUM + GRID, 0))

    # painting

    def _sheet(self, way: int) -> Sheet:
        cursor = self.cursor_at
        return Sheet(way == chosen_way(cursor), cursor.step, cursor.query)

    def _paint(self, painter: QPainter, exposed: QRectF) -> None:
        tokens = self.tokens
        if tokens is None:
            return
        band = QRectF(0, RULER + chosen_way(self.cursor_at) * ROW, self._natural_width() + self.width(), ROW)
        painter.fillRect(band, colour("accent", 0.08))
        for column in self._columns:
            if not self._area(column, 0).adjusted(-GRID, 0, GRID, 0).united(self._area(column, 2)).intersects(exposed):
                continue
            paint_ruler(painter, tokens, column, self._area(column, 0), self.cursor_at.query)
            for way, run in enumerate(self._runs):
                paint_row(painter, tokens, column, self._area(column, way), run, self._sheet(way))

    def _paint_fixed(self, painter: QPainter) -> None:
        painter.save()
        painter.translate(0, -self._corner().y())
        right = self._right()
        height = float(max(self._content_height(self.width()), self.height()))
        paint_gutter(painter, QRectF(0, 0, GUTTER - GRID, height), self._runs, chosen_way(self.cursor_at))
        if self._corner().x() > 0:  # words go on under the names
            painter.setPen(QPen(colour("border"), 1))
            painter.drawLine(QPointF(GUTTER - GRID + 0.5, 4), QPointF(GUTTER - GRID + 0.5, RULER + len(WAYS) * ROW - 4))
        area = QRectF(right, 0, self._content_width() - right, height)
        paint_sums(
            painter, area, [None if run is None else _sums(run) for run in self._runs], chosen_way(self.cursor_at)
        )
        painter.restore()
        if self.hasFocus():
            paint_focus(painter, self._content_room().adjusted(1, 1, -1, -1))

    def _right(self) -> float:
        return max(self._content_width() - len(MEASURES) * SUM, GUTTER)

    def _tip(self, point: QPointF) -> tuple[str, QRectF]:
        way = self._way_at(point)
        across = point.x() - self._corner().x()
        if way is None or across >= self._right():
            return self._tip_of_sum(across), QRectF(point, point).adjusted(-GRID, -GRID, GRID, GRID)
        run = self._runs[way]
        if across < GUTTER or run is None:
            said = f"{NAMES[WAYS[way]]}: {WHY[WAYS[way]]}\nclick chooses it"
            return said, QRectF(self._corner().x(), RULER + way * ROW, GUTTER, ROW)
        column = self._column_at(point)
        return ("", QRectF()) if column is None else (self._says(run, column), self._area(column, way))

    def _tip_of_sum(self, across: float) -> str:
        place = int((across - self._right()) // SUM)
        return list(MEASURES.values())[place] if 0 <= place < len(MEASURES) else ""

    def _says(self, run: FillRun, column: Stretch) -> str:
        tokens = self.tokens
        if tokens is None:
            return ""
        if column.skips:
            return f"positions {column.first} to {column.last - 1}, without a mask, are left out"
        filled = _filled(run, column.first)
        if filled is None:
            name = isolated(tokens.labels[column.first])
            return f"{name} · position {column.first}{' · not filled yet' if column.first in tokens.masks else ''}"
        said = [
            f"{isolated(filled.word.label)} · position {column.first} · step {run.when[column.first] + 1} of {len(run.steps)}",
            f"p = {filled.word.probability:.6g} · {percent(filled.word.probability)} at that step · ln p = {filled.log_probability:.3f}",
        ]
        if filled.rank > 1:
            said.append(f"rank {filled.rank}: before it stand special tokens, which are never put in")
        return "\n".join([*said, "click goes to that step"])

    # pointing

    def _way_at(self, point: QPointF) -> int | None:
        way = int((point.y() - RULER) // ROW)
        return way if 0 <= way < len(WAYS) and not self._sentence() else None

    def _column_at(self, point: QPointF) -> Stretch | None:
        inside = point.x() - GUTTER
        return next((column for column in self._columns if column.left <= inside < column.left + column.width), None)

    def _position_at(self, point: QPointF) -> int | None:
        across = point.x() - self._corner().x()
        column = self._column_at(point) if GUTTER <= across < self._right() else None
        return None if column is None or column.skips else column.first

    def _say(self, cursor: Cursor) -> None:
        if cursor != self.cursor_at:
            self.pointed.emit(cursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = self.to_content(event.position())
        way = self._way_at(point)
        self.setCursor(Qt.CursorShape.ArrowCursor if way is None else Qt.CursorShape.PointingHandCursor)
        self._say(replace(self.cursor_at, query=None if way is None else self._position_at(point)))

    def leaveEvent(self, event: QEvent) -> None:
        self._say(replace(self.cursor_at, query=None))
        super().leaveEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        point = self.to_content(event.position())
        way = self._way_at(point)
        if event.button() != Qt.MouseButton.LeftButton or way is None:
            return
        run, position = self._runs[way], self._position_at(point)
        step = None if run is None or position is None else run.when.get(position)
        self._say(replace(self.cursor_at, layer=way, step=self.cursor_at.step if step is None else step))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        way, step = chosen_way(self.cursor_at), min(self.cursor_at.step, max(self.steps - 1, 0))
        moves = {
            Qt.Key.Key_Up: (way - 1, step),
            Qt.Key.Key_Down: (way + 1, step),
            Qt.Key.Key_Left: (way, step - 1),
            Qt.Key.Key_Right: (way, step + 1),
            Qt.Key.Key_Home: (way, 0),
            Qt.Key.Key_End: (way, self.steps - 1),
        }
        key = Qt.Key(event.key())
        if key not in moves or not self.steps:
            event.ignore()
            return
        way, step = moves[key]
        way, step = min(max(way, 0), len(WAYS) - 1), min(max(step, 0), self.steps - 1)
        self._say(replace(self.cursor_at, layer=way, step=step))

    # Qt

    def sizeHint(self) -> QSize:
        return QSize(80 * GRID, self.heightForWidth(80 * GRID))


def _sums(run: FillRun) -> tuple[float | None, float | None, float | None]:
    """What ``MEASURES`` names."""
    filling = run.filling
    return (None, None, None) if filling is None else (filling.log_probability, filling.left_to_right, filling.pseudo)


def _filled(run: FillRun, position: int) -> Filled | None:
    step = run.when.get(position)
    return None if step is None else next(one for one in run.steps[step].taken if one.position == position)


def _skipped(count: int) -> float:
    return small_width(f"⋯ {count}") + 2 * GRID
