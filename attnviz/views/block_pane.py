"""One matrix on a card of a block: where it stands, whose tokens are on its axes, and the strokes around it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen

from attnviz.export.cells import SLANT, label_extent, label_width, paint_column_label, stride
from attnviz.views.block_moment import BlockMoment, Side
from attnviz.views.block_picture import BlockPicture
from attnviz.views.card import LEFT
from attnviz.views.palette import SMALL, colour, token_font, ui_font
from attnviz.views.ruler import small_width
from attnviz.views.step_moment import lettered_number
from attnviz.views.vector_strip import paint_scale

CAPTION, SCALE, RAMP = 15.0, 16.0, 36.0
PITCH = 9.9
HIGHEST_LABELS = 56.0
Place = tuple[int, int]


@dataclass(frozen=True, slots=True, eq=False)
class Pane:
    """``picture`` in ``area``. ``rows`` and ``columns`` say whose tokens are on an axis, None = dimensions.

    ``caption`` stands above it. ``band`` frames some columns, ``shelf`` some rows: the chosen head's part. ``lettered``
    panes have token labels before their rows, ``headed`` ones above their columns, ``scaled`` ones their scale below.
    """

    symbol: str
    picture: BlockPicture
    area: QRectF
    rows: Side | None = None
    columns: Side | None = None
    caption: str = ""
    band: slice | None = None
    shelf: slice | None = None
    lettered: bool = False
    headed: bool = False
    scaled: bool = False

    def line(self, row: int) -> QRectF:
        height = self.area.height() / max(self.picture.shape[0], 1)
        return QRectF(self.area.left(), self.area.top() + row * height, self.area.width(), height)

    def stack(self, column: int) -> QRectF:
        width = self.area.width() / max(self.picture.shape[1], 1)
        return QRectF(self.area.left() + column * width, self.area.top(), width, self.area.height())

    def at(self, point: QPointF) -> Place | None:
        """The cell under a point."""
        rows, columns = self.picture.shape
        if not self.area.contains(point) or not rows or not columns:
            return None
        row = int((point.y() - self.area.top()) / self.area.height() * rows)
        column = int((point.x() - self.area.left()) / self.area.width() * columns)
        return min(row, rows - 1), min(column, columns - 1)


def paint_pane(painter: QPainter, pane: Pane, moment: BlockMoment) -> None:
    """The cells, the chosen head's part, labels, caption and scale, and what is pointed at."""
    pane.picture.paint(painter, pane.area)
    _paint_parts(painter, pane)
    if pane.lettered and pane.rows is not None:
        marked = moment.marked(pane.rows)
        paint_row_labels(painter, pane.area, moment.labels(pane.rows), marked, pane.area.left() - 4)
    if pane.headed and pane.columns is not None:
        _paint_column_labels(painter, pane, moment.labels(pane.columns), moment.marked(pane.columns))
    if pane.caption:
        _paint_caption(painter, pane, moment)
    if pane.scaled:
        room = QRectF(pane.area.left(), pane.area.bottom() + 3, pane.area.width(), SCALE - 3)
        if scale_width(pane.picture) <= room.width() + 6:
            paint_scale(painter, room, pane.picture.limit, signed=pane.picture.signed)
    _paint_marks(painter, pane, moment)


def scale_width(picture: BlockPicture) -> float:
    """What the scale of a picture takes."""
    digits = 0 if picture.limit == 1.0 else 2
    low = lettered_number(-picture.limit, digits) if picture.signed else "0"
    return small_width(low) + 8 + RAMP + small_width(lettered_number(picture.limit, digits))


def caption_height(pane_labels: tuple[str, ...], cell: float) -> float:
    """The room for labels above columns of that width."""
    extent, _ = label_extent(pane_labels, token_font(SMALL), cell)
    return min(extent, HIGHEST_LABELS) + 4


def overhang(labels: tuple[str, ...], cell: float) -> float:
    """How far the last label, if it is slanted, leans out over its column."""
    font = token_font(SMALL)
    if not labels or not label_extent(labels, font, cell)[1]:
        return 0.0
    wide = min(label_width(labels[-1:], font), HIGHEST_LABELS / math.sin(math.radians(SLANT)))
    return max(wide * math.cos(math.radians(SLANT)) + 6 - cell / 2, 0.0)


def bold_token_font() -> QFont:
    font = token_font(SMALL)
    font.setBold(True)
    return font


def paint_row_labels(
    painter: QPainter, area: QRectF, labels: tuple[str, ...], marked: int | None, right: float, left: float = 8.0
) -> tuple[int, ...]:
    """Labels before the rows, as many as fit, the marked one always; returns which."""
    pitch = area.height() / max(len(labels), 1)
    chosen = shown_lines(len(labels), pitch, marked)
    plain, bold = token_font(SMALL), bold_token_font()
    room = int(max(right - left, 8.0)) + 1
    painter.setFont(plain)
    painter.setPen(colour("text"))
    for row in chosen:
        if row != marked:
            _paint_label(painter, labels[row], QPointF(right, label_level(area, row, pitch)), room, bold=False)
    if marked is not None and marked in chosen:
        painter.setFont(bold)
        painter.setPen(colour("accent"))
        _paint_label(painter, labels[marked], QPointF(right, label_level(area, marked, pitch)), room, bold=True)
    return chosen


