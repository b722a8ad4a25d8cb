"""Strokes of the three ways: a chip a mask with the number of its step, quiet words between, names and sums at the sides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from attnviz.trace import Tokens
from attnviz.views.fill_runs import NAMES, WAYS, FillRun, Standing, State, Stretch, nats, share
from attnviz.views.lettering import isolated, percent
from attnviz.views.palette import BASE, GRID, SMALL, colour, sequential_colour, token_font, ui_font

RULER, ROW, CHIP, BAR, BETWEEN = 32.0, 56.0, 26.0, 4.0, 6.0
GUTTER, SUM, TOP, BADGE = 13.0 * GRID, 12.0 * GRID, 4.0, 15.0
CENTRE = Qt.AlignmentFlag.AlignCenter
LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
MEASURES = {
    "its own steps": "The sum of ln p over the steps of this way, and the probability that makes.\nJointly this takes the masks for independent, which they are not:\nit can't be compared with the others.",
    "left to right": "The same measure for all ways: ln p of the words when they are uncovered from left to right,\neach predicted with those before it, and the probability that makes. Higher is better.",
    "each alone": "The same measure for all ways: the pseudo-log-likelihood of the words,\neach masked alone with all others in sight. Higher is better.",
}


@dataclass(frozen=True, slots=True)
class Sheet:
    """How a row is looked at: whether it is chosen, where the play head stands, and the token pointed at."""

    chosen: bool
    step: int
    pointed: int | None


def paint_ruler(painter: QPainter, tokens: Tokens, column: Stretch, area: QRectF, pointed: int | None) -> None:
    """The position above a column, of masks in the ink of text."""
    if column.skips:
        return
    mask = column.first in tokens.masks
    painter.setFont(ui_font(SMALL, bold=mask))
    painter.setPen(colour("accent" if column.first == pointed else "text" if mask else "muted"))
    painter.drawText(
        QRectF(area.left() - GRID, 0, area.width() + 2 * GRID, RULER - 2), int(_low_centre()), str(column.first)
    )


def _low_centre() -> Qt.AlignmentFlag:
    return Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom


def paint_row(
    painter: QPainter, tokens: Tokens, column: Stretch, area: QRectF, run: FillRun | None, sheet: Sheet
) -> None:
    """A way's word in one column, with its probability under it; a quiet word where there is no mask."""
    box = area.translated(0, TOP)
    if column.skips or column.first not in tokens.masks:
        painter.setFont(ui_font(SMALL) if column.skips else token_font(BASE))
        painter.setPen(colour("muted"))
        text = f"⋯ {column.last - column.first}" if column.skips else isolated(tokens.labels[column.first])
        painter.drawText(box, CENTRE, _fitting(painter, text, box.width()))
        return
    if run is None:
        _paint_open(painter, box, Standing(State.OPEN, None))
        return
    standing = run.standing(column.first, sheet.step)
    if standing.state is State.OPEN:
        _paint_open(painter, box, standing)
    else:
        _paint_filled(painter, box, standing, pointed=column.first == sheet.pointed)
        _paint_badge(painter, box, run.when[column.first] + 1, now=standing.state is State.NOW)
    if standing.word is not None:
        _paint_share(painter, box, standing)


def _paint_open(painter: QPainter, box: QRectF, standing: Standing) -> None:
    """A dashed outline, and in it what the next forward would rather put there."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(colour("muted"), 1, Qt.PenStyle.DashLine))
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
    font = token_font(BASE)
    font.setItalic(True)
    painter.setFont(font)
    painter.setPen(colour("muted"))
    text = "…" if standing.word is None else isolated(standing.word.label)
    painter.drawText(box, CENTRE, _fitting(painter, text, box.width() - 4))


def _paint_filled(painter: QPainter, box: QRectF, standing: Standing, *, pointed: bool) -> None:
    now = standing.state is State.NOW
    painter.setPen(QPen(colour("accent"), 2) if now or pointed else QPen(colour("border"), 1))
    painter.setBrush(colour("raised"))
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 5, 5)
    painter.setFont(token_font(BASE))
    painter.setPen(colour("text"))
    text = "" if standing.word is None else isolated(standing.word.label)
    painter.drawText(box, CENTRE, _fitting(painter, text, box.width() - 4))


def _paint_badge(painter: QPainter, box: QRectF, number: int, *, now: bool) -> None:
    """The number of the step in a disc on the chip's upper left corner."""
    font = ui_font(SMALL - 2, bold=True)
    width = max(BADGE, QFontMetricsF(font).horizontalAdvance(str(number)) + 6)
    disc = QRectF(box.left() - BADGE / 3, box.top() - BADGE / 3, width, BADGE)
    painter.setPen(QPen(colour("surface"), 1.5))
    painter.setBrush(colour("accent" if now else "muted"))
    painter.drawRoundedRect(disc, BADGE / 2, BADGE / 2)
    painter.setFont(font)
    painter.setPen(colour("on_accent"))
    painter.drawText(disc, CENTRE, str(number))


