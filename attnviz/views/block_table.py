"""A few numbers in painted columns: a heading, a line per thing, the chosen line set off."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPen

from attnviz.views.block_pane import bold_token_font
from attnviz.views.palette import SMALL, colour, token_font, ui_font

HEAD, PITCH = 18.0, 16.0
_LEFT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft)
_RIGHT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)


@dataclass(frozen=True, slots=True)
class Lines:
    """``rows`` of texts under ``titles`` in ``area``; the first column stands at the left, the others at the right.

    ``names`` says which thing each line is about, ``total`` is a last line under a rule.
    """

    area: QRectF
    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    names: tuple[int, ...]
    total: tuple[str, ...] = ()
    first: float = 0.3
    pieces: bool = True

    def line(self, place: int) -> QRectF:
        return QRectF(self.area.left(), self.area.top() + HEAD + place * PITCH, self.area.width(), PITCH)

    def at(self, point: QPointF) -> int | None:
        """What the line under a point is about."""
        return next((name for place, name in enumerate(self.names) if self.line(place).contains(point)), None)

    def cells(self, line: QRectF) -> tuple[QRectF, ...]:
        first = line.width() * self.first
        rest = (line.width() - first) / max(len(self.titles) - 1, 1)
        others = (
            QRectF(line.left() + first + rest * place, line.top(), rest, line.height())
            for place in range(len(self.titles) - 1)
        )
        return (QRectF(line.left(), line.top(), first - 4, line.height()), *others)


def fitting(area: QRectF, extra: int = 0) -> int:
    """How many lines fit, ``extra`` of them for something else."""
    return max(int((area.height() - HEAD) / PITCH) - extra, 1)


def paint_lines(painter: QPainter, lines: Lines, marked: int | None = None) -> None:
    head = QRectF(lines.area.left(), lines.area.top(), lines.area.width(), HEAD)
    _paint_row(painter, lines, head, lines.titles, (ui_font(SMALL), "muted"))
    rule = head.bottom() - 1.5
    painter.setPen(QPen(colour("border"), 1))
    painter.drawLine(QPointF(head.left(), rule), QPointF(head.right(), rule))
    for place, texts in enumerate(lines.rows):
        line, own = lines.line(place), lines.names[place] == marked
        if own:
            painter.fillRect(line, colour("accent", 0.16))
        plain = token_font(SMALL) if lines.pieces else ui_font(SMALL)
        _paint_row(painter, lines, line, texts, (bold_token_font() if own else plain, "accent" if own else "text"))
    if lines.total:
        line = lines.line(len(lines.rows)).translated(0, 2)
        painter.setPen(QPen(colour("border"), 1))
        painter.drawLine(line.topLeft(), line.topRight())
        _paint_row(painter, lines, line, lines.total, (ui_font(SMALL, bold=True), "text"))


def _paint_row(painter: QPainter, lines: Lines, line: QRectF, texts: tuple[str, ...], style: tuple[QFont, str]) -> None:
    font, ink = style
    for place, (area, text) in enumerate(zip(lines.cells(line), texts, strict=True)):
        painter.setFont(font if place == 0 else ui_font(SMALL, bold=font.bold()))
        painter.setPen(colour(ink))
        metrics = QFontMetricsF(painter.font())
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideRight, area.width() + 1)
        painter.drawText(area, _LEFT if place == 0 else _RIGHT, shown)
