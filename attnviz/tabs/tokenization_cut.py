"""Cut: one tokenizer on the sentence, stage by stage."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QComboBox, QPushButton, QSplitter, QToolButton, QVBoxLayout, QWidget

from attnviz.jobs.cut_text import CutText
from attnviz.tabs.page import Page, draw, put
from attnviz.tabs.tokenization_sources import LEARNED, Sources, ask_for_tokenizer
from attnviz.trace import Cut
from attnviz.views.cut_chips import CutChips, stage_number
from attnviz.views.cut_stages import CutStages, visible_note
from attnviz.views.moment import Moment
from attnviz.views.palette import GRID
from attnviz.views.piece_table import PieceTable

if TYPE_CHECKING:
    from attnviz.engine import Engine
    from attnviz.errors import AttnvizError
    from attnviz.trace import Cursor
    from attnviz.views.view import View


class CutPage(Page):
    """Chips above, stages and numbers below; one cursor for all three."""

    def __init__(self, engine: Engine, sources: Sources, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.moment = Moment()
        self.cutting = self.asking()
        self.chips, self.stages, self.pieces = CutChips(self), CutStages(self), PieceTable(self)
        self.tokenizer = QComboBox(self)
        self._sources = sources
        self._wanted = ""
        self._build()
        for view in self.views():
            view.pointed.connect(self.point)
        sources.changed.connect(self._on_sources)
        self.tokenizer.activated.connect(self._on_chosen)
        self.cutting.answered.connect(self._on_cut)
        self.cutting.failed.connect(self._on_failed)

    def views(self) -> tuple[View, ...]:
        return (self.chips, self.stages, self.pieces)

    @property
    def cut(self) -> Cut | None:
        return next(iter(self.cutting.trace.every(Cut)), None)

    def ask(self) -> None:
        source = self._sources.named(self.tokenizer.currentText())
        if source is not None:
            put(self.cutting, CutText(self.scene.sentence, source))
        self._redraw()

    def point(self, moment: Cursor) -> None:
        """Look at a stage or a piece."""
        if isinstance(moment, Moment):
            self.moment = moment
            self._redraw()

    def free(self) -> None:
        self.point(replace(self.moment, query=None, pinned=False))

    def choose(self, name: str) -> None:
        """Cut with another of the tokenizers at hand."""
        self._wanted = name
        self.tokenizer.setCurrentIndex(self.tokenizer.findText(name))
        self.moment = Moment()
        self.ask()

    def open(self, path: str) -> None:
        """Cut with the tokenizer of a file."""
        self.choose(self._sources.add(path).shown)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        split = QSplitter(Qt.Orientation.Vertical, self)
        split.setChildrenCollapsible(False)
        self._top = self.panel("Pieces", self.chips)
        self.tokenizer.setToolTip("The tokenizer that cuts")
        self.tokenizer.setAccessibleName("Tokenizer")
        self.tokenizer.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        opening = QPushButton("Open tokenizer.json…", self)
        opening.setToolTip("Cut with a tokenizer from disk")
        opening.clicked.connect(self._on_open)
        self._top.add_control(self.tokenizer)
        self._top.add_control(opening)
        split.addWidget(self._top)
        lower = QSplitter(Qt.Orientation.Horizontal, self)
        lower.setChildrenCollapsible(False)
        self._stages = self.panel("Stages", self.stages)
        for text, tip, slot in (("◀", "One stage back", self._back), ("▶", "One stage on", self._on)):
            button = QToolButton(self)
            button.setText(text)
            button.setToolTip(tip)
            button.setAccessibleName(tip)
            button.setFixedSize(4 * GRID, 3 * GRID)
            button.setStyleSheet("padding: 0")
            button.clicked.connect(slot)
            self._stages.add_control(button)
        lower.addWidget(self._stages)
        lower.addWidget(self.panel("Pieces in numbers", self.pieces))
        lower.setSizes([600, 600])
        split.addWidget(lower)
        split.setSizes([160, 460])
        column.addWidget(split)

    def _step(self, by: int) -> None:
        cut = self.cut
        if cut is not None and cut.stages:
            stage = min(max(stage_number(cut, self.moment) + by, 0), len(cut.stages) - 1)
            self.point(replace(self.moment, stage=stage, query=None, pinned=False))

    @Slot()
    def _back(self) -> None:
        self._step(-1)

    @Slot()
    def _on(self) -> None:
        self._step(1)

    @Slot()
    def _on_open(self) -> None:
        if path := ask_for_tokenizer(self):
            self.open(path)

    @Slot()
    def _on_sources(self) -> None:
        """The checkpoint's tokenizer first, until somebody chose."""
        names = [source.shown for source in self._sources.every]
        usual = next((name for name in names if name != LEARNED), names[0] if names else "")
        chosen = self._wanted if self._wanted in names else usual
        self.tokenizer.clear()
        self.tokenizer.addItems(names)
        self.tokenizer.setCurrentIndex(self.tokenizer.findText(chosen))
        if self.isVisible():
            self.ask()

    @Slot()
    def _on_chosen(self) -> None:
        self.choose(self.tokenizer.currentText())

    @Slot()
    def _on_cut(self) -> None:
        self.moment = replace(self.moment, query=None, pinned=False)
        self._redraw()

    @Slot(object)
    def _on_failed(self, _error: AttnvizError) -> None:
        """A file that is no tokenizer is taken back, and the last one cuts on."""
        source = self._sources.named(self._wanted)
        if source is not None and source.path and source.shown != self._sources.every[0].shown:
            self._wanted = ""
            self._sources.drop(source)

    def _redraw(self) -> None:
        draw(self.views(), self.cutting.trace, self.moment)
        cut = self.cut
        if cut is None or not cut.stages:
            return
        number = stage_number(cut, self.moment)
        stage = cut.stages[number]
        self._top.set_title("Pieces" if number == len(cut.stages) - 1 else f"Stage {number + 1}: {stage.kind}")
        self._top.set_subtitle(
            f"{cut.model} · {cut.size:,} ids · {len(cut.pieces):,} pieces · {visible_note(stage.note)}"
        )
        self._stages.set_subtitle(f"{number + 1} of {len(cut.stages):,}")
