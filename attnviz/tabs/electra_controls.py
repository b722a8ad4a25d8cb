"""The controls of ELECTRA's game: who plays, how much is masked, the seed, and the way back from what was put in by hand."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QLabel, QPushButton, QSlider, QWidget

from attnviz.tabs.page import Frame
from attnviz.tabs.seed_box import SeedBox
from attnviz.tabs.split_sliders import WHOLE, slider_row
from attnviz.views.palette import GRID, SMALL, ui_font

if TYPE_CHECKING:
    from collections.abc import Sequence

    from attnviz.models.reference import Reference

USUAL = 15


class ElectraControls(Frame):
    """``changed`` follows every change of the user, ``undone`` and ``emptied`` are the two ways back."""

    changed = Signal()
    undone = Signal()
    emptied = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Generator and discriminator", parent)
        self.generator, self.detector = QComboBox(self), QComboBox(self)
        self.rate, self.seed = QSlider(Qt.Orientation.Horizontal, self), SeedBox("masks and words", self)
        self.undo, self.empty = QPushButton("Undo", self), QPushButton("Original text", self)
        self.said = QLabel(self)
        self._rate_number = QLabel(self)
        self._build()
        self.rate.setValue(USUAL)
        self._connect()
        self._on_rate(USUAL)

    @property
    def pair(self) -> tuple[Reference, Reference] | None:
        """The two that play, None while there aren't two."""
        generator, detector = self.generator.currentData(), self.detector.currentData()
        return None if generator is None or detector is None else (generator, detector)

    def offer(self, generators: Sequence[Reference], detectors: Sequence[Reference]) -> bool:
        """Fill the boxes; where others are offered than before, the first of them is chosen. Says whether another one plays."""
        return any([_fill(self.generator, generators), _fill(self.detector, detectors)])

    def choose(self, generator: str, detector: str) -> None:
        """Let the folders of these paths play."""
        for box, path in ((self.generator, generator), (self.detector, detector)):
            for place in range(box.count()):
                if box.itemData(place).path == path:
                    box.setCurrentIndex(place)

    def set_rate(self, percent: int) -> None:
        """Set the rate without saying so."""
        self.rate.blockSignals(True)
        self.rate.setValue(percent)
        self.rate.blockSignals(False)
        self._rate_number.setText(f"{percent} %")

    def say(self, sentence: str) -> None:
        """A remark on who plays; nothing where there is none."""
        self.said.setText(sentence)
        self.said.setVisible(bool(sentence))

    def _build(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(GRID)
        grid.setVerticalSpacing(GRID)
        self._row(grid, 0, "generator", self.generator, "Predicts what is masked; words are drawn from its predictions")
        self._row(grid, 1, "discriminator", self.detector, "Says of every word whether it was replaced")
        self.said.setObjectName("muted")
        self.said.setFont(ui_font(SMALL))
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setWordWrap(True)
        self.said.hide()
        grid.addWidget(self.said, 2, 0, 1, 2)
        rate = QGridLayout()
        rate.setHorizontalSpacing(GRID)
        tip = "Share of the tokens that is masked and filled by the generator"
        slider_row(rate, 0, QLabel("rate", self), self.rate, self._rate_number, tip)
        grid.addLayout(rate, 3, 0, 1, 2)
        self.column.addLayout(grid)
        self.column.addWidget(self.seed)
        ways = QHBoxLayout()
        ways.setSpacing(GRID)
        self.undo.setToolTip(
            "Take back the last word that was put in by hand, or the way to the original text (Ctrl+Z)"
        )
        self.undo.setShortcut("Ctrl+Z")
        self.empty.setToolTip("Nothing masked and nothing put in: the text as it is, to replace words by hand")
        ways.addWidget(self.undo, 1)
        ways.addWidget(self.empty, 1)
        self.column.addLayout(ways)
        grid.setColumnStretch(1, 1)

    def _row(self, grid: QGridLayout, row: int, name: str, box: QComboBox, tip: str) -> None:
        label = QLabel(name, self)
        label.setBuddy(box)
        for widget in (label, box):
            widget.setToolTip(tip)
        box.setAccessibleName(name)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(8)
        grid.addWidget(label, row, 0)
        grid.addWidget(box, row, 1)

    def _connect(self) -> None:
        self.generator.activated.connect(self.changed)
        self.detector.activated.connect(self.changed)
        self.rate.valueChanged.connect(self._on_rate)
        self.seed.changed.connect(self.changed)
        self.undo.clicked.connect(self.undone)
        self.empty.clicked.connect(self.emptied)

    @Slot(int)
    def _on_rate(self, percent: int) -> None:
        self._rate_number.setText(f"{percent} %")
        self.changed.emit()


def rate_of(percent: int) -> float:
    return percent / WHOLE


def _fill(box: QComboBox, references: Sequence[Reference]) -> bool:
    if [box.itemData(place) for place in range(box.count())] == list(references):
        return False
    before = box.currentData()
    box.blockSignals(True)
    box.clear()
    for reference in references:
        box.addItem(Path(reference.path).name, reference)
        box.setItemData(box.count() - 1, reference.path, Qt.ItemDataRole.ToolTipRole)
    box.setCurrentIndex(0)
    box.blockSignals(False)
    return bool(box.currentData() != before)
