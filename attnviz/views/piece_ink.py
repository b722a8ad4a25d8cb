"""The colours of pieces, and letters that keep their place: what all views of pieces on characters paint with."""

from __future__ import annotations

import unicodedata
import zlib
from functools import lru_cache

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from attnviz.text.readable import visible
from attnviz.views.palette import colour, head_colour

RADIUS = 4.0
_FIRST_PICTOGRAPH = 0x1F000


def piece_colour(piece: str) -> QColor:
    """The same colour for the same piece, everywhere and on every day."""
    return head_colour(_number(piece))


@lru_cache(maxsize=65536)
def _number(piece: str) -> int:
    return zlib.crc32(piece.encode("utf-8", "surrogatepass"))


def paint_box(
    painter: QPainter, area: QRectF, ink: QColor | None, *, looked: bool = False, dashed: bool = False
) -> None:
    """The box of a piece: tinted with ``ink``, neutral without; ``looked`` puts the cursor's frame around it."""
    fill = QColor(ink) if ink is not None else colour("raised")
    edge = QColor(ink) if ink is not None else colour("border")
    if ink is not None:
        fill.setAlphaF(0.40 if looked else 0.22)
        edge.setAlphaF(0.75)
    pen = QPen(colour("accent"), 2) if looked else QPen(edge, 1)
    if dashed:
        pen.setStyle(Qt.PenStyle.DashLine)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush if dashed and not looked else fill)
    painter.drawRoundedRect(area.adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)


@lru_cache(maxsize=8192)
def letters(text: str) -> tuple[str, ...]:
    """The text in parts that may be drawn apart: characters where they stand alone, the whole where they shape each other."""
    return tuple(visible(char) for char in text) if all(map(_stands_alone, text)) else (visible(text),)


def _stands_alone(char: str) -> bool:
    return (
        ord(char) < _FIRST_PICTOGRAPH
        and unicodedata.category(char) not in {"Mn", "Mc", "Me", "Cf"}
        and unicodedata.bidirectional(char) not in {"R", "AL"}
    )
