"""The frame that is on screen at once: Qt and a background, nothing else; what fills it is imported after its first paint."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QPaintEvent
from PySide6.QtWidgets import QLabel, QMainWindow, QWidget


class Shell(QMainWindow):
    """``painted`` is emitted once, after the first paint. ``hold`` puts the real window inside; closing closes that first."""

    painted = Signal()

    def __init__(self, width: int, height: int) -> None:
        super().__init__()
        self.setWindowTitle("attnviz")
        self.say("attnviz")
        self.resize(width, height)
        self._was_painted = False
        self.is_furnished = False

    def say(self, sentence: str) -> None:
        """A plain sentence in the middle of the frame, instead of the window."""
        label = QLabel(sentence, self)
        label.setObjectName("muted")
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setCentralWidget(label)

    def hold(self, window: QWidget) -> None:
        """Fill the frame; its title follows."""
        self.is_furnished = True
        window.windowTitleChanged.connect(self.setWindowTitle)
        self.setCentralWidget(window)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._was_painted:
            self._was_painted = True
            QTimer.singleShot(0, self.painted.emit)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.hide()
        held = self.centralWidget()
        if held is not None:
            held.close()
        super().closeEvent(event)
