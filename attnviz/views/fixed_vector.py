"""The bottleneck at a glance: every source token goes into one vector of fixed width, every output word comes out of it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from attnviz.table import Table
from attnviz.trace import Cursor, Decoding, Encoding, Tokens
from attnviz.views.funnel import Funnel, Slot, funnel
from attnviz.views.funnel_paint import paint_chips, paint_footer, paint_lines, paint_titles, paint_vector
from attnviz.views.image import coded, safe_image, spread
from attnviz.views.lettering import isolated, percent
from attnviz.views.map_paint import paint_readout
from attnviz.views.palette import GRID
from attnviz.views.ruler import token_width
from attnviz.views.scrolled import ScrolledView, paint_focus

Side = Literal["source", "number", "output"]
Place = tuple[Side, int]
SIDES: tuple[Side, ...] = ("source", "number", "output")
PADDING = 2 * GRID


class FixedVector(ScrolledView):
    """Source tokens, the vector that the decoder starts from (``Encoding.fixed``), and the output words so far.

    Pointing at a chip moves the cursor's key or query, a click pins it; a click on a word moves the play head there too.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._funnel: Funnel | None = None
        self._laid_for: tuple[object, int, QSize] | None = None
        self._mouse: QPointF | None = None
        self._at: Place = ("source", 0)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("The fixed vector between source and output")

    @property
    def encoding(self) -> Encoding | None:
        return self.trace.find(Encoding)

    @property
    def tokens(self) -> Tokens | None:
        return self.trace.tokens()

    def words(self) -> tuple[str, ...]:
        """The output words so far, up to the cursor's step."""
        decoding = self.trace.find(Decoding)
        return () if decoding is None else decoding.labels[: self.cursor_at.step + 1]

    def layout_of_now(self) -> Funnel:
        """Where everything stands; kept until the trace, the step or the size changes."""
        key = (self.trace, len(self.words()), self.size())
        if self._funnel is None or self._laid_for != key:
            self._laid_for = key
            height = max(self.height(), self._content_height(self.width()))
            labels = (() if self.tokens is None else self.tokens.labels, self.words())
            widths = tuple([token_width(isolated(label)) + PADDING for label in side] for side in labels)
            numbers = 0 if self.encoding is None else len(self.encoding.fixed)
            self._funnel = funnel(QSizeF(self._content_width(), height), (widths[0], widths[1]), numbers)
        return self._funnel

    def numbers(self) -> Table:
        """A row per number of the vector."""
        encoding = self.encoding
        if encoding is None:
            return Table((), ())
        values = ((value if math.isfinite(value) else None) for value in encoding.fixed.astype(float).tolist())
        return Table(("number", "value"), tuple(enumerate(values)))

    # geometry

    def _sentence(self) -> str:
        if self.tokens is None:
            return "Type a source above to see the one vector that it is read into."
        return "The source has not been encoded yet." if self.encoding is None else ""

    def _content_height(self, width: int) -> int:
        return 20 * GRID

    def hasHeightForWidth(self) -> bool:
        return False

    def sizeHint(self) -> QSize:
        return QSize(60 * GRID, 40 * GRID)

    def minimumSizeHint(self) -> QSize:
        return QSize(28 * GRID, 15 * GRID)

    def area(self, place: Place) -> QRectF | None:
        """Where a token, a number or a word stands in the content; None where it found no room."""
        laid = self.layout_of_now()
        if place[0] == "number":
            return laid.cell(place[1]) if place[1] < laid.numbers else None
        slots = laid.source if place[0] == "source" else laid.output
        return next((slot.area for slot in slots if slot.index == place[1]), None)

    def _place_at(self, point: QPointF) -> Place | None:
        laid = self.layout_of_now()
        number = laid.number_at(point)
        if number is not None:
            return "number", number
        index = _slot_at(laid.source, point)
        if index is not None:
            return "source", index
        index = _slot_at(laid.output, point)
        return None if index is None else ("output", index)

    # painting

    def _paint(self, painter: QPainter, exposed: QRectF) -> None:
        encoding, tokens = self.encoding, self.tokens
        if encoding is None or tokens is None:
            return
        laid, cursor = self.layout_of_now(), self.cursor_at
        paint_lines(painter, laid, cursor.key, cursor.at_step)
        values, note = safe_image(encoding.fixed[None])
        low, high = spread(values, signed=True)
        paint_vector(painter, laid, coded(values, low, high)[0], self._pointed_number())
        paint_chips(painter, laid.source, tokens.labels, cursor.key, pinned=cursor.pinned)
        paint_chips(painter, laid.output, self.words(), cursor.at_step, pinned=cursor.pinned)
        room = QRectF(0, 0, self._content_width(), max(self.height(), self._content_height(self.width())))
        paint_titles(painter, room, self._titles(tokens))
        width = f"{_counted(len(encoding.fixed), 'number')}, whatever the length" + (f" · {note}" if note else "")
        paint_footer(painter, room, high, (width, _meaning(encoding.attention)))
        if self.hasFocus() and (area := self.area(self._at)) is not None:
            paint_focus(painter, area.adjusted(-2, -2, 2, 2))

    def _titles(self, tokens: Tokens) -> tuple[str, str, str]:
        decoding = self.trace.find(Decoding)
        source = f"source: {_counted(len(tokens), 'token')}"
        so_far = "" if decoding is None else f"output: {len(self.words())} of {_counted(len(decoding), 'word')}"
        return source, "fixed vector", so_far

    def _paint_fixed(self, painter: QPainter) -> None:
        place = None if self._mouse is None else self._place_at(self.to_content(self._mouse))
        if self._mouse is not None and place is not None:
            paint_readout(painter, self._mouse, self._says(place), QRectF(self.rect()))

    def _pointed_number(self) -> int | None:
        place = None if self._mouse is None else self._place_at(self.to_content(self._mouse))
        return place[1] if place is not None and place[0] == "number" else None

    def _says(self, place: Place) -> str:
        side, index = place
        if side == "number" and self.encoding is not None:
            value = f"{float(self.encoding.fixed[index]):.4g}".replace("-", "−")
            return f"number {index + 1} of {len(self.encoding.fixed)}   {value}"
        if side == "source" and self.tokens is not None:
            return f"{isolated(self.tokens.labels[index])}   source token {index + 1} of {len(self.tokens)}"
        decoding = self.trace.find(Decoding)
        if decoding is None or index >= len(decoding):
            return ""
        probability = percent(float(decoding.probabilities[index]))
        return f"{isolated(decoding.labels[index])}   step {index + 1} of {len(decoding)}   probability {probability}"

    # pointing

    def _aimed(self, place: Place | None, *, pinned: bool) -> Cursor:
        free = replace(self.cursor_at, query=None, key=None, pinned=False)
        if place is None or place[0] == "number":
            return free
        if place[0] == "source":
            return replace(free, key=place[1], pinned=pinned)
        return replace(free, query=place[1], pinned=pinned, step=place[1] if pinned else free.step)

    def _say(self, cursor: Cursor) -> None:
        if cursor != self.cursor_at:
            self.pointed.emit(cursor)

    def _pin(self, place: Place) -> None:
        aimed = self._aimed(place, pinned=True)
        self._say(self._aimed(None, pinned=False) if aimed == self.cursor_at else aimed)

    def _count(self, side: Side) -> int:
        """How many places a side has; the words to come count, for walking on to them moves the play head."""
        decoding = self.trace.find(Decoding)
        counts = {"source": len(self.tokens or ()), "number": self.layout_of_now().numbers}
        return counts.get(side, len(decoding or ()))

    def _walk(self, sideways: int, down: int) -> None:
        """To the next chip or number of this side, or to the same height of another one."""
        side, index = self._at
        moved = SIDES[min(max(SIDES.index(side) + sideways, 0), len(SIDES) - 1)]
        if moved != side and self._count(moved):
            seen = {moved: self._count(moved), "output": len(self.words())}[moved]
            index = round(index / max(self._count(side) - 1, 1) * (seen - 1))
            side = moved
        self._at = (side, min(max(index + down, 0), max(self._count(side) - 1, 0)))
        self.setAccessibleDescription(self._says(self._at))
        self._say(self._aimed(self._at, pinned=side != "number"))
        self.update()

    # Qt

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._mouse = event.position()
        if not self.cursor_at.pinned and not self._sentence():
            self._say(self._aimed(self._place_at(self.to_content(event.position())), pinned=False))
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        self._mouse = None
        if not self.cursor_at.pinned:
            self._say(self._aimed(None, pinned=False))
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        place = None if self._sentence() else self._place_at(self.to_content(event.position()))
        if event.button() == Qt.MouseButton.LeftButton and place is not None and place[0] != "number":
            self._at = place
            self._pin(place)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        ways = {Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1), Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0)}
        ends = {Qt.Key.Key_Home: (0, -(1 << 20)), Qt.Key.Key_End: (0, 1 << 20)}
        if self._sentence():
            event.ignore()
        elif key == Qt.Key.Key_Escape:
            self._say(self._aimed(None, pinned=False))
        elif key in ways or key in ends:
            self._walk(*(ways | ends)[key])
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self._pin(self._at)
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()


def _slot_at(slots: tuple[Slot, ...], point: QPointF) -> int | None:
    return next((slot.index for slot in slots if slot.area.adjusted(-2, -2, 2, 2).contains(point)), None)


def _counted(count: int, name: str) -> str:
    return f"{count:,} {name}" if count == 1 else f"{count:,} {name}s"


def _meaning(attention: str) -> str:
    if attention == "none":
        return "All that the decoder gets of the source."
    return "The decoder's first state; by attention it looks at every source token too."
