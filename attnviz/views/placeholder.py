"""The sentence that stands where a view will be: what to do while nothing has arrived."""

from __future__ import annotations

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from attnviz.views.palette import colour
from attnviz.views.scrolled import paint_sentence


class Placeholder(QWidget):
    """A muted sentence in the middle of an empty surface."""

    def __init__(self, sentence: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.sentence = sentence
        self.setAccessibleName(sentence)

    def say(self, sentence: str) -> None:
        """Another sentence."""
        if sentence != self.sentence:
            self.sentence = sentence
            self.setAccessibleName(sentence)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour("surface"))
        paint_sentence(painter, QRectF(self.rect()), self.sentence)
