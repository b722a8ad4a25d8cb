"""Strokes of a map: cells, holes, labels on two axes, colour bar, caption, crosshair and the value near the mouse."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFontMetricsF, QPainter, QPen

from attnviz.export.cells import (
    Ink,
    bar_width,
    indexed_image,
    is_vector,
    label_extent,
    label_width,
    paint_bar,
    paint_cells,
    paint_column_label,
    paint_row_label,
    pooled,
    stride,
)
from attnviz.export.colours import Codes
from attnviz.export.ticks import Ticks
from attnviz.views.image import Drawable, holes
from attnviz.views.map_frame import Frame, Place, Window, fitted
from attnviz.views.palette import GRID, SMALL, colour, token_font, ui_font

MOST_HATCHED = 2000
_WIDEST_LABEL = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """All that is needed to paint a map. ``rows`` and ``columns`` say which position each line of cells stands for."""

    values: Drawable
    codes: Codes
    table: Codes
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    row_labels: tuple[str, ...]
    column_labels: tuple[str, ...]
    row_title: str
    column_title: str
    ticks: Ticks
    caption: str = ""
    square: bool = True
    widest: float = 1.0
    signed: bool = False
    slants: bool = True

    @property
    def shape(self) -> Place:
        return int(self.codes.shape[0]), int(self.codes.shape[1])


def screen_ink() -> Ink:
    return Ink(colour("text"), colour("muted"), colour("border"), token_font(SMALL), ui_font(SMALL))


def frame_of(picture: Picture, window: Window, room: QRectF) -> Frame:
    """Lay out a map in the widget's ``room``: labels left and on top, the bar at the right, the caption below."""
    ink = screen_ink()
    titles = QFontMetricsF(ink.small)
    widest = label_width(picture.row_labels, ink.labels)
    left = max(min(widest, room.width() * _WIDEST_LABEL), titles.horizontalAdvance(picture.row_title)) + 2.5 * GRID
    right = bar_width(picture.ticks, ink) + 3 * GRID
    below = (titles.height() + GRID if picture.caption else 0.0) + GRID
    wide = max(room.width() - left - right, GRID)
    guess = (
        min(wide / picture.shape[1], max(room.height() * 0.8 / picture.shape[0], GRID) * picture.widest)
        if picture.square
        else wide / picture.shape[1]
    )
    extent, slanted = label_extent(picture.column_labels, ink.labels, guess if picture.slants else math.inf)
    top = min(extent, room.height() * _WIDEST_LABEL) + titles.height() + 1.5 * GRID
    inner = QRectF(room.left() + left, room.top() + top, wide, max(room.height() - top - below, GRID))
    area = fitted(inner, picture.shape, square=picture.square, widest=picture.widest)
    spare = (inner.width() - area.width()) / 2
    return Frame(area.translated(spare, 0.0), window, slanted)


def paint_map(
    painter: QPainter, picture: Picture, frame: Frame, marked: tuple[int | None, int | None], room: QRectF
) -> None:
    """The map without its crosshair; ``marked`` row and column have their labels set off."""
    paint_seen(painter, picture, frame)
    paint_border(painter, frame)
    paint_lettering(painter, picture, frame, marked, room)
    paint_bar(painter, bar_area(frame), picture.table, picture.ticks, screen_ink())


def bar_area(frame: Frame) -> QRectF:
    """Where the colour bar stands; its numbers and its unit are right of it."""
    return QRectF(frame.area.right() + 2 * GRID, frame.area.top(), 12, min(max(frame.area.height(), 60.0), 240.0))


def paint_border(painter: QPainter, frame: Frame) -> None:
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour("border"), 1))
    painter.drawRect(frame.area)


