"""The logit lens as a map of words: a row per layer, a column per token, each cell with the layer's best word."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QFontMetricsF, QPainter, QResizeEvent
from PySide6.QtWidgets import QWidget

from attnviz.export.cells import bar_width, label_extent, label_width, paint_bar
from attnviz.export.colours import Codes
from attnviz.export.ticks import Ticks, linear_ticks
from attnviz.trace import Cursor, Floats
from attnviz.views import palette
from attnviz.views.image import coded, safe_image
from attnviz.views.lens_paint import paint_firsts, paint_foot, paint_marked_labels, paint_words
from attnviz.views.lens_reading import Reading, read_lens, site_of
from attnviz.views.lettering import isolated, percent
from attnviz.views.map_frame import Frame, Place, Window
from attnviz.views.map_paint import (
    Picture,
    bar_area,
    paint_border,
    paint_crosshair,
    paint_lettering,
    paint_seen,
    screen_ink,
)
from attnviz.views.option import Option
from attnviz.views.palette import GRID, SMALL, ui_font
from attnviz.views.place_view import PlaceView
from attnviz.views.ruler import small_width
from attnviz.views.token_labels import lettered

MEASURES = ("best word's probability", "watched word's probability", "watched word's rank", "entropy")
LEVEL, SCROLLED, UPRIGHT = 38.0, 56.0, 17.0  # widths of a column whose words lie level, or stand upright
LEAST_ROW, MOST_ROW, UPRIGHT_ROW = 20.0, 96.0, 46.0
_FOOT = 42.0


class LensGrid(PlaceView):
    """Colours follow ``measure``. Hovering points at the token; a click, Enter or an arrow key goes to the layer, too.

    ``row`` is the layer's row that is looked at, which the cursor doesn't hold while the mouse only hovers; ``looked`` is
    emitted when it may have changed.
    """

    looked = Signal(object)

    measure = Option(MEASURES[0], MEASURES)
    colour_map = Option("blues", palette.MAPS)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.reading: Reading | None = None
        self._picture: Picture | None = None
        self._kept: tuple[int, Cursor] | None = None
        self.setAccessibleName("Logit lens: the best word of every layer at every token")

    @property
    def row(self) -> int | None:
        """The row of the layer that is looked at."""
        if self.reading is None:
            return None
        if self._kept is not None and self._kept[1] == self.cursor_at and self._kept[0] < self.reading.shape[0]:
            return self._kept[0]
        layers = [lens.layer for lens in self.reading.lenses]
        wanted = self.cursor_at.layer + 1
        return layers.index(wanted) if wanted in layers else len(layers) - 1

    def frame(self) -> Frame | None:
        """Where the cells stand in the widget."""
        if self._picture is None:
            return None
        area, (rows, columns) = self._viewport(), self._picture.shape
        wide, tall, corner = self._column_width(), self._row_height(), self._corner()
        seen = area.intersected(QRectF(area.topLeft(), QPointF(area.left() + columns * wide, area.top() + rows * tall)))
        window = Window(
            (rows, columns), corner.y() / tall, corner.x() / wide, seen.height() / tall, seen.width() / wide
        )
        return Frame(seen, window, self._head(self._picture)[1])

    # what is drawn

    def _sentence(self) -> str:
        if self.reading is not None:
            return ""
        return "Type a sentence above to see which word every layer would say at each token; a model without a word head has no lens."

    def _update(self, *, fresh: bool) -> None:
        if fresh or (self.reading is not None and self.reading.tokens.site is not site_of(self.cursor_at)):
            self.reading = read_lens(self.trace, self.cursor_at)
            self._picture = None if self.reading is None else self._build(self.reading)
        super()._update(fresh=fresh)
        self._show_marked()

    def _show_marked(self) -> None:
        """Bring the cursor's cell into sight, unless the mouse is here and at what it wants to see."""
        if self._mouse is None and (marked := self._marked()) is not None:
            self._show_place(marked)

    def _build(self, reading: Reading) -> Picture:
        values, codes, ticks = self._measured(reading)
        return Picture(
            values,
            codes,
            palette.sequential(self.colour_map),
            tuple(range(reading.shape[0])),
            tuple(range(reading.shape[1])),
            tuple(reading.name(row) for row in range(reading.shape[0])),
            lettered(reading.tokens.labels),
            "layers ↓",
            "tokens →",
            ticks,
            square=False,
        )

    def _measured(self, reading: Reading) -> tuple[Floats, Codes, Ticks]:
        """The values of the chosen measure, their codes, and the numbers on the bar."""
        if self.measure == "watched word's rank":
            ranks = reading.ranks.astype(np.float32)
            worst = max(float(np.log10(ranks.max())), 1.0)
            powers = range(int(worst) + 1)
            numbers = tuple(f"{10**power:,}".replace(",", "\N{NARROW NO-BREAK SPACE}") for power in powers)
            ticks = Ticks(tuple(1 - power / worst for power in powers), numbers, "rank of the watched word, log")
            return ranks, coded((worst - np.log10(ranks)).astype(np.float32), 0.0, worst), ticks
        values, high = reading.best, 1.0
        if self.measure == "watched word's probability":
            values = reading.probabilities
        elif self.measure == "entropy":
            values = reading.entropy
            high = max(float(safe_image(values)[0].max()), 1e-3)
        unit = "entropy, nats" if self.measure == "entropy" else f"{self.measure}"
        return values, coded(safe_image(values)[0], 0.0, high), linear_ticks(0.0, high, unit)

    # geometry

    def _gutter(self, picture: Picture) -> float:
        ink = screen_ink()
        return max(label_width(picture.row_labels, ink.labels), small_width(picture.row_title)) + 2.5 * GRID

    def _head(self, picture: Picture, within: int | None = None) -> tuple[float, bool]:
        """The height of the labels on top, and whether they are slanted."""
        extent, slanted = label_extent(picture.column_labels, screen_ink().labels, self._column_width(within))
        return min(extent, 12.0 * GRID) + QFontMetricsF(ui_font(SMALL)).height() + 1.5 * GRID, slanted

    def _beside(self, picture: Picture) -> float:
        return bar_width(picture.ticks, screen_ink()) + 3 * GRID

    def _viewport(self) -> QRectF:
        """Where cells may be: beside the labels, above the watched words."""
        if self._picture is None:
            return QRectF()
        room, top = self._content_room(), self._head(self._picture)[0]
        left, right = self._gutter(self._picture), self._beside(self._picture)
        return QRectF(left, top, max(room.width() - left - right, GRID), max(room.height() - top - _FOOT, GRID))

    def _column_width(self, within: int | None = None) -> float:
        """The width of a column in a content of this width, else of the one that there is."""
        if self._picture is None:
            return LEVEL
        whole = self._content_width() if within is None else within
        wide = whole - self._gutter(self._picture) - self._beside(self._picture)
        fitting = wide / self._picture.shape[1]
        upright = fitting >= UPRIGHT and self.height() / (self._picture.shape[0] + 3) >= UPRIGHT_ROW
        return fitting if fitting >= LEVEL or upright else SCROLLED

    def _row_height(self) -> float:
        if self._picture is None:
            return LEAST_ROW
        fitting = self._viewport().height() / self._picture.shape[0]
        return min(max(fitting, LEAST_ROW), MOST_ROW)

    def _content_height(self, width: int) -> int:
        if self._picture is None:
            return 0
        return math.ceil(self._head(self._picture, width)[0] + self._picture.shape[0] * LEAST_ROW + _FOOT)

    def _natural_width(self) -> int:
        if self._picture is None or self._column_width() != SCROLLED:
            return 0
        sides = self._gutter(self._picture) + self._beside(self._picture)
        return int(sides + self._picture.shape[1] * SCROLLED)

    # painting

    def _paint_face(self, painter: QPainter) -> None:
        picture, frame, reading = self._picture, self.frame(), self.reading
        if picture is None or frame is None or reading is None:
            return
        paint_seen(painter, picture, frame)
        painter.save()
        painter.setClipRect(frame.area, Qt.ClipOperation.IntersectClip)
        paint_words(painter, picture, frame, reading, upright=frame.cell.width() < LEVEL)
        paint_firsts(painter, frame, reading)
        painter.restore()
        paint_border(painter, frame)
        paint_lettering(painter, picture, frame, (None, None), QRectF(self.rect()))
        paint_bar(painter, bar_area(frame), picture.table, picture.ticks, screen_ink())
        paint_foot(painter, frame, reading, self.width(), level=frame.cell.width() >= LEVEL)

    def _paint_over(self, painter: QPainter, marked: Place | None) -> None:
        picture, frame = self._picture, self.frame()
        if picture is None or frame is None:
            return
        token = None if self.cursor_at.query is None else marked
        paint_marked_labels(painter, picture, frame, (self.row, None if token is None else token[1]))
        paint_crosshair(painter, frame, token or (self.row, None), pinned=self.cursor_at.pinned)

    # pointing

    def _place_at(self, point: QPointF) -> Place | None:
        frame = self.frame()
        return None if frame is None else frame.cell_at(point)

    def _marked(self) -> Place | None:
        token, row = self.cursor_at.query, self.row
        inside = self.reading is not None and token is not None and token < self.reading.shape[1]
        return (row, token) if inside and row is not None and token is not None else None

    def _look(self, row: int | None, cursor: Cursor) -> Cursor:
        """Remember a row for as long as the cursor is this one."""
        self._kept = None if row is None else (row, cursor)
        self.looked.emit(row)
        return cursor

    def _aimed(self, place: Place, *, pinned: bool) -> Cursor:
        layer = self.reading.lenses[place[0]].layer if self.reading is not None else 0
        moved = layer - 1 if pinned and layer else self.cursor_at.layer
        return self._look(place[0], replace(self.cursor_at, layer=moved, query=place[1], key=None, pinned=pinned))

    def _freed(self) -> Cursor:
        return self._look(None, replace(self.cursor_at, query=None, key=None, pinned=False))

    def _walked(self, place: Place | None, rows: int, columns: int) -> Place | None:
        if self.reading is None:
            return None
        tall, wide = self.reading.shape
        if place is None:
            return (self.row or 0, 0)
        return min(max(place[0] + rows, 0), tall - 1), min(max(place[1] + columns, 0), wide - 1)

    def _readout(self, place: Place) -> str:
        """One line; the tooltip says more."""
        row, token = place
        reading = self.reading
        if reading is None:
            return ""
        word, share = isolated(reading.best_word(row, token)), percent(float(reading.best[row, token]))
        standing = "" if reading.ranks[row, token] == 1 else f"   {reading.standing(row, token)}"
        return f"{isolated(reading.tokens.labels[token])}   {reading.name(row)}: “{word}” {share}{standing}"

    def _paint_readout(self, painter: QPainter, marked: Place | None) -> None:
        """No plate over the words: the list beside the curve says all of it, and so does the tooltip."""

    def _tip(self, point: QPointF) -> tuple[str, QRectF]:
        place, frame = self._place_at(point - self._corner()), self.frame()
        if place is None or frame is None or self.reading is None:
            return "", QRectF()
        return self.reading.says(*place), frame.cell_area(*place).translated(self._corner())

    def _area_of(self, place: Place) -> QRectF:
        frame = self.frame()
        return QRectF() if frame is None else frame.cell_area(*place)

    def _show_place(self, place: Place) -> None:
        """Cells are seen beside the labels, which don't scroll: a cell is revealed with as much room around it."""
        frame, room = self.frame(), self._content_room()
        if frame is not None:
            area = frame.cell_area(*place).translated(self._corner())
            right, below = room.right() - frame.area.right(), room.bottom() - frame.area.bottom()
            left, right = frame.area.left() + frame.cell.width(), right + frame.cell.width()  # and its neighbours
            self._reveal(area.adjusted(-left, -frame.area.top(), right, min(below, _FOOT)))

    # Qt

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._show_marked()
