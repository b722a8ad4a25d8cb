"""The output of a decoding as a timeline: a chip a step, a play head that is dragged, a second lane to compare with."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QApplication, QWidget

from attnviz.table import Table
from attnviz.trace import Cursor, Decoding, Trace
from attnviz.views.lane_paint import Marks, paint_gutter, paint_lane, paint_pointed, paint_ruler
from attnviz.views.lanes import CHIP, LANE, RULER, Columns, Lane, columns, differing, lane_of
from attnviz.views.map_paint import paint_ring
from attnviz.views.option import Option
from attnviz.views.palette import GRID
from attnviz.views.ruler import small_width
from attnviz.views.scrolled import paint_sentence
from attnviz.views.wide import WideView

PROBABILITY, LOSS = "probability", "−ln p, nats"
WIDEST_NAME = 18 * GRID
_Keys = dict[Qt.Key, int]


class DecodeTimeline(WideView):
    """The words so far, the play head at the cursor's step, later steps dimmed. Dragging along it scrubs.

    ``other`` is a second run, drawn below under the same columns; where the words differ both are marked. ``losses`` shows
    -ln p instead of the probability. ``lane_chosen`` carries 0 or 1 when a chip of that lane is clicked (or Up, Down).
    """

    lane_chosen = Signal(object)
    other: Option[Trace | None] = Option(None)
    name = Option("")
    other_name = Option("")
    losses = Option(False)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._lanes: tuple[Lane | None, ...] = (None,)
        self._columns = Columns((0.0,))
        self._differing: frozenset[int] = frozenset()
        self._highest = 1.0
        self._drawn = Cursor()
        self._pressed: QPointF | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Timeline of the output")

    @property
    def steps(self) -> int:
        """How many columns there are: as many as the longer lane has steps."""
        return len(self._columns)

    @property
    def differing(self) -> frozenset[int]:
        """The steps at which the two lanes' words differ."""
        return self._differing

    def refresh(self) -> None:
        self._update(fresh=True)

    def chip_area(self, step: int, lane: int = 0) -> QRectF:
        """Where a chip stands in the widget now."""
        return self.to_view(self._columns.area(step, self._lane_top(lane), CHIP).translated(self._gutter(), 0))

    def numbers(self) -> Table:
        """A row per step; the second lane's words and numbers stand beside the first's."""
        own = ("step", "word", "probability", "loss in nats", "rank", "choice", "changed")
        two = self.other is not None
        names = own + ((*(f"other {name}" for name in own[1:]), "differs") if two else ())
        rows = []
        for step in range(self.steps):
            cells = [cell for lane in self._lanes for cell in _cells(lane, step)]
            rows.append((step + 1, *cells, *((int(step in self._differing),) if two else ())))
        return Table(names, tuple(rows))

    # geometry

    def _sentence(self) -> str:
        lane = self._lanes[0]
        if lane is not None:
            return "" if self.steps else "The output is empty: the model gave no word."
        if self.trace.tokens() is None:
            return "Type a source above to see its output come word by word."
        return "The decoding has not arrived yet."

    def _content_height(self, width: int) -> int:
        return int(RULER + len(self._lanes) * LANE)

    def _natural_width(self) -> int:
        return int(self._gutter() + self._columns.width + GRID)

    def hasHeightForWidth(self) -> bool:
        return False

    def sizeHint(self) -> QSize:
        return QSize(60 * GRID, self._content_height(0) + self._across.sizeHint().height())

    def minimumSizeHint(self) -> QSize:
        return QSize(28 * GRID, self.sizeHint().height())

    def _gutter(self) -> float:
        """What the names of lanes take at the left, outside of what scrolls."""
        names = [small_width(lane.name, bold=True) for lane in self._lanes if lane is not None]
        unit = small_width(LOSS if self.losses else PROBABILITY)
        return max(unit, min(max(names, default=0.0), WIDEST_NAME)) + 3 * GRID

    def _lane_top(self, lane: int) -> float:
        return RULER + lane * LANE

    def _refit(self) -> None:
        super()._refit()
        self._reveal_step()

    def _reveal_step(self) -> None:
        """Bring the play head into view, and a little of what is before and after it."""
        if 0 <= self.cursor_at.step < self.steps:
            column = self._columns.area(self.cursor_at.step, 0, RULER)
            self._reveal(column.adjusted(-5 * GRID, 0, self._gutter() + 5 * GRID, 0))

    # drawing

    def _update(self, *, fresh: bool) -> None:
        if fresh:
            first = lane_of(self.trace.find(Decoding), self.name)
            second = None if self.other is None else lane_of(self.other.find(Decoding), self.other_name)
            self._lanes = (first,) if self.other is None else (first, second)
            there = [lane for lane in self._lanes if lane is not None]
            self._columns = columns(there)
            self._differing = frozenset() if first is None else differing(first, second)
            finite = [loss for lane in there for loss in lane.losses if loss < float("inf")]
            self._highest = max([*finite, 1e-9])
        before, self._drawn = self._drawn, self.cursor_at
        if fresh or before.step != self.cursor_at.step:
            self._describe()
            self._reveal_step()
        if fresh or before.pinned != self.cursor_at.pinned or not self.steps:
            super()._update(fresh=fresh)
            return
        for one, other in ((before.step, self.cursor_at.step), (before.query, self.cursor_at.query)):
            if one != other:
                self._update_steps([step for step in (one, other) if step is not None])

    def _update_steps(self, changed: list[int]) -> None:
        """Paint anew the columns from the first of these steps to the last: what lies between is dimmed or no longer."""
        first, last = (min(max(step, 0), self.steps - 1) for step in (min(changed), max(changed)))
        area = self._columns.area(first, 0, self.height()).united(self._columns.area(last, 0, self.height()))
        self.update(self.to_view(area.translated(self._gutter(), 0)).adjusted(-6, 0, 6, 0).toAlignedRect())

    def _describe(self) -> None:
        lane, step = self._lanes[0], self.cursor_at.step
        self.setAccessibleDescription(lane.says(step) if lane is not None and 0 <= step < len(lane) else "")

    def _paint(self, painter: QPainter, exposed: QRectF) -> None:
        gutter, bottom = self._gutter(), RULER + len(self._lanes) * LANE
        left = self._corner().x() + gutter - GRID / 2
        painter.save()
        painter.setClipRect(QRectF(left, 0, max(exposed.right() - left + 1, 0), bottom + 1))
        painter.translate(gutter, 0)
        seen = self._columns.seen(max(exposed.left(), left) - gutter, exposed.right() - gutter)
        cursor = self.cursor_at
        marks = Marks(min(max(cursor.step, 0), self.steps - 1), cursor.query, cursor.pinned, self._differing)
        paint_pointed(painter, self._columns, marks, bottom)
        for index, lane in enumerate(self._lanes):
            if lane is not None:
                most = self._highest if self.losses else None
                paint_lane(painter, lane, self._columns, seen, marks, self._lane_top(index), most)
        paint_ruler(painter, self._columns, seen, marks, bottom)
        painter.restore()

    def _paint_fixed(self, painter: QPainter) -> None:
        width = self._gutter() - 2 * GRID
        painter.save()
        painter.translate(GRID / 2, -self._corner().y())
        for index, lane in enumerate(self._lanes):
            if lane is not None:
                unit = LOSS if self.losses else PROBABILITY
                paint_gutter(painter, (lane.name, unit), self._lane_top(index), width)
            else:
                room = QRectF(width, self._lane_top(index), self._content_width() - width, CHIP)
                paint_sentence(painter, room, "The other decoding has not arrived yet.")
        painter.restore()
        if self.hasFocus():
            paint_ring(painter, QRectF(self.rect()))

    def _tip(self, point: QPointF) -> tuple[str, QRectF]:
        step, lane = self._step_at(point), self._lane_at(point)
        shown = self._lanes[lane or 0]
        if step is None or shown is None or step >= len(shown):
            return "", QRectF()
        said = shown.says(step) + ("\nthe two lanes differ here" if step in self._differing else "")
        area = self._columns.area(step, self._lane_top(lane or 0), LANE).translated(self._gutter(), 0)
        return f"{said}\ndrag to scrub; Left, Right, Home, End", area

    # pointing

    def _step_at(self, point: QPointF) -> int | None:
        if point.x() < self._corner().x() + self._gutter() - GRID / 2:
            return None
        return self._columns.at(point.x() - self._gutter())

    def _lane_at(self, point: QPointF) -> int | None:
        """The lane whose chip is at this height."""
        lane, below = divmod(point.y() - RULER, LANE)
        return int(lane) if 0 <= lane < len(self._lanes) and below <= CHIP else None

    def _go(self, step: int) -> None:
        """Move the play head; whatever was pointed at or pinned is let go."""
        step = min(max(step, 0), self.steps - 1)
        moved = replace(self.cursor_at, step=step, query=None, key=None, pinned=False)
        if step >= 0 and moved != self.cursor_at:
            self.pointed.emit(moved)

    def _hover(self, step: int | None) -> None:
        cursor = replace(self.cursor_at, query=step, key=None)
        if not cursor.pinned and cursor != self.cursor_at:
            self.pointed.emit(cursor)

    def _choose(self, lane: int) -> None:
        if 0 <= lane < len(self._lanes) and self._lanes[lane] is not None:
            self.lane_chosen.emit(lane)

    # Qt

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._reveal_step()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        point = self.to_content(event.position())
        if event.button() == Qt.MouseButton.LeftButton and self._step_at(point) is not None:
            self._pressed = event.position()
            self._go(self._columns.nearest(point.x() - self._gutter()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        point = self.to_content(event.position())
        if self._pressed is not None:
            self._go(self._columns.nearest(point.x() - self._gutter()))
        else:
            self._hover(self._step_at(point))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed = self._pressed, None
        if pressed is None or event.button() != Qt.MouseButton.LeftButton:
            return
        lane = self._lane_at(self.to_content(pressed))
        still = (event.position() - pressed).manhattanLength() < QApplication.startDragDistance()
        if still and lane is not None:
            self._choose(lane)

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, step = Qt.Key(event.key()), self.cursor_at.step
        moves: _Keys = {Qt.Key.Key_Left: step - 1, Qt.Key.Key_Right: step + 1, Qt.Key.Key_Home: 0}
        moves |= {Qt.Key.Key_End: self.steps - 1, Qt.Key.Key_Escape: step}
        lanes: _Keys = {Qt.Key.Key_Up: 0, Qt.Key.Key_Down: 1}
        if key in moves and self.steps:
            self._go(moves[key])
        elif key in lanes and len(self._lanes) > 1:
            self._choose(lanes[key])
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()


def _cells(lane: Lane | None, step: int) -> tuple[str | int | float | None, ...]:
    if lane is None or step >= len(lane):
        return (None,) * 6
    choice, changed = lane.choices[step].value, int(step in lane.changed)
    return (lane.words[step], lane.probabilities[step], lane.losses[step], lane.ranks[step], choice, changed)
