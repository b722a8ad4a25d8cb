"""How the Learn page is laid out: the text and its merges at the left, the moment at the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QSplitter, QVBoxLayout, QWidget

from attnviz.tabs.page import Page
from attnviz.tabs.tokenization_changes import Changes
from attnviz.tabs.tokenization_corpus import CorpusFrame
from attnviz.tabs.tokenization_save import SaveButton
from attnviz.views.curve_plot import CurvePlot
from attnviz.views.merge_slider import MergeSlider
from attnviz.views.merge_strip import MergeStrip
from attnviz.views.merge_table import MergeTable
from attnviz.views.merge_tree import MergeTreeView
from attnviz.views.moment_facts import MomentFacts
from attnviz.views.palette import GRID

if TYPE_CHECKING:
    from attnviz.engine import Engine
    from attnviz.views.panel import Panel

LEFT = 54 * GRID


class LearnLayout(Page):
    """The widgets of the page, in their places; what they do is the page's."""

    def __init__(self, engine: Engine, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.corpus, self.table, self.slider = CorpusFrame(self), MergeTable(self), MergeSlider(self)
        self.strip, self.changed_strip, self.facts = MergeStrip(self), MergeStrip(self), MomentFacts(self)
        self.per_word, self.per_token = CurvePlot("tokens per word", self), CurvePlot("characters per token", self)
        self.tree, self.changes = MergeTreeView(self), Changes(self)
        self.wanted_piece, self.save = QLineEdit(self), SaveButton(self)
        self._build()

    def _build(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        split = QSplitter(Qt.Orientation.Horizontal, self)
        split.setChildrenCollapsible(False)
        split.addWidget(self._left())
        split.addWidget(self._right())
        split.setSizes([LEFT, 103 * GRID])
        split.setStretchFactor(0, 0)
        split.setStretchFactor(1, 1)
        row.addWidget(split)

    def _left(self) -> QWidget:
        column = QSplitter(Qt.Orientation.Vertical, self)
        column.setChildrenCollapsible(False)
        column.addWidget(self.corpus)
        merges = self.panel("Merges", self.table)
        self.wanted_piece.setPlaceholderText("find a piece")
        self.wanted_piece.setToolTip("Write a piece and press Enter to go to the merge that made it (Ctrl+F)")
        self.wanted_piece.setAccessibleName("Find a piece")
        self.wanted_piece.setMaximumWidth(16 * GRID)
        merges.add_control(self.wanted_piece)
        merges.add_control(self.save)
        column.addWidget(merges)
        column.setSizes([32 * GRID, 53 * GRID])
        column.setStretchFactor(0, 0)
        column.setStretchFactor(1, 1)
        return column

    def _right(self) -> QWidget:
        right = QWidget(self)
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        self._time = self.panel("Time machine", self.strip)
        self._time.set_subtitle(
            "the sentence above, cut as of one merge; a click opens a piece, a double click goes to its merge"
        )
        self._time.add_row(self.slider)
        self._time.add_row(self.facts)
        column.addWidget(self._time)
        self._after = self.panel("The sentence, with your changes", self.changed_strip)
        self._after.hide()
        column.addWidget(self._after)
        plots = QSplitter(Qt.Orientation.Horizontal, right)
        self._plots: tuple[Panel, Panel] = (
            self.panel("Tokens per word", self.per_word),
            self.panel("Characters per token", self.per_token),
        )
        for panel in self._plots:
            panel.set_subtitle("blue: sentence, grey: corpus")
        lower = QSplitter(Qt.Orientation.Horizontal, right)
        self._tree = self.panel("How a piece was made", self.tree)
        for splitter, widgets in ((plots, self._plots), (lower, (self._tree, self.panel("What if", self.changes)))):
            splitter.setChildrenCollapsible(False)
            for widget in widgets:
                splitter.addWidget(widget)
        lower.setSizes([70 * GRID, 37 * GRID])
        plots.setSizes([100, 100])
        column.addWidget(plots, 4)
        column.addWidget(lower, 5)
        return right
