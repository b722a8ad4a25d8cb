"""What a run showed, in its own numbers, under which settings; both can be copied."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Slot
from PySide6.QtGui import QGuiApplication, QResizeEvent
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QScrollArea, QSizePolicy, QWidget

from attnviz.tabs.page import Frame
from attnviz.trace import Asked, Conclusion, Trace
from attnviz.views.elided import ElidedLabel
from attnviz.views.palette import GRID, SMALL, ui_font

NOT_YET = "The conclusion follows when the run is complete."
LEAST_LINES = 3


class ConclusionFrame(Frame):
    """Hidden until something runs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("What this run showed", parent)
        self._asked: Asked | None = None
        self.sentences = Sentences(self)
        self.settings = ElidedLabel()
        self.settings.setFont(ui_font(SMALL))
        self.copy_button = QPushButton("Copy", self)
        self.copy_button.setToolTip("Copy the conclusion, and the command that makes the same run")
        self.copy_button.clicked.connect(self.copy)
        self.header.insertWidget(1, self.settings, 100)  # before the frame's own stretch
        self.header.addWidget(self.copy_button)
        self.column.addWidget(self.sentences)
        self.hide()

    @property
    def text(self) -> str:
        return self.sentences.label.text()

    def draw(self, trace: Trace) -> None:
        """Say what a run has shown, or that it has yet to show it."""
        self._asked, found = trace.find(Asked), trace.find(Conclusion)
        self.sentences.say("\n".join(f"• {sentence}" for sentence in found.sentences) if found else NOT_YET)
        told = "" if self._asked is None else " · ".join(f"{name} {value}" for name, value in self._asked.settings)
        self.settings.setText(told)
        self.settings.setToolTip(told)
        self.copy_button.setEnabled(found is not None)
        self.setVisible(self._asked is not None)

    @Slot()
    def copy(self) -> None:
        """Put the conclusion on the clipboard, with the command that makes the same run."""
        command = [] if self._asked is None else [self._asked.command]
        QGuiApplication.clipboard().setText("\n".join([self.text, *command]))


class Sentences(QScrollArea):
    """A text as high as it is, which scrolls where there is no room for all of it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = QLabel(self)
        self.label.setTextFormat(Qt.TextFormat.PlainText)
        self.label.setWordWrap(True)
        self.label.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.setWidgetResizable(True)
        self.setWidget(self.label)
        for surface in (self.viewport(), self.label):
            surface.setAutoFillBackground(False)  # the frame's own is seen
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def say(self, text: str) -> None:
        if text != self.label.text():
            self.label.setText(text)
            self.updateGeometry()

    def sizeHint(self) -> QSize:
        return QSize(40 * GRID, self.label.heightForWidth(max(self.width(), 20 * GRID)))

    def minimumSizeHint(self) -> QSize:
        lines = self.label.fontMetrics().lineSpacing() * LEAST_LINES
        return QSize(20 * GRID, min(lines, self.sizeHint().height()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.FontChange:
            self.updateGeometry()
