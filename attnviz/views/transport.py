"""The buttons that go through the steps of a run: first, back, play, on, last."""

from __future__ import annotations

from PySide6.QtCore import QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QWidget

from attnviz.views.palette import GRID, Theme, theme
from attnviz.views.transport_icons import transport_icon

PACE_MS = 700
BUTTONS = {
    "first": "To the first step (Home in the timeline)",
    "back": "One step back (Alt+Left)",
    "play": "Play step by step, or pause (Alt+P)",
    "on": "One step forward (Alt+Right)",
    "last": "To the last step (End in the timeline)",
}


class Transport(QWidget):
    """``moved`` carries the step to go to. ``follow`` says where the play head is and how many steps there are."""

    moved = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._step, self._steps = 0, 0
        self._lettered: tuple[Theme, bool] | None = None
        self._clock = QTimer(self, interval=PACE_MS)
        self._clock.timeout.connect(self._on_tick)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        self.buttons: dict[str, QToolButton] = {}
        for name, tip in BUTTONS.items():
            button = QToolButton(self)
            button.setObjectName(name)
            button.setToolTip(tip)
            button.setAccessibleName(tip)
            button.setFixedSize(3 * GRID + 4, 3 * GRID)
            button.setStyleSheet("padding: 0")
            button.clicked.connect(self._on_button)
            self.buttons[name] = button
            row.addWidget(button)
        self._letter()

    @property
    def playing(self) -> bool:
        return self._clock.isActive()

    def follow(self, step: int, steps: int) -> None:
        """The play head stands on ``step`` of ``steps``."""
        self._step, self._steps = step, steps
        for name, button in self.buttons.items():
            at_an_end = step <= 0 if name in {"first", "back"} else step >= steps - 1 and name in {"on", "last"}
            button.setEnabled(steps > 0 and not at_an_end)
        if self.playing and step >= steps - 1:
            self.pause()
        self._letter()

    @Slot()
    def toggle(self) -> None:
        """Play from here, from the start when the end is reached, or pause."""
        if self.playing or not self._steps:
            self.pause()
            return
        if self._step >= self._steps - 1:
            self.moved.emit(0)
        self._clock.start()
        self._letter()

    @Slot()
    def pause(self) -> None:
        self._clock.stop()
        self._letter()

    def _letter(self) -> None:
        if self._lettered != (theme(), self.playing):
            self._lettered = theme(), self.playing
            for name, button in self.buttons.items():
                button.setIcon(transport_icon("pause" if name == "play" and self.playing else name))

    @Slot()
    def _on_button(self) -> None:
        name = self.sender().objectName()
        if name == "play":
            self.toggle()
            return
        self.pause()
        last = max(0, self._steps - 1)
        wanted = {"first": 0, "back": self._step - 1, "on": self._step + 1, "last": last}[name]
        self.moved.emit(min(max(wanted, 0), last))

    @Slot()
    def _on_tick(self) -> None:
        if self._step < self._steps - 1:
            self.moved.emit(self._step + 1)
        else:
            self.pause()

    def hideEvent(self, event: object) -> None:
        super().hideEvent(event)  # type: ignore[arg-type] # Qt hands over a QHideEvent
        self.pause()
