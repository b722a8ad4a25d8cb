"""A card of a block: matrices with the same tokens on their axes; pointing at a token in one lights it in all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Any

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QWidget

from attnviz.export.cells import label_width
from attnviz.export.numbers import matrix_table, numbered
from attnviz.table import Table
from attnviz.trace import Cursor, Floats
from attnviz.views.block_moment import BlockMoment, Side, block_moment
from attnviz.views.block_pane import CAPTION, SCALE, Pane, Place, bold_token_font, paint_pane, scale_width
from attnviz.views.block_picture import BlockPicture
from attnviz.views.card import BUTTON, HEADER, LINE, Card
from attnviz.views.palette import BASE, GRID, ui_font
from attnviz.views.ruler import small_width
from attnviz.views.step_moment import exact
from attnviz.views.vector_strip import paint_scale

WIDEST, MOST, LEAST_LABEL, ROOMY = 0.34, 0.48, 52.0, 240
Spot = tuple[Pane, Place]


class BlockCard(Card[BlockMoment]):
    """Base of the cards. A subclass gives ``_panes`` and may give ``_says``, the reading of a cell.

    Hover points at a token for a moment, a click or an arrow key stays with it. ``letters`` is set by the layout: whether
    the closed card names its tokens, or leaves that to its neighbour.
    """

    has_foot = False
    letters: tuple[Side, ...] = ()
    side: Side = "query"  # whose tokens its rows are

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pictures: dict[str, BlockPicture] = {}
        self._address: tuple[Any, ...] = ()
        self._widest: dict[Side, float] = {}
        self._pressed: QPointF | None = None
        self._dimension = 0
        self._by_key = False

    # what a subclass gives

    def _panes(self, moment: BlockMoment) -> tuple[Pane, ...]:
        """What is drawn, the subject of the keyboard first."""
        raise NotImplementedError

    def _says(self, moment: BlockMoment, pane: Pane, place: Place) -> str:
        return told(moment, pane, place)

    def _paint_more(self, painter: QPainter, moment: BlockMoment) -> None:
        """What stands beside the matrices."""

    def _titles(self, moment: BlockMoment) -> tuple[str, ...]:
        """The title, and shorter ones for narrow places."""
        raise NotImplementedError

    def _title(self, moment: BlockMoment) -> str:
        titles = self._titles(moment)
        room = self.width() - (12 if self._chip else GRID + BUTTON + 14)
        width = small_width if self._chip else title_width
        return next((title for title in titles if width(title) <= room), titles[-1])

    def _name(self, moment: BlockMoment) -> None:
        super()._name(moment)
        dims = self._dims(moment)
        self.setAccessibleName(f"{self._titles(moment)[0]}{f', {dims}' if dims else ''}")

    # pictures

    def _found(self) -> BlockMoment | None:
        return block_moment(self.trace, self.cursor_at)

    def _follow(self, before: BlockMoment | None, now: BlockMoment, *, fresh: bool) -> None:
        address = (now.block, now.attention, now.weights, now.head, now.queries, now.keys)
        if address != self._address:
            self._address = address
            self._pictures = {}
            self._widest = {side: label_width(now.labels(side), bold_token_font()) for side in ("query", "key")}
            self._name(now)

    def _picture(self, name: str, make: Callable[[], BlockPicture]) -> BlockPicture:
        """A picture that is kept until another block or head is shown."""
        if name not in self._pictures:
            self._pictures[name] = make()
        return self._pictures[name]

    def _plain(self, name: str, values: Floats) -> BlockPicture:
        """A picture of signed numbers."""
        return self._picture(name, lambda: BlockPicture(values))

    # geometry

    def body(self) -> QRectF:
        return QRectF(self.rect()).adjusted(GRID, HEADER + LINE + 1, -GRID, -GRID + 2)

    def label_room(self, side: Side = "query") -> float:
        """What the labels of a token axis take before the rows."""
        if not self._opened and side not in self.letters and self.width() < ROOMY:
            return 0.0
        return min(self._widest.get(side, 0.0) + 5, max(self.width() * WIDEST, min(LEAST_LABEL, self.width() * MOST)))

    def inner(self, side: Side = "query") -> QRectF:
        """Where rows of tokens stand: right of their labels; opened, between captions and scales."""
        body = self.body().adjusted(self.label_room(side), 0, 0, 0)
        return body.adjusted(0, CAPTION, 0, -SCALE) if self._opened else body

    def panes(self) -> tuple[Pane, ...]:
        """What is drawn now."""
        return () if self.moment is None or self._chip else self._panes(self.moment)

    # drawing

    def _paint_body(self, painter: QPainter, moment: BlockMoment) -> None:
        panes = self.panes()
        for pane in panes:
            paint_pane(painter, pane, moment)
        if panes and not self._opened:
            self._paint_small_scale(painter, panes[0].picture, moment)
        self._paint_more(painter, moment)

    def _paint_small_scale(self, painter: QPainter, picture: BlockPicture, moment: BlockMoment) -> None:
        """The scale at the right of the formula, where there is room."""
        width = scale_width(picture)
        if small_width(self._formula(moment)) + width + 3 * GRID > self.width():
            return
        area = QRectF(self.width() - GRID - width, HEADER - 2, width, LINE)
        paint_scale(painter, area, picture.limit, signed=picture.signed)

    # reading

    def _spot(self, point: QPointF) -> Spot | None:
        """The cell under a point; the labels before a row count as its first cell."""
        for pane in self.panes():
            if (place := pane.at(point)) is not None:
                return pane, place
        for pane in (pane for pane in self.panes() if pane.lettered):
            room = self.label_room(pane.rows or "query")
            line = pane.at(QPointF(pane.area.left(), point.y()))
            if line is not None and pane.area.left() - room <= point.x() < pane.area.left():
                return pane, (line[0], -1)
        return None

    def _reading(self, point: QPointF) -> str:
        spot, moment = self._spot(point), self.moment
        if spot is None or moment is None:
            return ""
        pane, (row, column) = spot
        if column < 0:
            return moment.token(pane.rows or "query", row)
        return self._says(moment, pane, (row, column))

    def _key_reading(self) -> tuple[str, QPointF] | None:
        moment, panes = self.moment, self.panes()
        if moment is None or not panes or not self._by_key or panes[0].rows is None:
            return None
        pane, row = panes[0], moment.marked(panes[0].rows)
        if row is None:
            return None
        column = moment.key if pane.columns == "key" else min(self._dimension, pane.picture.shape[1] - 1)
        if column is None:
            return None
        return self._says(moment, pane, (row, column)), QPointF(
            pane.stack(column).center().x(), pane.line(row).bottom()
        )

    # pointing

    def _aimed(self, spot: Spot, *, pinned: bool) -> Cursor | None:
        """The cursor that stands for a cell; None where no token is on its axes."""
        pane, (row, column) = spot
        if pane.rows == "query":
            key = column if pane.columns == "key" and column >= 0 else None
            return replace(self.cursor_at, query=row, key=key, pinned=pinned)
        if pane.rows == "key":
            return replace(self.cursor_at, key=row, pinned=pinned)
        if pane.columns == "key":
            return replace(self.cursor_at, key=column, pinned=pinned)
        return None

    def _say(self, cursor: Cursor | None) -> None:
        if cursor is not None and cursor != self.cursor_at:
            self.pointed.emit(cursor)

    def _free(self) -> None:
        self._say(replace(self.cursor_at, query=None, key=None, pinned=False))

    def _hover(self, point: QPointF) -> None:
        spot = self._spot(point)
        aimed = None if spot is None else self._aimed(spot, pinned=False)
        if aimed is None:
            self._free()
        else:
            self._say(aimed)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._by_key = False
        super().mouseMoveEvent(event)
        if not self._chip and not self.cursor_at.pinned and self._pressed is None:
            self._hover(event.position())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed = self._pressed, None
        spot = self._spot(event.position())
        aimed = None if spot is None or pressed is None else self._aimed(spot, pinned=True)
        if aimed is None:
            super().mouseReleaseEvent(event)
        elif aimed == self.cursor_at:
            self._free()
        else:
            self._say(aimed)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if not self.cursor_at.pinned and not self._chip:
            self._free()

    # keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, moment, panes = Qt.Key(event.key()), self.moment, self.panes()
        steps = {Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0), Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1)}
        if moment is None or not panes:
            super().keyPressEvent(event)
        elif key in steps or key in (Qt.Key.Key_Home, Qt.Key.Key_End):
            self._walk(moment, panes[0], key, steps.get(key, (0, 0)))
        elif key == Qt.Key.Key_Escape and self.cursor_at.pinned:
            self._free()
        else:
            super().keyPressEvent(event)

    def _walk(self, moment: BlockMoment, pane: Pane, key: Qt.Key, step: Place) -> None:
        """To the next row or column of the first matrix."""
        rows, columns = pane.picture.shape
        at = moment.marked(pane.rows) if pane.rows is not None else None
        over = moment.key if pane.columns == "key" else self._dimension
        row = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: rows - 1}.get(key, 0 if at is None else at + step[0])
        column = 0 if over is None else over if at is None else over + step[1]
        row, column = min(max(row, 0), rows - 1), min(max(column, 0), columns - 1)
        self._by_key = True
        if pane.columns is None:
            self._dimension = column
        self._say(self._aimed((pane, (row, column)), pinned=True))
        self.setAccessibleDescription(self._says(moment, pane, (row, column)))
        self._remark()
        self.update()

    # numbers

    def numbers(self) -> Table:
        """The first matrix, a row per token."""
        if self.moment is None:
            return Table((), ())
        panes = self._panes(self.moment)
        return pane_table(self.moment, panes[0]) if panes else Table((), ())


@lru_cache(maxsize=256)
def title_width(title: str) -> float:
    """The width of a card's title."""
    return QFontMetricsF(ui_font(BASE, bold=True)).horizontalAdvance(title)


def told(moment: BlockMoment, pane: Pane, place: Place) -> str:
    """A cell in words."""
    row, column = place
    value = exact(float(pane.picture.values[place]))
    if pane.rows is None:
        across = str(column) if pane.columns is None else moment.token(pane.columns, column)
        return f"{pane.symbol}[{row}, {across}] = {value}"
    if pane.columns is None:
        return f"{moment.token(pane.rows, row)}   {pane.symbol}[{column}] = {value}"
    return f"{moment.token(pane.rows, row)} → {moment.token(pane.columns, column)}   {pane.symbol} = {value}"


def pane_table(moment: BlockMoment, pane: Pane) -> Table:
    """A matrix under the names of its axes."""
    rows, columns = pane.picture.shape
    down = tuple(str(row) for row in range(rows)) if pane.rows is None else numbered(moment.tokens(pane.rows).labels)
    across = (
        tuple(str(column) for column in range(columns))
        if pane.columns is None
        else numbered(moment.tokens(pane.columns).labels)
    )
    return matrix_table(pane.rows or "row", down, across, pane.picture.values)
