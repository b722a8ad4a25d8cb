"""Windows over a long text as bars: what each holds, how they overlap, and which answers each mask."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from attnviz.export.ticks import even_ticks
from attnviz.table import Table
from attnviz.views.long_look import look_of
from attnviz.views.long_reading import Reading, read_long
from attnviz.views.palette import GRID, SMALL, colour, ui_font
from attnviz.views.pointed_view import PointedView
from attnviz.views.ruler import small_width

AXIS, SIDE = 40, 80
LOWEST_ROW, HIGHEST_ROW, LETTERED_ROW = 5, 24, 14
DOT = 4.5
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_CENTRE = Qt.AlignmentFlag.AlignCenter


class WindowBars(PointedView[int]):
    """A row a window, across the positions of the text; lines are masks, dots where they are answered. A click pins the window."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.reading: Reading | None = None
        self.setAccessibleName("Windows over the text")

    def numbers(self) -> Table:
        """A row a window, numbered from 1, with what it shares with the one before and the masks that it answers."""
        columns = ("window", "first token", "last token", "tokens", "overlap with the one before", "masks answered")
        reading = self.reading
        if reading is None:
            return Table(columns, ())
        windows, rows = reading.windows.windows, []
        for number, window in enumerate(windows):
            overlap = max(0, windows[number - 1].last - window.first) if number else 0
            masks = " ".join(str(place) for place, answering in reading.windows.answers if answering == number)
            rows.append((number + 1, window.first, window.last - 1, len(window), overlap, masks))
        return Table(columns, tuple(rows))

    def _update(self, *, fresh: bool) -> None:
        if fresh:
            before, self.reading = self.reading, read_long(self.trace, self.reading)
            if before is not self.reading:
                self._hovered = None
        super()._update(fresh=fresh)

    # geometry

    def _sentence(self) -> str:
        return "" if self.reading is not None else "The windows appear with the text."

    def _content_height(self, width: int) -> int:
        return AXIS + self._pitch() * self._rows() + GRID

    def _rows(self) -> int:
        return 0 if self.reading is None else len(self.reading.windows.windows)

    def _pitch(self) -> int:
        """The height of a row: many windows stand closer, so that all of them are seen."""
        fitting = (self.height() - AXIS - GRID) // max(1, self._rows())
        return min(max(fitting, LOWEST_ROW), HIGHEST_ROW)

    def _left(self, reading: Reading, position: float) -> float:
        """Where a position stands across."""
        room = max(1.0, self._content_width() - SIDE - 2 * GRID)
        return SIDE + (position - reading.first) / max(1, reading.total) * room

    def row(self, number: int) -> QRectF:
        """Where a window's row stands in the widget now."""
        return self.to_view(self._row(number))

    def _row(self, number: int) -> QRectF:
        return QRectF(0, AXIS + number * self._pitch(), self._content_width(), self._pitch())

    def _stretch(self, reading: Reading, number: int) -> QRectF:
        window, row = reading.windows.windows[number], self._row(number)
        left, right = self._left(reading, window.first), self._left(reading, window.last)
        return QRectF(left, row.top() + row.height() / 4, max(1.0, right - left), row.height() / 2)

    # painting

    def _paint(self, painter: QPainter, exposed: QRectF) -> None:
        reading = self.reading
        if reading is None:
            return
        self._paint_axis(painter, reading)
        pitch = self._pitch()
        first = max(0, int((exposed.top() - AXIS) // pitch) - 1)
        numbers = range(first, min(self._rows(), int((exposed.bottom() - AXIS) // pitch) + 2))
        looked = (look_of(self.cursor_at).window, self._hovered)
        for number in sorted(numbers, key=lambda number: number in looked):  # their names cover those beside them
            self._paint_window(painter, reading, number)
        if reading.windows.stride is None and reading.read < reading.end:
            self._paint_rest(painter, reading)
        self._paint_masks(painter, reading)

    def _paint_axis(self, painter: QPainter, reading: Reading) -> None:
        painter.setFont(ui_font(SMALL))
        bottom = float(AXIS + self._pitch() * self._rows())
        widest = small_width(f"{reading.total:,}") + 4 * GRID
        room = self._content_width() - SIDE - 2 * GRID
        for value, number in even_ticks(float(max(1, reading.total)), max(2, int(room / widest))):
            left = self._left(reading, reading.first + value)
            painter.setPen(QPen(colour("border", 0.6), 1))
            painter.drawLine(QPointF(left, AXIS - 4), QPointF(left, bottom))
            painter.setPen(colour("muted"))
            painter.drawText(QRectF(left - 40, AXIS - 20, 80, 16), _CENTRE, number)
        painter.setPen(colour("muted"))
        painter.drawText(QRectF(SIDE, 2, room, 16), _CENTRE, "token of the text")

    def _paint_window(self, painter: QPainter, reading: Reading, number: int) -> None:
        look, bar, row = look_of(self.cursor_at), self._stretch(reading, number), self._row(number)
        looked = number in (look.window, self._hovered)
        answering = number in reading.answers.values()
        if looked or row.height() >= LETTERED_ROW or number % _every(row.height()) == 0:
            painter.setFont(ui_font(SMALL, bold=looked))
            painter.setPen(colour("text" if looked or answering else "muted"))
            name = "read" if reading.windows.stride is None else f"window {number + 1}"
            line = QRectF(0, row.center().y() - GRID, SIDE - GRID, 2 * GRID)
            if looked and row.height() < LETTERED_ROW:
                painter.fillRect(line, colour("surface"))
            painter.drawText(line, _RIGHT, name)
        painter.setPen(QPen(colour("accent"), 2) if looked else Qt.PenStyle.NoPen)
        painter.setBrush(colour("accent", 0.55 if answering else 0.28))
        painter.drawRoundedRect(bar, 3, 3)

    def _paint_rest(self, painter: QPainter, reading: Reading) -> None:
        """What is cut off, in the same row."""
        bar = self._stretch(reading, 0)
        rest = QRectF(bar.right() + 2, bar.top(), self._left(reading, reading.end) - bar.right() - 2, bar.height())
        painter.setPen(QPen(colour("muted"), 1, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(rest.adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        if rest.width() > small_width("cut off") + GRID:
            painter.setFont(ui_font(SMALL))
            painter.setPen(colour("muted"))
            painter.drawText(rest.translated(0, bar.height() + 4).adjusted(0, 0, 0, 4), _CENTRE, "cut off")

    def _paint_masks(self, painter: QPainter, reading: Reading) -> None:
        bottom = float(AXIS + self._pitch() * self._rows())
        for position in reading.tokens.masks:
            looked = position == self.cursor_at.query
            left = self._left(reading, position + 0.5)
            painter.setPen(QPen(colour("text"), 2 if looked else 1))
            painter.drawLine(QPointF(left, AXIS - 4), QPointF(left, bottom))
            if (number := reading.answers.get(position)) is not None:
                painter.setPen(QPen(colour("surface"), 1))
                painter.setBrush(colour("text"))
                painter.drawEllipse(QPointF(left, self._row(number).center().y()), DOT, DOT)

    def _tip(self, point: QPointF) -> tuple[str, QRectF]:
        number = self._part_at(point)
        if self.reading is None or number is None:
            return "", QRectF()
        window = self.reading.windows.windows[number]
        masks = [place for place, answering in self.reading.windows.answers if answering == number]
        said = [
            f"tokens {window.first} to {window.last - 1}: {len(window)} of the text and {self.reading.windows.added} special"
        ]
        if number:
            overlap = self.reading.windows.windows[number - 1].last - window.first
            said.append(f"{max(0, overlap)} of them are in the window before, too")
        if masks:
            said.append(f"answers the mask{'s' if len(masks) > 1 else ''} at {', '.join(map(str, masks))}")
        return "\n".join([*said, "click pins it"]), self._row(number)

    # pointing

    def _part_at(self, point: QPointF) -> int | None:
        number = int((point.y() - AXIS) // self._pitch())
        return number if 0 <= number < self._rows() else None

    def _came_over(self, before: int | None) -> None:
        look = look_of(self.cursor_at)
        if not look.pinned:
            self.pointed.emit(replace(look, window=self._hovered, query=None, key=None))
        self.update()

    def _clicked(self, part: int) -> None:
        look = look_of(self.cursor_at)
        free = look.pinned and look.window == part
        self.pointed.emit(replace(look, window=part, query=None, key=None, pinned=not free))


def _every(height: float) -> int:
    """Of so many low rows one is lettered."""
    return 5 * max(1, math.ceil(LETTERED_ROW / (5 * height)))
