"""Strokes of the arcs: lines bundled by strength, and the tokens they join."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto

import numpy as np
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen

from attnviz.views.arc_lines import LEVELS, Lines
from attnviz.views.palette import BASE, GRID, colour, token_font

BUNDLE = 8


class Mark(Enum):
    """How a token is set off."""

    NONE = auto()
    POINTED = auto()
    PINNED = auto()


def paint_lines(
    painter: QPainter,
    lines: Lines,
    strongest: float,
    between: tuple[float, float],
    middle: Callable[[float], float],
    ink: QColor,
) -> None:
    """Lines in the head's colour, those of one strength in bundles: one path for all is slower, and so is one for each."""
    start, end = between
    bend = (end - start) * 0.45
    levels = lines.levels(strongest)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for level in range(LEVELS):
        chosen = np.flatnonzero(levels == level)
        strength = (level + 0.5) / LEVELS
        ink.setAlphaF(max(strength, 0.05))
        painter.setPen(QPen(ink, 0.6 + 2.9 * strength))
        for first in range(0, len(chosen), BUNDLE):
            path = QPainterPath()
            for index in chosen[first : first + BUNDLE]:
                above, below = middle(float(lines.queries[index])), middle(float(lines.keys[index]))
                path.moveTo(start, above)
                path.cubicTo(start + bend, above, end - bend, below, end, below)
            painter.drawPath(path)


def paint_token(painter: QPainter, area: QRectF, label: str, mark: Mark, *, right: bool) -> None:
    """A token, aligned towards its lines: queries to the right, keys to the left."""
    if mark is not Mark.NONE:
        painter.setPen(QPen(colour("accent"), 2.0) if mark is Mark.PINNED else Qt.PenStyle.NoPen)
        painter.setBrush(colour("accent", 0.18))
        painter.drawRoundedRect(area.adjusted(1, 1, -1, -1), 4, 4)
    painter.setFont(token_font(BASE))
    painter.setPen(colour("text"))
    shown = QFontMetricsF(painter.font()).elidedText(label, Qt.TextElideMode.ElideRight, area.width() - GRID)
    aligned = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
    painter.drawText(area.adjusted(GRID / 2, 0, -GRID / 2, 0), int(aligned | Qt.AlignmentFlag.AlignVCenter), shown)
