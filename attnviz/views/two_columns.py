"""Two columns of tokens, queries left and keys right, that can be pointed at, pinned and walked: the stage of the arcs."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFocusEvent, QFontMetricsF, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from attnviz.export.cells import label_width
from attnviz.trace import Cursor, Tokens
from attnviz.views.palette import BASE, GRID, SMALL, token_font, ui_font
from attnviz.views.scrolled import ScrolledView
from attnviz.views.segments import Kept
from attnviz.views.token_labels import lettered

ROW = 22.0
HEADER = 3.0 * GRID
FOOTER = 3.0 * GRID
_WIDEST = 0.32


class TwoColumns(ScrolledView):
    """Base of a view of ``_sides``: the queries' and the keys' tokens, None while nothing has arrived.

    A row is a line of a column; ``_rows`` says which positions of each side's tokens stand there.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sides: tuple[Tokens, Tokens] | None = None
        self._rows: Kept = (), ()

    def _focus(self) -> tuple[int | None, int | None]:
        """The row of the query, else of the key, whose lines alone are shown."""
        query, key = self._row_of(self.cursor_at.query, 0), self._row_of(self.cursor_at.key, 1)
        return (query, None) if query is not None else (None, key)

    def _row_of(self, position: int | None, side: int) -> int | None:
        """Where a token of this position stands, None if it doesn't."""
        return None if position is None or position not in self._rows[side] else self._rows[side].index(position)

    # geometry, in content coordinates

    def _pitch(self) -> float:
        longest = max(1, *map(len, self._rows))
        return min(max((self.height() - HEADER - FOOTER - GRID) / longest, ROW), 1.6 * ROW)

    def _content_height(self, width: int) -> int:
        longest = max(map(len, self._rows))
        return int(HEADER + FOOTER + longest * self._pitch() + GRID)

    def _column(self) -> float:
        """The width of a column of tokens."""
        if self._sides is None:
            return 0.0
        widest = max(label_width(self._labels(side), token_font(BASE)) for side in (0, 1))
        return min(widest, self.width() * _WIDEST) + 2 * GRID

    def _labels(self, side: int) -> tuple[str, ...]:
        """The tokens of a column as they are lettered, a row each."""
        return (
            () if self._sides is None else tuple(map(lettered(self._sides[side].labels).__getitem__, self._rows[side]))
        )

    def _middle(self, row: float) -> float:
        return HEADER + (row + 0.5) * self._pitch()

    def token_area(self, row: int, side: int) -> QRectF:
        """Where a token stands in the content: side 0 for queries, 1 for keys."""
        left = GRID if side == 0 else self._content_width() - GRID - self._column() - self._margin()
        return QRectF(left, HEADER + row * self._pitch(), self._column(), self._pitch())

    def _margin(self) -> float:
        """Room for weights at the right of the keys."""
        return QFontMetricsF(ui_font(SMALL)).horizontalAdvance("0.000") + GRID

    def _token_at(self, point: QPointF) -> tuple[int, int] | None:
        """Row and side under a content point; the whole half of the widget counts."""
        if self._sides is None:
            return None
        side = 0 if point.x() < self._content_width() / 2 else 1
        row = int((point.y() - HEADER) // self._pitch())
        return (row, side) if 0 <= row < len(self._rows[side]) else None

    def _tip(self, point: QPointF) -> tuple[str, QRectF]:
        place = self._token_at(point)
        if place is None or self._sides is None:
            return "", QRectF()
        row, side = place
        position = self._rows[side][row]
        label, role = self._sides[side].labels[position], ("query", "key")[side]
        return f"{role} {position}: {label}\nclick pins its lines, Esc frees them", self.token_area(row, side)

    # pointing

    def _aimed(self, place: tuple[int, int] | None, *, pinned: bool) -> Cursor:
        row, side = (None, 0) if place is None else place
        position = None if row is None else self._rows[side][row]
        query, key = (position, None) if side == 0 else (None, position)
        return replace(self.cursor_at, query=query, key=key, pinned=pinned and place is not None)

    def _say(self, cursor: Cursor) -> None:
        if cursor != self.cursor_at:
            self.pointed.emit(cursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if not self.cursor_at.pinned:
            self._say(self._aimed(self._token_at(self.to_content(event.position())), pinned=False))

    def leaveEvent(self, event: QEvent) -> None:
        if not self.cursor_at.pinned:
            self._say(self._aimed(None, pinned=False))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        place = self._token_at(self.to_content(event.position()))
        if event.button() == Qt.MouseButton.LeftButton and place is not None:
            aimed = self._aimed(place, pinned=True)
            self._say(self._aimed(None, pinned=False) if aimed == self.cursor_at else aimed)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            self._say(self._aimed(None, pinned=False))
        elif key in {Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right} and self._sides is not None:
            self._walk(key)
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self._say(replace(self.cursor_at, pinned=not self.cursor_at.pinned))
        else:
            super().keyPressEvent(event)

    def _walk(self, key: Qt.Key) -> None:
        query, other = self._focus()
        side = 1 if query is None and other is not None else 0
        row = query if side == 0 else other
        if key in {Qt.Key.Key_Left, Qt.Key.Key_Right}:
            side = 0 if key == Qt.Key.Key_Left else 1
        elif row is not None:
            row += 1 if key == Qt.Key.Key_Down else -1
        if self._rows[side]:
            row = min(max(row or 0, 0), len(self._rows[side]) - 1)
            self._reveal(self.token_area(row, side).adjusted(0, -HEADER, 0, FOOTER))
            self._say(self._aimed((row, side), pinned=True))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def _tallest(self) -> int:
        return 75 * GRID

    def sizeHint(self) -> QSize:
        return QSize(60 * GRID, self.heightForWidth(60 * GRID))
