"""Why BPE: whole words against pieces, learned on the same text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from attnviz.tabs.page import Page, draw
from attnviz.trace import Why
from attnviz.views.moment import Moment
from attnviz.views.palette import GRID
from attnviz.views.why_families import WhyFamilies, WhySharings
from attnviz.views.why_numbers import WhyNumbers
from attnviz.views.why_plot import WhyPlot

if TYPE_CHECKING:
    from attnviz.engine import Engine
    from attnviz.tabs.asking import Asking
    from attnviz.views.view import View


class WhyPage(Page):
    """Draws what the learning page's question brought."""

    def __init__(self, engine: Engine, learning: Asking, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self._learning = learning
        self.numbers, self.plot = WhyNumbers(self), WhyPlot(self)
        self.families, self.sharings = WhyFamilies(self), WhySharings(self)
        self._build()
        learning.answered.connect(self.ask)

    def views(self) -> tuple[View, ...]:
        return (self.numbers, self.plot, self.families, self.sharings)

    @Slot()
    def ask(self) -> None:
        why = self._learning.trace.find(Why)
        draw(self.views(), self._learning.trace, Moment())
        if why is not None:
            self._plot.set_subtitle(f"{why.held_out:,} words that were held out")
            self._families.set_subtitle("coloured: pieces that two or more words of the row share")

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        top = self.panel("Whole words or pieces", self.numbers)
        top.set_subtitle("the same text, two vocabularies")
        column.addWidget(top)
        middle = QSplitter(Qt.Orientation.Horizontal, self)
        middle.setChildrenCollapsible(False)
        self._plot = self.panel("Unknown words", self.plot)
        middle.addWidget(self._plot)
        sharing = self.panel("Relatives that share their first piece", self.sharings)
        middle.addWidget(sharing)
        middle.setSizes([600, 600])
        self._families = self.panel("Families", self.families)
        lower = QSplitter(Qt.Orientation.Vertical, self)
        lower.setChildrenCollapsible(False)
        for place, part in enumerate((middle, self._families)):
            lower.addWidget(part)
            lower.setStretchFactor(place, 1)
        lower.setSizes([32 * GRID, 32 * GRID])
        column.addWidget(lower, 1)
