"""512: what happens to a text that is longer than the model reads, and windows that slide over it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QSpinBox, QSplitter, QVBoxLayout, QWidget

from attnviz import places
from attnviz.jobs.read_long import ReadLong
from attnviz.tabs.page import draw, put
from attnviz.tabs.text_page import TextPage
from attnviz.text.spans import word_spans
from attnviz.trace import Cursor, Windows
from attnviz.views.lettering import percent
from attnviz.views.long_look import LongLook, look_of
from attnviz.views.long_reading import Reading
from attnviz.views.long_text import LongText
from attnviz.views.palette import GRID
from attnviz.views.window_bars import WindowBars
from attnviz.views.window_table import WindowTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from attnviz.engine import Engine
    from attnviz.tabs.scene import Scene
    from attnviz.views.view import View

TOP = 10
CUT, SLIDE = "cut off", "windows"
LEAST_STRIDE, FIRST_STRIDE, MOST_STRIDE = 16, 256, 4096
SAMPLE = "the_low_country.txt"
MASKED = (0.1, 0.5, 0.75, 0.97)
"""Where in the sample words are masked, as shares of it."""


class LongPage(TextPage):
    """The whole text, the windows over it, and its masks, under one look."""

    def __init__(self, engine: Engine, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.look = LongLook()
        self.reading = self.asking()
        self.text, self.bars, self.table = LongText(self), WindowBars(self), WindowTable(self)
        self.way, self.stride = QComboBox(self), QSpinBox(self)
        self.sample = QPushButton("Take a long sample", self)
        self._build()
        for view in self.views():
            view.pointed.connect(self.point)
        self.reading.came.connect(self._redraw)
        self.reading.answered.connect(self._redraw)
        self.way.currentIndexChanged.connect(self._on_changed)
        self.stride.valueChanged.connect(self._on_changed)
        self.sample.clicked.connect(self._on_sample)

    def views(self) -> Sequence[View]:
        return (self.text, self.bars, self.table)

    def ask(self) -> None:
        scene = self.scene
        if scene.reference is None or not scene.sentence.strip():
            self.empty()
        else:
            stride = self.stride.value() if self.way.currentText() == SLIDE else None
            put(self.reading, ReadLong(scene.reference, scene.sentence, scene.masked, stride, TOP))
            self._redraw()

    def point(self, cursor: Cursor) -> None:
        """Look at a word, a mask or a window."""
        self.look = look_of(cursor)
        self._redraw()

    def free(self) -> None:
        self.point(LongLook())

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        split = QSplitter(Qt.Orientation.Vertical, self)
        split.setChildrenCollapsible(False)
        self._text_panel = self.panel("The text", self.text)
        self._build_controls()
        split.addWidget(self._text_panel)
        lower = QSplitter(Qt.Orientation.Horizontal, self)
        lower.setChildrenCollapsible(False)
        self._bars_panel = self.panel("What is read", self.bars)
        lower.addWidget(self._bars_panel)
        lower.addWidget(self.panel("Masks", self.table))
        lower.setSizes([66 * GRID, 86 * GRID])
        split.addWidget(lower)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 1)
        split.setSizes([44 * GRID, 32 * GRID])
        column.addWidget(split)

    def _build_controls(self) -> None:
        self.sample.setToolTip("Put a text of some 900 tokens into the sentence above, with four words masked")
        self.way.addItems([CUT, SLIDE])
        self.way.setAccessibleName("What is done with a text that is too long")
        self.way.setToolTip("Cut off what is too long, as BERT does, or let windows slide over the whole text")
        self.stride.setRange(LEAST_STRIDE, MOST_STRIDE)
        self.stride.setValue(FIRST_STRIDE)
        self.stride.setAccessibleName("Stride")
        label = QLabel("stride", self)
        label.setBuddy(self.stride)
        for control in (self.sample, self.way, label, self.stride):
            self._text_panel.add_control(control)
        self._follow()

    def _follow(self) -> None:
        slides = self.way.currentText() == SLIDE
        self.stride.setEnabled(slides)
        tip = "How many tokens each window begins behind the one before; the rest of it overlaps"
        self.stride.setToolTip(tip if slides else "What is too long is cut off: choose windows to let them slide")

    def _bound(self, reading: Reading | None) -> None:
        """Offer the strides that the model's windows allow."""
        room = MOST_STRIDE if reading is None else max(1, reading.windows.limit - reading.windows.added)
        self.stride.blockSignals(True)
        self.stride.setRange(min(LEAST_STRIDE, room), room)
        self.stride.blockSignals(False)

    @Slot()
    def _on_changed(self) -> None:
        self._follow()
        self.look = replace(self.look, window=None)
        self.ask()

    @Slot()
    def _on_sample(self) -> None:
        self.wished.emit(long_sample(self.scene))

    @Slot()
    def _redraw(self) -> None:
        trace = self.reading.newest(Windows)
        draw(self.views(), trace, self.look)
        reading = self.text.reading
        self._bound(reading)
        self._text_panel.set_subtitle("" if reading is None else _read(reading))
        self._bars_panel.set_subtitle(
            "" if reading is None else " · ".join(filter(None, (_slid(reading), self.unchanged())))
        )


def long_sample(scene: Scene) -> Scene:
    """The sample's text in place of the sentence, with a word masked here and there."""
    text = " ".join((places.resources() / "samples" / SAMPLE).read_text(encoding="utf-8").split())
    words = [span for span in word_spans(text) if text[span[0]].islower() and span[1] - span[0] > 3]
    masked = tuple(words[int(share * len(words))] for share in MASKED)
    return replace(scene, sentence=text, masked=masked)


def _read(reading: Reading) -> str:
    """How much of the text is read, in numbers."""
    windows = reading.windows
    limit = f"the model reads {windows.limit:,} at once, {windows.added} of them special"
    if reading.total + windows.added <= windows.limit:
        return f"{reading.total:,} tokens: all of it fits · {limit}"
    if windows.stride is None:
        rest = reading.end - reading.read
        return f"{reading.total:,} tokens · {limit} · {rest:,} are cut off ({percent(rest / reading.total)})"
    return f"{reading.total:,} tokens, all of them read · {limit}"


def _slid(reading: Reading) -> str:
    count = len(reading.windows.windows)
    if reading.windows.stride is None or count == 1:
        return "one window" if reading.windows.stride is not None else ""
    overlap = len(reading.windows.windows[0]) - reading.windows.stride
    twice = float((reading.depth > 1).mean())
    return f"{count} windows · overlap {max(0, overlap)} or more · {percent(twice)} read more than once"
