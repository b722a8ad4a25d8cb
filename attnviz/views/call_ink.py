"""The signs of what a discriminator said of a word against what is true: told apart by shape, and by colour beside."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from attnviz.trace import Call
from attnviz.views.palette import head_colour

SIGN = 10.0
_PLACES = {Call.CAUGHT: 2, Call.MISSED: 6, Call.FALSE_ALARM: 1}
SAYS = {
    Call.CAUGHT: "replaced, and caught",
    Call.MISSED: "replaced, and missed",
    Call.FALSE_ALARM: "original, a false alarm",
    Call.PASSED: "original, and passed",
}


def call_colour(call: Call) -> QColor:
    """Of the three that have a sign."""
    return head_colour(_PLACES[call])


def has_sign(call: Call) -> bool:
    """An original word that passes as one needs no sign."""
    return call in _PLACES


def paint_sign(painter: QPainter, call: Call, left: float, middle: float) -> None:
    """A tick, a cross or an exclamation mark, ``SIGN`` wide, at the height ``middle``; nothing for a word that passed."""
    if not has_sign(call):
        return
    painter.save()
    pen = QPen(call_colour(call), 2)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(_outline(call, QRectF(left + 1, middle - SIGN / 2 + 1, SIGN - 2, SIGN - 2)))
    painter.restore()


def _outline(call: Call, box: QRectF) -> QPainterPath:
    path = QPainterPath()
    match call:
        case Call.CAUGHT:
            path.moveTo(QPointF(box.left(), box.center().y() + 0.5))
            path.lineTo(QPointF(box.left() + 0.38 * box.width(), box.bottom()))
            path.lineTo(box.topRight())
        case Call.MISSED:
            path.moveTo(box.topLeft())
            path.lineTo(box.bottomRight())
            path.moveTo(box.topRight())
            path.lineTo(box.bottomLeft())
        case _:
            path.moveTo(QPointF(box.center().x(), box.top()))
            path.lineTo(QPointF(box.center().x(), box.top() + 0.55 * box.height()))
            path.moveTo(QPointF(box.center().x(), box.bottom()))
            path.lineTo(QPointF(box.center().x(), box.bottom() + 0.01))
    return path
