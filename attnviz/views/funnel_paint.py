"""Strokes of the funnel: lines that meet in one vector, the vector's cells, chips, and what stands above and below."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPainterPath, QPen

from attnviz.export.cells import paint_cells
from attnviz.export.colours import Codes
from attnviz.views.funnel import EDGE, FOOTER, HEADER, Funnel, Slot
from attnviz.views.lettering import isolated
from attnviz.views.palette import BASE, SMALL, colour, diverging, token_font, ui_font

BAR, BAR_WIDTH = 8.0, 96.0
CENTRE = Qt.AlignmentFlag.AlignCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def paint_lines(painter: QPainter, laid: Funnel, token: int | None, word: int | None) -> None:
    """A line for each chip; that of the pointed token and word in the accent colour, over the others."""
    strokes = [(slot, QPointF(slot.area.right(), slot.area.center().y()), laid.entrance) for slot in laid.source]
    strokes += [(slot, laid.exit, QPointF(slot.area.left(), slot.area.center().y())) for slot in laid.output]
    marked = [token] * len(laid.source) + [word] * len(laid.output)
    order = sorted(zip(strokes, marked, strict=True), key=lambda each: each[0][0].index == each[1])
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for (slot, start, end), mark in order:
        is_marked = slot.index is not None and slot.index == mark
        pen = QPen(colour("accent"), 2) if is_marked else QPen(colour("muted", 0.5), 1)
        if slot.index is None:
            pen.setStyle(Qt.PenStyle.DotLine)
        painter.setPen(pen)
        painter.drawPath(_bend(start, end))


def _bend(start: QPointF, end: QPointF) -> QPainterPath:
    path = QPainterPath(start)
    middle = (start.x() + end.x()) / 2
    path.cubicTo(QPointF(middle, start.y()), QPointF(middle, end.y()), end)
    return path


def paint_vector(painter: QPainter, laid: Funnel, codes: Codes, pointed: int | None) -> None:
    """The cells by the diverging map, blue below zero."""
    painter.fillRect(laid.vector, colour("surface"))
    for fold in range(laid.folds):
        part = codes[fold * laid.rows : (fold + 1) * laid.rows]
        if len(part):
            area = laid.cell(fold * laid.rows).united(laid.cell(fold * laid.rows + len(part) - 1))
            paint_cells(painter, area, np.ascontiguousarray(part[:, None]), diverging())
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour("muted"), 1))
    painter.drawRect(laid.vector)
    if pointed is not None:
        cell = laid.cell(pointed).adjusted(-1, -1, 1, 1)
        for name, width in (("surface", 4.0), ("accent", 2.0)):
            painter.setPen(QPen(colour(name), width))
            painter.drawRect(cell)


def paint_chips(
    painter: QPainter, slots: Sequence[Slot], labels: Sequence[str], marked: int | None, *, pinned: bool
) -> None:
    """Chips with their words; the dots of a place that stands for many say how many."""
    for slot in slots:
        if slot.index is None:
            painter.setFont(ui_font(SMALL))
            painter.setPen(colour("muted"))
            painter.drawText(slot.area, CENTRE, f"⋯ {slot.count:,} more")
            continue
        is_marked = slot.index == marked
        painter.setPen(QPen(colour("accent"), 2) if is_marked else QPen(colour("border"), 1))
        painter.setBrush(colour("accent", 0.22 if pinned else 0.12) if is_marked else colour("raised"))
        painter.drawRoundedRect(slot.area.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.setFont(token_font(BASE))
        painter.setPen(colour("text"))
        metrics = QFontMetricsF(painter.font())
        room = slot.area.width() - 6
        painter.drawText(
            slot.area, CENTRE, metrics.elidedText(isolated(labels[slot.index]), Qt.TextElideMode.ElideRight, room)
        )


def paint_titles(painter: QPainter, room: QRectF, titles: tuple[str, str, str]) -> None:
    """Over the three columns what they are; the middle gives way where it is narrow."""
    painter.setFont(ui_font(SMALL))
    painter.setPen(colour("muted"))
    metrics = QFontMetricsF(painter.font())
    header = QRectF(room.left() + EDGE, room.top(), room.width() - 2 * EDGE, HEADER)
    left, middle, right = (metrics.horizontalAdvance(title) for title in titles)
    sides = (Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight)
    for title, side in zip(titles, sides, strict=True):
        if side == Qt.AlignmentFlag.AlignHCenter:
            if max(left, right) + middle / 2 + EDGE < header.width() / 2:
                painter.drawText(header, int(side | Qt.AlignmentFlag.AlignVCenter), title)
            continue
        most = header.width() if left + right + EDGE < header.width() else header.width() / 2 - EDGE
        shown = metrics.elidedText(title, Qt.TextElideMode.ElideRight, most)
        painter.drawText(header, int(side | Qt.AlignmentFlag.AlignVCenter), shown)


def paint_footer(painter: QPainter, room: QRectF, high: float, lines: tuple[str, str]) -> None:
    """The colour bar with its numbers, how wide the vector is, and what it means."""
    middle, top = room.center().x(), room.bottom() - FOOTER + 8
    bar = QRectF(middle - BAR_WIDTH / 2, top, BAR_WIDTH, BAR)
    paint_cells(painter, bar, np.arange(256, dtype=np.uint8)[None], diverging())
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour("border"), 1))
    painter.drawRect(bar)
    painter.setFont(ui_font(SMALL))
    painter.setPen(colour("muted"))
    beside = bar.adjusted(-BAR_WIDTH - 4, -5, BAR_WIDTH + 4, 5)
    number = f"{high:.2g}"
    painter.drawText(QRectF(beside.left(), beside.top(), BAR_WIDTH, beside.height()), _RIGHT, f"−{number}")
    painter.drawText(QRectF(bar.right() + 4, beside.top(), BAR_WIDTH, beside.height()), _LEFT, number)
    for line, size, name, y in ((lines[0], BASE, "text", top + 11), (lines[1], SMALL, "muted", top + 28)):
        painter.setFont(ui_font(size))
        painter.setPen(colour(name))
        area = QRectF(room.left() + EDGE, y, room.width() - 2 * EDGE, 18)
        shown = QFontMetricsF(painter.font()).elidedText(line, Qt.TextElideMode.ElideRight, area.width())
        painter.drawText(area, CENTRE, shown)
