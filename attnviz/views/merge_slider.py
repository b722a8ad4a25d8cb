"""The transport of the time machine: a slider over all merges, play and pause, steps, and the merge in words."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QElapsedTimer, QSize, Qt, QTimer, Slot
from PySide6.QtWidgets import QHBoxLayout, QSlider, QToolButton, QWidget

from attnviz.table import Table
from attnviz.trace import Timeline
from attnviz.views.history import history
from attnviz.views.moment import Moment, moment_of
from attnviz.views.palette import GRID, Theme, theme
from attnviz.views.transport_icons import transport_icon
from attnviz.views.view import View

FRAME_MS = 16
WHOLE_S = 12.0
_BUTTONS = (
    ("first", "To the bare alphabet (Home)"),
    ("back", "One merge back (Left)"),
    ("play", "Play or pause (Space)"),
    ("on", "One merge on (Right)"),
    ("last", "To the last merge (End)"),
)


class MergeSlider(View):
    """Moves the cursor's moment; ``playing`` lasts until the end or until somebody pauses."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID // 2)
        self.buttons: dict[str, QToolButton] = {}
        for name, tip in _BUTTONS:
            self.buttons[name] = self._button(name, tip)
            row.addWidget(self.buttons[name])
        self.slider = QSlider(Qt.Orientation.Horizontal, self)
        self.slider.setAccessibleName("Merges done")
        self.slider.setToolTip("How many merges are done (arrows, PageUp, PageDown)")
        self.slider.valueChanged.connect(self._on_moved)
        row.addSpacing(GRID)
        row.addWidget(self.slider, 1)
        self.next_change = QToolButton(self)
        self.next_change.setText("next change")
        self.next_change.setToolTip("To the next merge that changes the sentence (N)")
        self.next_change.setShortcut("N")
        self.next_change.clicked.connect(self._on_next_change)
        row.addSpacing(GRID)
        row.addWidget(self.next_change)
        self._clock, self._since = QTimer(self, interval=FRAME_MS), QElapsedTimer()
        self._from = 0
        self._frame = QTimer(self, singleShot=True, interval=FRAME_MS)
        self._frame.timeout.connect(self._on_frame)
        self._newest: int | None = None
        self._lettered: tuple[Theme, bool] | None = None
        self._clock.timeout.connect(self._on_tick)
        self.setFocusProxy(self.slider)
        self._letter_buttons()

    @property
    def playing(self) -> bool:
        return self._clock.isActive()

    @property
    def moment(self) -> Moment:
        return moment_of(self.cursor_at)

    def numbers(self) -> Table:
        return Table(("merges done", "merges"), ((self.moment.done, self.slider.maximum()),))

    def sizeHint(self) -> QSize:
        return QSize(60 * GRID, 4 * GRID)

    @Slot()
    def pause(self) -> None:
        self._clock.stop()
        self._letter_buttons()

    @Slot()
    def play(self) -> None:
        """From here, or from the beginning when the end is reached: all merges in twelve seconds, at least a merge a frame."""
        if not self.slider.maximum():
            return
        self._from = 0 if self.slider.value() >= self.slider.maximum() else self.slider.value()
        self._since.start()
        self._clock.start()
        self._letter_buttons()

    def _button(self, name: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setObjectName(name)
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setFixedSize(4 * GRID, 4 * GRID)
        button.setStyleSheet("padding: 0")
        button.clicked.connect(self._on_button)
        return button

    def _letter_buttons(self) -> None:
        if self._lettered == (theme(), self.playing):
            return
        self._lettered = theme(), self.playing
        for name, button in self.buttons.items():
            button.setIcon(transport_icon("pause" if name == "play" and self.playing else name))

    def _update(self, *, fresh: bool) -> None:
        self.slider.blockSignals(True)
        if fresh:
            count = len(history(self.trace))
            self.slider.setRange(0, count)
            self.slider.setPageStep(max(1, count // 20))
            for button in (*self.buttons.values(), self.next_change):
                button.setEnabled(count > 0)
            self._letter_buttons()
        if self._newest is None:
            self.slider.setValue(self.moment.done)
        self.slider.blockSignals(False)

    def _go(self, done: int) -> None:
        moment = replace(self.moment, done=min(max(done, 0), self.slider.maximum()), span=None)
        if moment != self.cursor_at:
            self.pointed.emit(moment)

    @Slot(int)
    def _on_moved(self, done: int) -> None:
        self.pause()
        if not self.slider.isSliderDown():
            self._go(done)
        elif self._frame.isActive():  # a mouse may report more often than there are frames
            self._newest = done
        else:
            self._frame.start()
            self._go(done)

    @Slot()
    def _on_frame(self) -> None:
        """Go where the mouse was last in the frame that is over."""
        if self._newest is not None:
            done, self._newest = self._newest, None
            self._go(done)

    @Slot()
    def _on_button(self) -> None:
        done, name = self.moment.done, self.sender().objectName()
        if name == "play":
            self.pause() if self.playing else self.play()
            return
        self.pause()
        self._go({"first": 0, "back": done - 1, "on": done + 1, "last": self.slider.maximum()}[name])

    @Slot()
    def _on_next_change(self) -> None:
        timeline = self.trace.find(Timeline)
        later = [] if timeline is None else [rank for rank in timeline.moments().tolist() if rank >= self.moment.done]
        self.pause()
        self._go(later[0] + 1 if later else self.slider.maximum())

    @Slot()
    def _on_tick(self) -> None:
        pace = max(self.slider.maximum() / WHOLE_S, 8.0)
        self._go(self._from + int(self._since.elapsed() / 1000 * pace))
        if self.moment.done >= self.slider.maximum():
            self.pause()

    def hideEvent(self, event: object) -> None:
        super().hideEvent(event)  # type: ignore[arg-type] # Qt hands over a QHideEvent
        self.pause()
