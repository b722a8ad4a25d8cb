"""Strokes of the steps: the candidates of a cell, the frame of the one that was taken, the words that stand already."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from attnviz.trace import Candidate, Candidates, Filled
from attnviz.views.fill_runs import FillRun, Standing, nats
from attnviz.views.lettering import isolated, percent
from attnviz.views.palette import GRID, SMALL, colour, sequential_colour, token_font, ui_font
from attnviz.views.ruler import small_width

HEAD, FOOT, CANDIDATE = 3.0 * GRID, 1.0 * GRID, 17.0
GUTTER, TOTAL, NARROWEST = 6.0 * GRID, 15.0 * GRID, 9.0 * GRID
DIMMED = 0.45
CENTRE = Qt.AlignmentFlag.AlignCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class StepCell:
    """A mask at a step: its candidates where it was open, what was put there now, what stands there afterwards."""

    record: Candidates | None
    taken: Filled | None
    standing: Standing
    pointed: bool
    later: bool


def paint_head(painter: QPainter, masks: Sequence[int], column: float, width: float) -> None:
    """What the columns are, over whatever is scrolled below them."""
    painter.fillRect(QRectF(0, 0, width, HEAD), colour("surface"))
    painter.setFont(ui_font(SMALL))
    painter.setPen(colour("muted"))
    painter.drawText(QRectF(0, 0, GUTTER - GRID, HEAD), int(RIGHT), "step")
    end = GUTTER + len(masks) * column
    painter.drawText(QRectF(end, 0, TOTAL - GRID, HEAD), int(RIGHT), "ln p · sum so far")
    for number, position in enumerate(masks):
        area = QRectF(GUTTER + number * column, 0, column, HEAD)
        painter.drawText(area, CENTRE, f"position {position}" if column > 8 * GRID else str(position))


def paint_lines(painter: QPainter, run: FillRun, lines: Sequence[QRectF], width: float, here: int) -> None:
    """The numbers of the steps at the left, ln p so far at the right, and the lit line of the play head."""
    logs = [math.fsum(one.log_probability for one in step.taken) for step in run.steps]
    for step, line in enumerate(lines):
        row = QRectF(0, line.top(), width + TOTAL, line.height())
        if step == here:
            painter.fillRect(row, colour("accent", 0.10))
            painter.fillRect(QRectF(0, row.top(), 3, row.height()), colour("accent"))
        painter.setPen(QPen(colour("border"), 1))
        painter.drawLine(QLineF(row.left(), row.top() + 0.5, row.right(), row.top() + 0.5))
        painter.setOpacity(DIMMED if step > here else 1.0)
        painter.setFont(ui_font(SMALL, bold=step == here))
        painter.setPen(colour("text"))
        painter.drawText(QRectF(0, row.top(), GUTTER - GRID, row.height()), int(RIGHT), str(step + 1))
        painter.setFont(ui_font(SMALL))
        total = math.fsum(logs[: step + 1])
        text = f"{nats(logs[step])} · {nats(total)}"
        painter.drawText(QRectF(width, row.top(), TOTAL - GRID, row.height()), int(RIGHT), text)
        painter.setOpacity(1.0)


def paint_cell(painter: QPainter, area: QRectF, cell: StepCell, most: int) -> None:
    """Candidates where the mask is open, else the word that stands there."""
    inner = area.adjusted(3, 3, -3, -3)
    painter.setOpacity(DIMMED if cell.later else 1.0)
    if cell.pointed:
        painter.fillRect(area.adjusted(1, 1, -1, -1), colour("accent", 0.10))
    if cell.record is None:
        _paint_standing(painter, inner, cell.standing)
    else:
        for place, entry in enumerate(_listed(cell.record, cell.taken, most)):
            line = QRectF(inner.left(), inner.top() + 1 + place * CANDIDATE, inner.width(), CANDIDATE)
            _paint_candidate(painter, line, entry, taken=cell.taken is not None and entry.id == cell.taken.word.id)
    if cell.taken is not None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour("accent"), 2))
        painter.drawRoundedRect(inner, 4, 4)
    painter.setOpacity(1.0)


def _listed(record: Candidates, taken: Filled | None, most: int) -> tuple[Candidate, ...]:
    """The best ones, the one that was taken among them."""
    shown = record.entries[:most]
    if taken is not None and all(entry.id != taken.word.id for entry in shown):
        return (*shown[:-1], taken.word)
    return shown


def _paint_standing(painter: QPainter, inner: QRectF, standing: Standing) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour("raised", 0.6))
    painter.drawRoundedRect(inner, 4, 4)
    painter.setFont(token_font(SMALL))
    painter.setPen(colour("muted"))
    text = "" if standing.word is None else isolated(standing.word.label)
    painter.drawText(inner, CENTRE, _fitting(painter, text, inner.width() - 4))


def _paint_candidate(painter: QPainter, line: QRectF, entry: Candidate, *, taken: bool) -> None:
    """A word over a bar of its probability, the number at the right where there is room for both."""
    bar = QRectF(line.left() + 2, line.top() + 1, line.width() - 4, line.height() - 2)
    filled = QRectF(bar.left(), bar.top(), bar.width() * min(max(entry.probability, 0.0), 1.0), bar.height())
    pale = sequential_colour(0.6)
    pale.setAlphaF(0.35)
    painter.fillRect(filled, pale)
    font = token_font(SMALL)
    font.setBold(taken)
    painter.setFont(font)
    painter.setPen(colour("text"))
    text, value = isolated(entry.label), percent(entry.probability)
    room = bar.width() - small_width(value, bold=taken) - GRID
    wide = room >= 4 * GRID
    painter.drawText(bar.adjusted(3, 0, 0, 0), int(LEFT), _fitting(painter, text, room if wide else bar.width() - 4))
    if wide:
        painter.setFont(ui_font(SMALL, bold=taken))
        painter.drawText(bar.adjusted(0, 0, -4, 0), int(RIGHT), value)


def _fitting(painter: QPainter, text: str, width: float) -> str:
    return QFontMetricsF(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, width)
