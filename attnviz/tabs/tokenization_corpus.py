"""What is learned from and how: a sample, a file or one's own text; merges, alphabet and pre-tokenizer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMimeData, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QWidget,
)

from attnviz.errors import AttnvizError, printable
from attnviz.jobs.learn_bpe import MOST_MERGES, LearnBpe
from attnviz.tabs.page import Frame
from attnviz.tabs.sample_texts import samples, title
from attnviz.text.clean import well_formed
from attnviz.text.plain_file import read_text
from attnviz.views.palette import GRID, SMALL, token_font, ui_font

if TYPE_CHECKING:
    from attnviz.trace import Progress

SHOWN = 20_000
MERGES = 300
ALPHABETS = (("characters", "chars"), ("bytes", "bytes"))
CUTS = (("words and signs", "words"), ("white space", "whitespace"), ("GPT-2's pattern", "gpt2"), ("nothing", "none"))


class CorpusBox(QPlainTextEdit):
    """A text of any length, of which the first 20,000 characters are laid out; typing makes what is seen the whole."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._whole = ""
        self.setAccessibleName("Text to learn from")
        self.setPlaceholderText("Paste a text here, open a file, or choose a sample.")
        self.setFont(token_font(SMALL + 1))
        self.setTabChangesFocus(True)
        self.textChanged.connect(self._on_typed)

    @property
    def text(self) -> str:
        """The whole text."""
        return self._whole

    def put(self, text: str) -> None:
        """Take another text; of a long one only the beginning is seen, and it can't be typed into."""
        self._whole = well_formed(text)[0]
        self.blockSignals(True)
        self.setPlainText(self._whole[:SHOWN])
        self.blockSignals(False)
        self.setReadOnly(len(self._whole) > SHOWN)

    @Slot()
    def _on_typed(self) -> None:
        self._whole = well_formed(self.toPlainText())[0]

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Paste as plain text; what is too long to lay out is kept whole and seen in part."""
        pasted = source.text()
        if len(pasted) + len(self._whole) > SHOWN:
            self.put(pasted)
            self.textChanged.emit()
        else:
            self.insertPlainText(well_formed(pasted)[0])


class CorpusFrame(Frame):
    """``wished`` carries a LearnBpe, ``stopped`` nothing, ``opened`` a path to read, ``failed`` an AttnvizError."""

    wished = Signal(object)
    stopped = Signal()
    opened = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Learn byte-pair encoding", parent)
        self.sample = QComboBox(self)
        self.box = CorpusBox(self)
        self.length = QLabel(self)
        self.merges = QSpinBox(self)
        self.alphabet = _choice(ALPHABETS, "Alphabet: what the merges start from", self)
        self.cut = _choice(CUTS, "Pre-tokenizer: merges never reach across what it cuts", self)
        self.learn = QPushButton("Learn", self)
        self.cancel = QPushButton("Cancel", self)
        self.bar = QProgressBar(self)
        self._build()
        self.box.textChanged.connect(self._on_text)
        self.sample.activated.connect(self._on_sample)
        self.alphabet.activated.connect(self._on_alphabet)
        self.learn.clicked.connect(self.ask)
        self.cancel.clicked.connect(self.stopped)
        self._on_sample()

    def job(self) -> LearnBpe:
        """The question as the controls say it. Raises AttnvizError where it makes no sense."""
        return LearnBpe(self.box.text, self.merges.value(), self.alphabet.currentData(), self.cut.currentData())

    def put(self, text: str, name: str) -> None:
        """A text that was read from a file."""
        self.box.put(text)
        self.sample.setCurrentIndex(-1)
        self.sample.setPlaceholderText(printable(name, 30))
        self._on_text()

    def follow(self, progress: Progress | None, *, busy: bool) -> None:
        """Show how far learning is."""
        self.cancel.setVisible(busy)
        self.bar.setVisible(busy)
        self.learn.setVisible(not busy)
        if busy and progress is not None:
            self.bar.setRange(0, progress.total)
            self.bar.setValue(progress.done)

    @Slot()
    def ask(self) -> None:
        """Learn from what is in the box."""
        try:
            job = self.job()
        except AttnvizError as error:
            self.failed.emit(error)
            return
        self.wished.emit(job)

    def _build(self) -> None:
        for path in samples():
            self.sample.addItem(title(path.stem), str(path))
        self.sample.setToolTip("A text that comes with the program")
        self.sample.setAccessibleName("Sample text")
        opening = QPushButton("Open text…", self)
        opening.setToolTip("Learn from a UTF-8 text file of up to 16 MiB")
        opening.clicked.connect(self._on_open)
        self.merges.setRange(0, 10**9)
        self.merges.setValue(MERGES)
        self.merges.setGroupSeparatorShown(True)
        self.merges.setToolTip(f"How many merges to learn, 1 to {MOST_MERGES:,}")
        self.merges.setAccessibleName("Merges")
        self.length.setFont(ui_font(SMALL))
        self.length.setObjectName("muted")
        self.length.setTextFormat(Qt.TextFormat.PlainText)
        self.header.addWidget(self.length)
        self.column.addLayout(_row(self.sample, opening, stretch=0))
        self.box.setMinimumHeight(5 * GRID)
        self.column.addWidget(self.box, 1)
        self.column.addLayout(_row(_named("merges", self), self.merges, _named("of", self), self.alphabet, stretch=3))
        self.learn.setToolTip("Learn merges from this text (Ctrl+Enter)")
        self.learn.setShortcut("Ctrl+Return")
        self.cancel.setToolTip("Stop learning; what was learned before stays (Ctrl+.)")
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(GRID)
        self.column.addLayout(_row(_named("cut at", self), self.cut, self.learn, self.cancel, stretch=1))
        self.column.addWidget(self.bar)
        self.follow(None, busy=False)

    @Slot()
    def _on_text(self) -> None:
        characters = len(self.box.text)
        seen = f", the first {SHOWN:,} are shown" if characters > SHOWN else ""
        self.length.setText(f"{characters:,} characters{seen}")

    @Slot()
    def _on_sample(self) -> None:
        path = self.sample.currentData()
        if path is None:
            return
        try:
            self.box.put(read_text(path))
        except AttnvizError as error:
            self.failed.emit(error)
        self._on_text()

    @Slot()
    def _on_alphabet(self) -> None:
        """Bytes go with GPT-2's pattern, characters with words and signs."""
        usual = "gpt2" if self.alphabet.currentData() == "bytes" else "words"
        self.cut.setCurrentIndex(self.cut.findData(usual))

    @Slot()
    def _on_open(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(
            self, "Open a text", str(Path.home()), "Texts (*.txt *.md);;All files (*)"
        )
        if chosen:
            self.opened.emit(chosen)


def _choice(entries: tuple[tuple[str, str], ...], tip: str, parent: QWidget) -> QComboBox:
    box = QComboBox(parent)
    for shown, value in entries:
        box.addItem(shown, value)
    box.setToolTip(tip)
    box.setAccessibleName(tip.partition(":")[0])
    return box


def _named(text: str, parent: QWidget) -> QLabel:
    label = QLabel(text, parent)
    label.setObjectName("muted")
    return label


def _row(*widgets: QWidget, stretch: int) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(GRID)
    for number, widget in enumerate(widgets):
        row.addWidget(widget, 1 if number == stretch else 0)
    return row