def paint_lettering(
    painter: QPainter, picture: Picture, frame: Frame, marked: tuple[int | None, int | None], room: QRectF
) -> None:
    """The labels of both axes, their titles and the caption."""
    ink = screen_ink()
    _paint_row_labels(painter, picture, frame, ink, marked[0])
    _paint_column_labels(painter, picture, frame, ink, marked[1])
    _paint_titles(painter, picture, frame, ink)
    if picture.caption:
        painter.setPen(ink.muted)
        painter.setFont(ink.small)
        metrics = QFontMetricsF(ink.small)
        width = room.right() - GRID - frame.area.left()
        line = metrics.elidedText(picture.caption, Qt.TextElideMode.ElideRight, width)
        painter.drawText(QPointF(frame.area.left(), frame.area.bottom() + GRID + metrics.ascent()), line)


def paint_seen(painter: QPainter, picture: Picture, frame: Frame) -> None:
    """The cells that are seen, and hatching where there is no number."""
    painter.save()
    painter.setClipRect(frame.area, Qt.ClipOperation.IntersectClip)
    _paint_cells(painter, picture, frame)
    painter.restore()


def _paint_cells(painter: QPainter, picture: Picture, frame: Frame) -> None:
    rows, columns = frame.seen_rows(), frame.seen_columns()
    codes = picture.codes[rows.start : rows.stop, columns.start : columns.stop]
    first, last = frame.cell_area(rows.start, columns.start), frame.cell_area(rows.stop - 1, columns.stop - 1)
    area = first.united(last)
    missing = holes(picture.values)
    if not is_vector(painter):
        ratio = painter.device().devicePixelRatio()
        codes = pooled(codes, int(area.height() * ratio), int(area.width() * ratio), signed=picture.signed)
    paint_cells(painter, area, codes, picture.table)
    if missing is not None:
        seen = missing[rows.start : rows.stop, columns.start : columns.stop]
        _paint_holes(painter, frame, seen, area, (rows.start, columns.start))


def _paint_holes(painter: QPainter, frame: Frame, seen: NDArray[np.bool_], area: QRectF, start: Place) -> None:
    """Cells without a finite number are hatched; too many to hatch are veiled."""
    veil = np.zeros((256, 4), np.uint8)
    plain = colour("raised")
    veil[1] = plain.red(), plain.green(), plain.blue(), 255
    painter.drawImage(area, indexed_image(seen.astype(np.uint8), veil))
    if int(seen.sum()) <= MOST_HATCHED:
        brush = QBrush(colour("muted", 0.7), Qt.BrushStyle.BDiagPattern)
        for row, column in zip(*np.nonzero(seen), strict=True):
            painter.fillRect(frame.cell_area(start[0] + int(row), start[1] + int(column)), brush)


def _paint_row_labels(painter: QPainter, picture: Picture, frame: Frame, ink: Ink, marked: int | None) -> None:
    painter.setFont(ink.labels)
    metrics = QFontMetricsF(ink.labels)
    needed = metrics.height() * 0.95
    step = stride(frame.cell.height(), needed)
    right = frame.area.left() - GRID / 2 - 2
    for row in _labelled(frame.seen_rows(), step, marked, needed / frame.cell.height()):
        middle = frame.cell_area(row, 0).center().y()
        if not frame.area.top() <= middle <= frame.area.bottom():
            continue
        painter.setPen(colour("accent") if row == marked else ink.text)
        room = max(right - 2.0, GRID)
        paint_row_label(
            painter, right, middle, metrics.elidedText(picture.row_labels[row], Qt.TextElideMode.ElideRight, room)
        )


def _paint_column_labels(painter: QPainter, picture: Picture, frame: Frame, ink: Ink, marked: int | None) -> None:
    painter.setFont(ink.labels)
    metrics = QFontMetricsF(ink.labels)
    widest = label_width(picture.column_labels, ink.labels)
    needed = metrics.height() * 1.1 if frame.slanted else widest + GRID
    step = stride(frame.cell.width(), needed)
    bottom = frame.area.top() - GRID / 2
    longest = (bottom - metrics.height() - GRID) / math.sin(math.radians(50.0)) if frame.slanted else 1e6
    for column in _labelled(frame.seen_columns(), step, marked, needed / frame.cell.width()):
        middle = frame.cell_area(0, column).center().x()
        if not frame.area.left() <= middle <= frame.area.right():
            continue
        painter.setPen(colour("accent") if column == marked else ink.text)
        label = metrics.elidedText(picture.column_labels[column], Qt.TextElideMode.ElideRight, longest)
        paint_column_label(painter, middle, bottom, label, slanted=frame.slanted)


