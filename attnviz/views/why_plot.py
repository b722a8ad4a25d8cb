"""How many words of a held-out text a vocabulary of whole words lacks, by its size; and where BPE stands."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.trace import Why
from attnviz.views.palette import GRID, SMALL, colour, ui_font
from attnviz.views.plot_view import Curve, PlotView

_DOT = 6.0
_BELOW, _MIDDLE, _RIGHT = Qt.AlignmentFlag.AlignBottom, Qt.AlignmentFlag.AlignHCenter, Qt.AlignmentFlag.AlignRight


class WhyPlot(PlotView):
    """A falling curve for whole words and one point for BPE."""

    _axes = ("entries in the vocabulary", "unknown, %")

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("The curve is drawn when the merges are learned.", parent)
        self.setAccessibleName("Unknown words by size of the vocabulary")

    def numbers(self) -> Table:
        why = self.trace.find(Why)
        if why is None:
            return Table((), ())
        rows = [("whole words", int(size), float(share)) for size, share in zip(why.sizes, why.unknown, strict=True)]
        return Table(("approach", "vocabulary", "unknown"), (*rows, ("BPE", why.pieces, why.unknown_bpe)))

    def _lines(self) -> tuple[Curve, ...]:
        why = self.trace.find(Why)
        if why is None or not len(why.sizes):
            return ()
        return (Curve(why.sizes.astype(np.float64), why.unknown * 100.0, "muted"),)

    def _limits(self) -> tuple[float, float]:
        why = self.trace.find(Why)
        if why is None or not len(why.sizes):
            return 1.0, 1.0
        right = max(float(why.sizes.max()), float(why.pieces), 1.0) * 1.05
        return right, max(float(why.unknown.max()), why.unknown_bpe, 0.01) * 105.0

    def _paint_marks(self, painter: QPainter) -> None:
        why = self.trace.find(Why)
        if why is None:
            return
        middle = int(np.searchsorted(why.sizes, why.sizes[-1] * 0.6))
        words = self._at(float(why.sizes[middle]), float(why.unknown[middle]) * 100.0)
        pieces = self._at(float(why.pieces), why.unknown_bpe * 100.0)
        painter.setPen(QPen(colour("surface"), 1.5))
        painter.setBrush(colour("accent"))
        painter.drawEllipse(pieces, _DOT, _DOT)
        painter.setFont(ui_font(SMALL))
        room = QSizeF(20 * GRID, 2 * GRID)
        painter.setPen(colour("muted"))
        painter.drawText(
            QRectF(words - QPointF(room.width() / 2, room.height() + 2), room), int(_BELOW | _MIDDLE), "whole words"
        )
        painter.setPen(colour("accent"))
        painter.drawText(
            QRectF(pieces - QPointF(room.width(), room.height() + _DOT), room), int(_BELOW | _RIGHT), "BPE pieces"
        )
