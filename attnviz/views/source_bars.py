"""Bars that lie along the lines of the source tokens, on one axis with a zero; many tokens share a pixel line."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from attnviz.trace import Floats
from attnviz.views.palette import SMALL, colour, diverging, sequential_colour, ui_font
from attnviz.views.ruler import small_width
from attnviz.views.step_moment import lettered_number

LETTERED = 11.5
_NEGATIVE, _POSITIVE = 40, 216


@dataclass(frozen=True, slots=True)
class BarScale:
    """An axis from ``low`` ≤ 0 to ``high`` ≥ 0 laid over ``area``; ``reserve`` at its right is for numbers."""

    area: QRectF
    low: float
    high: float
    reserve: float = 0.0

    @property
    def length(self) -> float:
        return max(self.area.width() - self.reserve, 1.0)

    def at(self, value: float) -> float:
        """Where a value stands."""
        return self.area.left() + (value - self.low) / (self.high - self.low) * self.length

    def value(self, x: float) -> float:
        """The value that stands at ``x``."""
        return self.low + (x - self.area.left()) / self.length * (self.high - self.low)


def signed_ink(value: float) -> QColor:
    """The colour of a signed bar: the side of the diverging map that it lies on."""
    return QColor(*(int(part) for part in diverging()[_POSITIVE if value >= 0 else _NEGATIVE]))


def paint_bars(painter: QPainter, scale: BarScale, values: Floats, *, signed: bool = False) -> None:
    """A bar per value, top to bottom; where there are more bars than pixels the longest of a pixel is drawn."""
    shown = _thinned(np.where(np.isfinite(values), values, 0.0), int(scale.area.height()))
    pitch = scale.area.height() / max(len(shown), 1)
    gap = min(pitch * 0.15, 3.0)
    zero, inks = scale.at(0.0), (signed_ink(-1.0), signed_ink(1.0))
    painter.setBrush(sequential_colour(0.6))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, pitch > 3)
    for place, value in enumerate(shown.tolist()):
        if value:
            if signed:
                painter.setBrush(inks[value >= 0])
            end, top = scale.at(value), scale.area.top() + place * pitch + gap
            painter.drawRect(QRectF(min(zero, end), top, max(abs(end - zero), 1.0), max(pitch - 2 * gap, 1.0)))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)


def paint_numbers(painter: QPainter, scale: BarScale, values: Floats, only: int | None = None) -> None:
    """The value beside each bar where the lines are tall enough for it; else of the line ``only`` and of the highest."""
    pitch = scale.area.height() / max(len(values), 1)
    painter.setFont(ui_font(SMALL))
    for place in range(len(values)) if pitch >= LETTERED else _told(values, pitch, only):
        value = float(values[place])
        text = "hidden" if value == -np.inf else lettered_number(value)
        left = scale.area.right() - small_width(text)
        if value < 0 and value != -np.inf:
            left = max(left, scale.at(0.0) + 4)
        painter.setPen(colour("muted" if value == -np.inf else "text"))
        area = QRectF(left, scale.area.top() + (place + 0.5) * pitch - 8, small_width(text) + 4, 16)
        painter.drawText(area, int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft), text)


def _told(values: Floats, pitch: float, only: int | None) -> list[int]:
    """The lines whose value is told where there is no room for all."""
    highest = int(np.argmax(values))
    if only is None:
        return [highest]
    return [only] if abs(highest - only) * pitch < LETTERED else [only, highest]


def paint_axis(painter: QPainter, scale: BarScale, ticks: tuple[float, ...], digits: int = 1) -> None:
    """Lines at the ticks behind the bars and their numbers below."""
    painter.setFont(ui_font(SMALL))
    taken = float("-inf")
    for tick in sorted(ticks):
        x = round(scale.at(tick)) + 0.5
        painter.setPen(QPen(colour("muted" if tick == 0 else "border"), 1))
        painter.drawLine(QPointF(x, scale.area.top()), QPointF(x, scale.area.bottom() + 3))
        text = "0" if tick == 0 else lettered_number(tick, digits)
        width = small_width(text)
        left = min(max(x - width / 2, scale.area.left() - 8), scale.area.right() - width)
        if left >= taken:
            painter.setPen(colour("muted"))
            painter.drawText(QPointF(left, scale.area.bottom() + 14), text)
            taken = left + width + 4


def _thinned(values: Floats, most: int) -> Floats:
    """At most ``most`` values: of each run the one with the greatest magnitude."""
    if len(values) <= max(most, 1):
        return values
    starts = np.arange(most) * len(values) // most
    high, low = np.maximum.reduceat(values, starts), np.minimum.reduceat(values, starts)
    return np.where(high >= -low, high, low)
