"""A line of small text that ends in dots where there is no room for all of it."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

from attnviz.views.palette import colour

LEAST_LETTERS = 6


class ElidedLabel(QLabel):
    """Muted, of one line, as narrow as its place, and empty where not even a word has room; ``text`` is the whole of it."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.width() < min(LEAST_LETTERS, len(self.text())) * self.fontMetrics().averageCharWidth():
            return
        painter = QPainter(self)
        painter.setPen(colour("muted"))
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
        painter.end()
