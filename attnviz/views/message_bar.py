"""What went wrong or should be known: strips under the header that stay until they are dismissed."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QVBoxLayout, QWidget

from attnviz.trace import Notice
from attnviz.views.palette import theme

MOST_SHOWN = 3
NOTICE = "notice: "


@dataclass(frozen=True, slots=True)
class Message:
    """One sentence; ``kind`` is "error", "warning" or "note"; ``action`` names a button that the window answers."""

    sentence: str
    kind: str = "error"
    action: str = ""
    topic: str = ""


class MessageBar(QWidget):
    """A stack of messages, newest first; the same sentence is shown once. ``acted`` carries the Message of a pressed button.

    Three are seen at a time; older ones wait behind them, and none goes unread.
    """

    acted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._strips: list[_Strip] = []
        self.hide()

    @property
    def messages(self) -> tuple[Message, ...]:
        """What is shown now."""
        return tuple(strip.message for strip in self._strips)

    def tell(self, message: Message) -> None:
        """Show a message; one of the same topic is replaced."""
        if message in self.messages:
            return
        if message.topic:
            self.withdraw(message.topic)
        strip = _Strip(message, self)
        strip.dismissed.connect(self._on_dismissed)
        strip.acted.connect(self._on_acted)
        self._column.insertWidget(0, strip)
        self._strips.insert(0, strip)
        self._show_newest()

    @Slot(object)
    def tell_notices(self, notices: tuple[Notice, ...]) -> None:
        """The remarks of the newest answer take the place of the last one's."""
        topics = {f"{NOTICE}{notice.topic}" for notice in notices}
        for message in self.messages:
            if message.topic.startswith(NOTICE) and message.topic not in topics:
                self.withdraw(message.topic)
        for notice in notices:
            self.tell(Message(notice.sentence, "warning", topic=f"{NOTICE}{notice.topic}"))

    def withdraw(self, topic: str) -> None:
        """Take back the messages of a topic, as when the condition has passed."""
        for strip in tuple(self._strips):
            if strip.message.topic == topic:
                self._remove(strip)

    def _remove(self, strip: _Strip) -> None:
        if strip in self._strips:
            self._strips.remove(strip)
            strip.hide()
            self._column.removeWidget(strip)
            strip.deleteLater()
        self._show_newest()

    def _show_newest(self) -> None:
        for place, strip in enumerate(self._strips):
            strip.setVisible(place < MOST_SHOWN)
        self.setVisible(bool(self._strips))

    @Slot(object)
    def _on_dismissed(self, strip: _Strip) -> None:
        self._remove(strip)

    @Slot(object)
    def _on_acted(self, strip: _Strip) -> None:
        message = strip.message
        self._remove(strip)
        self.acted.emit(message)


class _Strip(QFrame):
    dismissed = Signal(object)
    acted = Signal(object)

    def __init__(self, message: Message, parent: QWidget) -> None:
        super().__init__(parent)
        self.message = message
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 4, 4)
        label = QLabel(message.sentence, self)
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        label.setAccessibleName(f"{message.kind}: {message.sentence}")
        row.addWidget(label, 1)
        if message.action:
            act = QPushButton(message.action, self)
            act.clicked.connect(self._on_act)
            row.addWidget(act)
        close = QToolButton(self)
        close.setText("✕")
        close.setAutoRaise(True)
        close.setToolTip("Dismiss")
        close.setAccessibleName("Dismiss")
        close.clicked.connect(self._on_close)
        row.addWidget(close)
        self._colour()

    def _colour(self) -> None:
        message = self.message
        shade = {"error": theme().error, "warning": theme().warning}.get(message.kind, theme().accent)
        edges = f"border: 1px solid {shade}; border-left: 4px solid {shade}; border-radius: 4px"
        sheet = f"_Strip {{ {edges}; background: {theme().surface}; }}"
        if sheet != self.styleSheet():
            self.setStyleSheet(sheet)

    @Slot()
    def _on_close(self) -> None:
        self.dismissed.emit(self)

    @Slot()
    def _on_act(self) -> None:
        self.acted.emit(self)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._colour()
