"""The controls of one experiment, built from what its settings say of themselves: values, run, quick run, cancel, progress."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from attnviz.jobs.experiments.setting import Choice, Setting, Whole, Words
from attnviz.views.elided import ElidedLabel
from attnviz.views.palette import GRID

if TYPE_CHECKING:
    from attnviz.trace import Progress

Control = QSpinBox | QComboBox | QLineEdit
_WIDE, _SAID = 40 * GRID, 20 * GRID


class ExperimentControls(QWidget):
    """``wished`` carries the values of the settings by name, ``stopped`` nothing. ``buttons`` stand elsewhere, with the progress."""

    wished = Signal(object)
    stopped = Signal()

    def __init__(self, settings: tuple[Setting, ...], time: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.controls: dict[str, Control] = {each.name: _control(each, self) for each in settings}
        self.buttons = QWidget(self)
        self.run_button = QPushButton("Run", self.buttons)
        self.quick_button = QPushButton("Quick run", self.buttons)
        self.cancel_button = QPushButton("Cancel", self.buttons)
        self.said = ElidedLabel("")
        self.bar = QProgressBar(self.buttons)
        self._time = time
        self._build()
        self.run_button.clicked.connect(self.run)
        self.quick_button.clicked.connect(self.run_quick)
        self.cancel_button.clicked.connect(self.stopped)
        self.allow("")
        self.follow(None, busy=False)

    def values(self) -> dict[str, Any]:
        """What is set."""
        return {name: _value(control) for name, control in self.controls.items()}

    def put(self, values: dict[str, Any]) -> None:
        """Set some of the values."""
        for name, value in values.items():
            control = self.controls[name]
            if isinstance(control, QSpinBox):
                control.setValue(value)
            elif isinstance(control, QComboBox):
                control.setCurrentText(value)
            else:
                control.setText(value)
                control.setCursorPosition(0)

    @Slot()
    def run(self) -> None:
        """Ask for a run under what is set."""
        if self.run_button.isEnabled():
            self.wished.emit(self.values())

    @Slot()
    def run_quick(self) -> None:
        """Set the quick size, and run it."""
        if self.quick_button.isEnabled():
            self.put({each.name: each.quick for each in self._settings if each.quick != each.default})
            self.run()

    def allow(self, reason: str) -> None:
        """Let it be run, or say why it can't be."""
        for button, tip in (
            (self.run_button, f"Run it under these settings; the first ones take about {self._time} (Ctrl+Enter)"),
            (self.quick_button, "Set a size that takes seconds, and run it"),
        ):
            button.setEnabled(not reason)
            button.setToolTip(reason or tip)
        self.said.setText(reason)

    def follow(self, progress: Progress | None, *, busy: bool) -> None:
        """Show how far a run is."""
        self.cancel_button.setVisible(busy)
        self.run_button.setVisible(not busy)
        self.quick_button.setVisible(not busy)
        self.bar.setVisible(busy)
        self.said.setVisible(busy or not self.run_button.isEnabled())
        if progress is not None and busy:
            self.bar.setRange(0, progress.total)
            self.bar.setValue(progress.done)
        elif busy:
            self.bar.setRange(0, 0)
        if busy or self.run_button.isEnabled():
            self.said.setText(progress.what if progress is not None and busy else "waiting" if busy else "")
        for control in self.controls.values():
            control.setEnabled(not busy)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        wordy, row = QHBoxLayout(), QHBoxLayout()
        for each in self._settings:
            control = self.controls[each.name]
            place = wordy if isinstance(control, QLineEdit) else row
            label = QLabel(each.kind.label, self)
            label.setObjectName("muted")
            label.setBuddy(control)
            place.addWidget(label)
            place.addWidget(control, 1 if place is wordy else 0)
            place.addSpacing(0 if place is wordy else GRID)
        row.addStretch(1)
        for layout in (wordy, row):
            layout.setSpacing(GRID)
            if layout.count() > 1:
                column.addLayout(layout)
        self._build_buttons()

    def _build_buttons(self) -> None:
        row = QHBoxLayout(self.buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        self.said.setMinimumWidth(_SAID)
        self.said.setAlignment(Qt.AlignmentFlag.AlignRight)
        self.bar.setTextVisible(False)
        self.bar.setFixedSize(16 * GRID, GRID)
        self.run_button.setShortcut("Ctrl+Return")
        self.cancel_button.setToolTip("Stop this run; the result before it stays (Ctrl+.)")
        for widget in (self.said, self.bar, self.run_button, self.quick_button, self.cancel_button):
            row.addWidget(widget)
        for button in (self.run_button, self.quick_button, self.cancel_button):
            button.setMinimumWidth(10 * GRID)


def _control(each: Setting, parent: QWidget) -> Control:
    """The widget for one setting, at its default."""
    made: Control
    match each.kind:
        case Whole(lowest=lowest, highest=highest):
            made = QSpinBox(parent)
            made.setRange(lowest, highest)
            made.setGroupSeparatorShown(True)
            made.setValue(each.default)
            made.setFixedWidth(12 * GRID if highest > 10**6 else 10 * GRID)
        case Choice(choices=choices):
            made = QComboBox(parent)
            made.addItems(choices)
            made.setCurrentText(each.default)
        case Words(longest=longest):
            made = QLineEdit(each.default, parent)
            made.setMaxLength(longest)
            made.setMinimumWidth(_WIDE)
            made.setCursorPosition(0)
    made.setToolTip(each.kind.tip)
    made.setAccessibleName(each.kind.label)
    made.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    return made


def _value(control: Control) -> Any:
    if isinstance(control, QSpinBox):
        return control.value()
    return control.currentText() if isinstance(control, QComboBox) else control.text()