def _labelled(seen: range, step: int, marked: int | None, apart: float) -> list[int]:
    """The lines that get a label: every ``step``-th, and the marked one at the cost of those nearer than ``apart``."""
    chosen = [line for line in seen if line % step == 0 and (marked is None or abs(line - marked) >= apart)]
    return chosen if marked is None or marked not in seen else [*chosen, marked]


def _paint_titles(painter: QPainter, picture: Picture, frame: Frame, ink: Ink) -> None:
    painter.setFont(ink.small)
    painter.setPen(ink.muted)
    metrics = QFontMetricsF(ink.small)
    corner = QPointF(
        frame.area.left() - 1.5 * GRID - metrics.horizontalAdvance(picture.row_title), frame.area.top() - GRID - 2
    )
    painter.drawText(corner, picture.row_title)
    painter.drawText(QPointF(frame.area.left(), metrics.ascent() + GRID / 2), picture.column_title)


def paint_crosshair(painter: QPainter, frame: Frame, marked: tuple[int | None, int | None], *, pinned: bool) -> None:
    """Lines along the marked row and column and a frame around the cell where they meet."""
    row, column = marked
    painter.save()
    painter.setClipRect(frame.area.adjusted(-3, -3, 3, 3), Qt.ClipOperation.IntersectClip)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour("accent", 0.85 if pinned else 0.6), 1.0))
    if row is not None:
        band = frame.cell_area(row, 0)
        painter.drawRect(QRectF(frame.area.left(), band.top(), frame.area.width(), band.height()))
    if column is not None:
        band = frame.cell_area(0, column)
        painter.drawRect(QRectF(band.left(), frame.area.top(), band.width(), frame.area.height()))
    if row is not None and column is not None:
        cell = frame.cell_area(row, column)
        grown = max(0.0, 3.0 - cell.width() / 2, 3.0 - cell.height() / 2)
        cell.adjust(-grown, -grown, grown, grown)
        for name, width in (("surface", 5.0 if pinned else 4.0), ("accent", 3.0 if pinned else 2.0)):
            painter.setPen(QPen(colour(name), width))
            painter.drawRect(cell)
    painter.restore()


def paint_ring(painter: QPainter, room: QRectF) -> None:
    """The sign that a large view has the keyboard: an accent line around it."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour("accent", 0.8), 1.5))
    painter.drawRoundedRect(room.adjusted(1, 1, -1, -1), 5, 5)


def paint_readout(painter: QPainter, near: QPointF, text: str, room: QRectF) -> None:
    """A small plate with the lines of ``text`` beside a point, kept inside ``room``."""
    painter.setFont(ui_font(SMALL))
    metrics, lines = QFontMetricsF(painter.font()), text.split("\n")
    width = max(map(metrics.horizontalAdvance, lines)) + 2 * GRID
    height = metrics.lineSpacing() * (len(lines) - 1) + metrics.height() + GRID
    plate = QRectF(near.x() + 14, near.y() + 16, width, height)
    if plate.right() > room.right() - 2:
        plate.moveLeft(max(room.left() + 2, min(near.x() - 14, room.right() - 2) - width))
    if plate.bottom() > room.bottom() - 2:
        plate.moveTop(near.y() - 12 - height)
    painter.setPen(QPen(colour("border"), 1))
    painter.setBrush(QColor(colour("raised")))
    painter.drawRoundedRect(plate, 4, 4)
    painter.setPen(colour("text"))
    side = Qt.AlignmentFlag.AlignHCenter if len(lines) == 1 else Qt.AlignmentFlag.AlignLeft
    inside = plate.adjusted(GRID, 0, -GRID, 0) if len(lines) > 1 else plate
    painter.drawText(inside, int(side | Qt.AlignmentFlag.AlignVCenter), text)
