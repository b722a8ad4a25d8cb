"""Strokes of a timeline: a chip a step, the bar and number under it, its marks, the play head and the ruler."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen, QPolygonF

from attnviz.trace import Choice
from attnviz.views.lanes import BAR, BETWEEN, CHIP, RULER, VALUE, Columns, Lane, loss_text, share_text
from attnviz.views.palette import BASE, SMALL, colour, diverging, sequential_colour, token_font, ui_font

CENTRE = Qt.AlignmentFlag.AlignCenter
DIMMED = 0.5
CORNER = 7.0


@dataclass(frozen=True, slots=True)
class Marks:
    """What a timeline marks: the play head, the pointed step, and the steps at which lanes differ."""

    step: int
    pointed: int | None
    pinned: bool
    differing: frozenset[int]


def paint_lane(
    painter: QPainter, lane: Lane, there: Columns, seen: range, marks: Marks, top: float, most: float | None
) -> None:
    """One lane; ``most`` is the loss that fills a bar, None draws probabilities."""
    steps = range(seen.start, min(seen.stop, len(lane)))
    if not steps:
        return
    middle = top + CHIP / 2
    painter.setPen(QPen(colour("border"), 1))
    painter.drawLines(
        [QLineF(there.edges[step] - BETWEEN, middle, there.edges[step], middle) for step in steps if step]
    )
    for reached, part in ((True, [s for s in steps if s <= marks.step]), (False, [s for s in steps if s > marks.step])):
        painter.setOpacity(1.0 if reached else DIMMED)
        _paint_boxes(painter, there, part, marks, top)
        _paint_words(painter, lane, there, part, top)
        _paint_values(painter, lane, there, part, top + CHIP + 3, most)
    painter.setOpacity(1.0)


def _paint_boxes(painter: QPainter, there: Columns, steps: Iterable[int], marks: Marks, top: float) -> None:
    plain, odd = QPen(colour("border"), 1), QPen(colour("warning"), 1.5)
    fill, paper, tint = colour("raised"), colour("surface"), colour("warning", 0.16)
    for step in steps:
        box = there.area(step, top, CHIP).adjusted(0.5, 0.5, -0.5, -0.5)
        differs = step in marks.differing
        if differs:  # the tint is glass: no line may shine through
            painter.fillRect(box.adjusted(1, 1, -1, -1), paper)
        painter.setPen(odd if differs else plain)
        painter.setBrush(tint if differs else fill)
        painter.drawRoundedRect(box, 4, 4)


def _paint_words(painter: QPainter, lane: Lane, there: Columns, steps: Iterable[int], top: float) -> None:
    painter.setFont(token_font(BASE))
    metrics = QFontMetricsF(painter.font())
    ink = colour("text")
    for step in steps:
        box = there.area(step, top, CHIP)
        painter.setPen(ink)
        painter.drawText(box, CENTRE, metrics.elidedText(lane.labels[step], Qt.TextElideMode.ElideRight, box.width()))
        if step in lane.changed:
            painter.setPen(QPen(ink, 2))
            painter.drawLine(QLineF(box.left() + 6, box.bottom() - 3.5, box.right() - 6, box.bottom() - 3.5))
        if lane.choices[step] is Choice.FORCED:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(ink)
            corner = box.topLeft() + QPointF(1, 1)
            painter.drawPolygon(QPolygonF([corner, corner + QPointF(CORNER, 0), corner + QPointF(0, CORNER)]))


def _paint_values(
    painter: QPainter, lane: Lane, there: Columns, steps: Iterable[int], top: float, most: float | None
) -> None:
    """Bars from 0 to 1 (or from 0 to the largest loss), and the numbers under them."""
    painter.setFont(ui_font(SMALL))
    track, ink = colour("border", 0.6), colour("muted")
    fill = sequential_colour(0.6) if most is None else QColor(*(int(part) for part in diverging()[224]))
    for step in steps:
        value = lane.probabilities[step] if most is None else lane.losses[step] / most
        bar = there.area(step, top, BAR)
        painter.fillRect(bar, track)
        if math.isfinite(value):
            painter.fillRect(QRectF(bar.left(), bar.top(), bar.width() * min(max(value, 0.0), 1.0), BAR), fill)
        painter.setPen(ink)
        text = share_text(lane.probabilities[step]) if most is None else loss_text(lane.losses[step])
        painter.drawText(QRectF(bar.left(), bar.bottom() + 1, bar.width(), VALUE), CENTRE, text)


def paint_pointed(painter: QPainter, there: Columns, marks: Marks, bottom: float) -> None:
    """A pale band behind the pointed step, framed when it is pinned."""
    if marks.pointed is None or not 0 <= marks.pointed < len(there):
        return
    painter.setPen(QPen(colour("accent"), 1, Qt.PenStyle.DashLine) if marks.pinned else Qt.PenStyle.NoPen)
    painter.setBrush(colour("accent", 0.14))
    painter.drawRoundedRect(there.area(marks.pointed, 1, bottom - 2).adjusted(-3, 0, 3, 0), 5, 5)


def paint_ruler(painter: QPainter, there: Columns, seen: range, marks: Marks, bottom: float) -> None:
    """Step numbers, and the play head: a tab with its number and a frame around its column."""
    painter.setFont(ui_font(SMALL))
    for step in seen:
        if step != marks.step:
            painter.setPen(colour("muted", 1.0 if step < marks.step else 0.6))
            painter.drawText(there.area(step, 2, RULER - 6), CENTRE, str(step + 1))
    if marks.step not in seen:
        return
    column = there.area(marks.step, 0, bottom).adjusted(-3, 1, 3, -1)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour("accent"), 2))
    painter.drawRoundedRect(column, 5, 5)
    tab = QRectF(column.left(), column.top(), column.width(), RULER - 6)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour("accent"))
    painter.drawRoundedRect(tab, 5, 5)
    painter.setPen(colour("on_accent"))
    painter.setFont(ui_font(SMALL, bold=True))
    painter.drawText(tab, CENTRE, str(marks.step + 1))


def paint_gutter(painter: QPainter, lane: tuple[str, str], top: float, width: float) -> None:
    """A lane's name, and what the bars and numbers under its chips measure."""
    right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
    painter.setFont(ui_font(SMALL, bold=True))
    painter.setPen(colour("text"))
    name = QFontMetricsF(painter.font()).elidedText(lane[0], Qt.TextElideMode.ElideMiddle, width)
    painter.drawText(QRectF(0, top, width, CHIP), int(right), name)
    painter.setFont(ui_font(SMALL))
    painter.setPen(colour("muted"))
    painter.drawText(QRectF(0, top + CHIP + 3 + BAR, width, VALUE + 1), int(right), lane[1])
