"""A visible seed: a number to type, and a button that draws another one."""

from __future__ import annotations

import random

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSpinBox, QToolButton, QWidget

from attnviz.views.palette import GRID

MOST_SEED = 99_999


class SeedBox(QWidget):
    """``changed`` carries the new seed; ``what`` says what is drawn with it."""

    changed = Signal(object)

    def __init__(self, what: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.number, self.again = QSpinBox(self), QToolButton(self)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID // 2)
        label = QLabel("seed", self)
        label.setObjectName("muted")
        for widget in (label, self.number, self.again):
            row.addWidget(widget)
        self.number.setRange(0, MOST_SEED)
        self.number.setKeyboardTracking(False)
        self.number.setToolTip(f"The same seed draws the same {what}")
        self.number.setAccessibleName("Seed")
        self.again.setText("⟳")
        self.again.setToolTip(f"Draw other {what} (Ctrl+R)")
        self.again.setAccessibleName("Another seed")
        self.again.setShortcut("Ctrl+R")
        self.again.clicked.connect(self._on_again)
        self.number.valueChanged.connect(self._on_changed)

    @property
    def seed(self) -> int:
        return self.number.value()

    @Slot()
    def _on_again(self) -> None:
        self.number.setValue(random.randrange(MOST_SEED + 1))

    @Slot(int)
    def _on_changed(self, seed: int) -> None:
        self.changed.emit(seed)