def _paint_share(painter: QPainter, box: QRectF, standing: Standing) -> None:
    """A bar from 0 to 1 as wide as the chip, and the number under it; pale where the mask is open."""
    if standing.word is None:
        return
    is_open = standing.state is State.OPEN
    track = QRectF(box.left(), box.bottom() + 3, box.width(), BAR)
    painter.fillRect(track, colour("border", 0.5))
    filled = QRectF(track.left(), track.top(), track.width() * min(max(standing.word.probability, 0.0), 1.0), BAR)
    painter.fillRect(filled, colour("muted", 0.6) if is_open else sequential_colour(0.6))
    painter.setFont(ui_font(SMALL))
    painter.setPen(colour("muted" if is_open else "text"))
    below = QRectF(box.left() - BETWEEN / 2, track.bottom() + 1, box.width() + BETWEEN, 14)
    painter.drawText(below, CENTRE, percent(standing.word.probability))


def paint_gutter(painter: QPainter, area: QRectF, runs: Sequence[FillRun | None], chosen: int) -> None:
    """The names of the ways, and how many forwards each took."""
    painter.fillRect(area, colour("surface"))
    _paint_band(painter, area, chosen)
    painter.fillRect(QRectF(area.left(), RULER + chosen * ROW, 3, ROW), colour("accent"))
    for way, run in enumerate(runs):
        line = QRectF(area.left() + GRID + 3, RULER + way * ROW + TOP, area.width() - GRID - 3, CHIP)
        painter.setFont(ui_font(BASE, bold=way == chosen))
        painter.setPen(colour("text"))
        painter.drawText(line, int(LEFT), NAMES[WAYS[way]])
        count = 0 if run is None else len(run.steps)
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("muted"))
        text = "" if not count else "1 forward" if count == 1 else f"{count} forwards"
        painter.drawText(QRectF(line.left(), line.bottom(), line.width(), 18), int(LEFT), text)


def paint_sums(painter: QPainter, area: QRectF, sums: Sequence[tuple[float | None, ...] | None], chosen: int) -> None:
    """Three columns of logarithms, each way's beside its row; of the two that compare, the highest is bold."""
    painter.fillRect(area, colour("surface"))
    _paint_band(painter, area, chosen)
    painter.setPen(QPen(colour("border"), 1))
    painter.drawLine(area.topLeft() + QPointF(0.5, 4), QPointF(area.left() + 0.5, RULER + len(WAYS) * ROW - 4))
    for place, name in enumerate(MEASURES):
        column = QRectF(area.left() + place * SUM, 0, SUM - GRID, RULER)
        painter.setFont(ui_font(SMALL, bold=True))
        painter.setPen(colour("text"))
        painter.drawText(column.adjusted(0, 2, 0, -RULER / 2), int(RIGHT), name)
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("muted"))
        painter.drawText(column.adjusted(0, RULER / 2, 0, -2), int(RIGHT), "Σ ln p, nats")
        known = [value for each in sums if each is not None and (value := each[place]) is not None]
        for way, each in enumerate(sums):
            value = None if each is None else each[place]
            best = place > 0 and value is not None and len(set(known)) > 1 and value == max(known)
            _paint_sum(painter, column.translated(0, RULER + way * ROW + TOP), value, best=best, likely=place < 2)


def _paint_sum(painter: QPainter, column: QRectF, value: float | None, *, best: bool, likely: bool) -> None:
    """The sum, and under it the probability where it is one."""
    painter.setFont(ui_font(BASE, bold=best))
    painter.setPen(colour("text"))
    painter.drawText(QRectF(column.left(), column.top(), column.width(), CHIP), int(RIGHT), nats(value))
    if value is not None and likely:
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("muted"))
        painter.drawText(
            QRectF(column.left(), column.top() + CHIP, column.width(), 18), int(RIGHT), f"p = {share(value)}"
        )


def _paint_band(painter: QPainter, area: QRectF, chosen: int) -> None:
    painter.fillRect(QRectF(area.left(), RULER + chosen * ROW, area.width(), ROW), colour("accent", 0.08))


def _fitting(painter: QPainter, text: str, width: float) -> str:
    return QFontMetricsF(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, width)
