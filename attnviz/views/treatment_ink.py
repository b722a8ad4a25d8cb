"""The colours of the three treatments, the same in every view, and their names."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter

from attnviz.trace import Treatment
from attnviz.views.palette import head_colour

_PLACES = {Treatment.MASK: 0, Treatment.RANDOM: 1, Treatment.KEPT: 2}
NAMES = {Treatment.MASK: "masked", Treatment.RANDOM: "random", Treatment.KEPT: "kept"}
SAYS = {
    Treatment.MASK: "hidden behind [MASK]",
    Treatment.RANDOM: "replaced by a random piece",
    Treatment.KEPT: "kept, and predicted all the same",
}
SQUARE = 10.0


def treatment_colour(treatment: Treatment) -> QColor:
    """Blue, orange and green of the categorical palette."""
    return head_colour(_PLACES[treatment])


def paint_square(painter: QPainter, left: float, middle: float, colour: QColor) -> None:
    """A small square in a legend, at the height ``middle``."""
    painter.fillRect(QRectF(left, middle - SQUARE / 2, SQUARE, SQUARE), colour)