def label_level(area: QRectF, row: int, pitch: float) -> float:
    """The middle of a row's label; where rows are thin it keeps off what stands above and below the area."""
    middle = area.top() + (row + 0.5) * pitch
    return min(max(middle, area.top() + 5), area.bottom() - 4)


def _paint_label(painter: QPainter, label: str, at: QPointF, room: int, *, bold: bool) -> None:
    text, width, half = _fitted(label, room, bold)
    painter.drawText(QPointF(at.x() - width, at.y() + half), text)


@lru_cache(maxsize=4096)
def _fitted(label: str, room: int, bold: bool) -> tuple[str, float, float]:
    """A label cut to ``room``, its width, and half the height of its letters."""
    metrics = QFontMetricsF(bold_token_font() if bold else token_font(SMALL))
    text = metrics.elidedText(label, Qt.TextElideMode.ElideRight, room)
    return text, metrics.horizontalAdvance(text), metrics.capHeight() / 2


def shown_lines(count: int, pitch: float, marked: int | None, needed: float = PITCH) -> tuple[int, ...]:
    """The lines that get a label: every so manyth, and the marked one at the cost of its neighbours."""
    step = stride(pitch, needed)
    if marked is None or not 0 <= marked < count:
        return tuple(range(0, count, step))
    apart = needed / max(pitch, 1e-6)
    others = (line for line in range(0, count, step) if abs(line - marked) >= apart)
    return tuple(sorted({*others, marked}))


def _paint_column_labels(painter: QPainter, pane: Pane, labels: tuple[str, ...], marked: int | None) -> None:
    font = token_font(SMALL)
    cell = pane.area.width() / max(len(labels), 1)
    extent, slanted = label_extent(labels, font, cell)
    metrics = QFontMetricsF(font)
    room = 1e6 if not slanted or extent <= HIGHEST_LABELS else HIGHEST_LABELS / 0.766 - metrics.height() * 0.7
    painter.setFont(font)
    needed = metrics.height() * 1.1 if slanted else cell
    for column in shown_lines(len(labels), cell, marked, needed):
        painter.setPen(colour("accent" if column == marked else "text"))
        text = metrics.elidedText(labels[column], Qt.TextElideMode.ElideRight, room)
        paint_column_label(painter, pane.stack(column).center().x(), pane.area.top() - 3, text, slanted=slanted)


def _paint_caption(painter: QPainter, pane: Pane, moment: BlockMoment) -> None:
    above = 0.0
    if pane.headed and pane.columns is not None:
        labels = moment.labels(pane.columns)
        above = caption_height(labels, pane.area.width() / max(len(labels), 1))
    painter.setFont(ui_font(SMALL))
    painter.setPen(colour("muted"))
    room = QRectF(pane.area.left(), pane.area.top() - above - CAPTION, pane.area.width() + 8, CAPTION - 1)
    text = painter.fontMetrics().elidedText(pane.caption, Qt.TextElideMode.ElideRight, int(room.width()))
    painter.drawText(room, int(LEFT), text)


def _paint_parts(painter: QPainter, pane: Pane) -> None:
    """The frame around the chosen head's columns or rows."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for part, span in ((pane.band, pane.stack), (pane.shelf, pane.line)):
        if part is not None:
            frame = span(part.start).united(span(part.stop - 1))
            for ink, width in (("surface", 4.0), ("text", 1.6)):
                painter.setPen(QPen(colour(ink), width))
                painter.drawRect(frame)


def _paint_marks(painter: QPainter, pane: Pane, moment: BlockMoment) -> None:
    """Lines along the row and the column that are pointed at."""
    row = None if pane.rows is None else moment.marked(pane.rows)
    column = None if pane.columns is None else moment.marked(pane.columns)
    painter.setPen(QPen(colour("accent"), 1))
    if row is not None:
        band = _thick(pane.line(row))
        for y in (band.top(), band.bottom()):
            painter.drawLine(QPointF(pane.area.left(), y), QPointF(pane.area.right(), y))
    if column is not None:
        band = _thick(pane.stack(column))
        for x in (band.left(), band.right()):
            painter.drawLine(QPointF(x, pane.area.top()), QPointF(x, pane.area.bottom()))
    if row is not None and column is not None:
        cell = _thick(pane.line(row).intersected(pane.stack(column)))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for ink, width in (("surface", 4.0), ("accent", 2.0)):
            painter.setPen(QPen(colour(ink), width))
            painter.drawRect(cell)


def _thick(area: QRectF) -> QRectF:
    """An area that can be seen, whatever the size of a cell."""
    wide, tall = max(3.0 - area.width(), 0.0) / 2, max(3.0 - area.height(), 0.0) / 2
    return area.adjusted(-wide, -tall, wide, tall)
