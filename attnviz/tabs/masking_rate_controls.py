"""What the mask rates are measured on and how often, and what came of it in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QPushButton, QSpinBox, QWidget

from attnviz.errors import AttnvizError
from attnviz.jobs.measure_mask_rates import LONGEST_PASSAGE
from attnviz.tabs.page import Frame
from attnviz.tabs.sample_texts import samples, title
from attnviz.tabs.seed_box import SeedBox
from attnviz.text.plain_file import read_text
from attnviz.views.palette import BASE, GRID, SMALL, ui_font

if TYPE_CHECKING:
    from attnviz.trace import Measured, Progress

MOST_PASSES = 200
OWN = "the sentence above"


class RateControls(Frame):
    """``changed`` says that something else is to be measured, ``pressed`` carries whether to run (True) or to stop; ``failed`` an AttnvizError."""

    changed = Signal()
    pressed = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("How much to mask", parent)
        self.text, self.passes = QComboBox(self), QSpinBox(self)
        self.seed, self.run = SeedBox("masks", self), QPushButton(self)
        self.said, self.state = QLabel(self), QLabel(self)
        self._is_busy = False
        self._build()
        self.text.activated.connect(self.changed)
        self.passes.valueChanged.connect(self.changed)
        self.seed.changed.connect(self.changed)
        self.run.clicked.connect(self._on_run)
        self.follow(None, None, "", busy=False)

    def source(self, sentence: str) -> str:
        """The text that is chosen; ``sentence`` is the one above."""
        path = self.text.currentData()
        if path is None:
            return sentence.replace("\n", " ")
        try:
            return read_text(path)
        except AttnvizError as error:
            self.failed.emit(error)
            return ""

    def follow(self, on: Measured | None, progress: Progress | None, said: str, *, busy: bool) -> None:
        """Show what is measured on, how far it is, and the conclusion so far."""
        self._is_busy = busy
        self.run.setText("Stop" if busy else "Run")
        self.run.setToolTip("Keep what was measured and stop (Ctrl+.)" if busy else "Measure (Ctrl+Enter)")
        self.run.setShortcut("" if busy else "Ctrl+Return")  # Ctrl+. is the window's
        self.state.setText(_state(on, progress, busy=busy))
        self.said.setText(said or "The curves come point by point, and get surer with every pass over the text.")

    def _build(self) -> None:
        self.state.setFont(ui_font(SMALL))
        self.state.setObjectName("muted")
        self.header.addWidget(self.state)
        self.text.addItem(OWN, None)
        for path in samples():
            self.text.addItem(title(path.stem), str(path))
        self.text.setCurrentIndex(min(1, self.text.count() - 1))
        self.text.setToolTip(
            f"What is masked: the sentence above, or a text that comes with the program, in passages of at most {LONGEST_PASSAGE} tokens"
        )
        self.text.setAccessibleName("Text to measure on")
        self.passes.setRange(0, MOST_PASSES)
        self.passes.setSpecialValueText("as it takes")
        self.passes.setKeyboardTracking(False)
        self.passes.setToolTip("How often the text is masked anew at every rate; more make the bands narrower")
        self.passes.setAccessibleName("Passes")
        self.run.setMinimumWidth(9 * GRID)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        for widget in (self._named("text"), self.text, self.seed, self._named("passes"), self.passes, self.run):
            row.addWidget(widget)
        row.addStretch(1)
        self.column.addLayout(row)
        self.said.setFont(ui_font(BASE))
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setWordWrap(True)
        self.said.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.said.setMinimumHeight(2 * self.said.fontMetrics().lineSpacing())
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.column.addWidget(self.said)

    def _named(self, text: str) -> QLabel:
        label = QLabel(text, self)
        label.setObjectName("muted")
        return label

    @Slot()
    def _on_run(self) -> None:
        self.pressed.emit(not self._is_busy)


def _state(on: Measured | None, progress: Progress | None, *, busy: bool) -> str:
    """What is measured on, and how far that is."""
    if on is None:
        return "measuring …" if busy else ""
    texts = "1 text" if on.passages == 1 else f"{on.passages} texts"
    words = f"{on.candidates:,} tokens to choose from in {texts}"
    if progress is None or not progress.total:
        return words
    done = progress.done * on.passes / progress.total
    return f"{words} · {'pass' if on.passes == 1 else 'passes'} {done:.1f} of {on.passes}{'' if busy or progress.done == progress.total else ', stopped'}"
