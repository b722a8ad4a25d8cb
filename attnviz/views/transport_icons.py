"""The pictures on the buttons of a transport, drawn in the colours of the theme."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap, QPolygonF

from attnviz.views.palette import colour

SIZE = 16
_SHAPES: dict[str, tuple[tuple[float, ...], ...]] = {
    "first": ((2, 3, 2, 10), (14, 3, 14, 13, 5, 8)),
    "back": ((12, 3, 12, 13, 4, 8),),
    "play": ((4, 2, 4, 14, 14, 8),),
    "pause": ((4, 3, 3, 10), (9, 3, 3, 10)),
    "on": ((4, 3, 4, 13, 12, 8),),
    "last": ((2, 3, 2, 13, 11, 8), (12, 3, 2, 10)),
}


def transport_icon(name: str) -> QIcon:
    """One of first, back, play, pause, on and last; faint where its button is disabled."""
    icon = QIcon()
    for mode, ink in ((QIcon.Mode.Normal, "text"), (QIcon.Mode.Disabled, "border")):
        picture = QPixmap(2 * SIZE, 2 * SIZE)
        picture.setDevicePixelRatio(2.0)
        picture.fill(Qt.GlobalColor.transparent)
        painter = QPainter(picture)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour(ink))
        for shape in _SHAPES[name]:
            _paint(painter, shape)
        painter.end()
        icon.addPixmap(picture, mode)
    return icon


def _paint(painter: QPainter, shape: tuple[float, ...]) -> None:
    """Four numbers are a bar (left, top, width, height), six a triangle."""
    if len(shape) == 4:
        painter.drawRect(QRectF(*shape))
    else:
        painter.drawPolygon(QPolygonF([QPointF(shape[place], shape[place + 1]) for place in (0, 2, 4)]))
