"""How the Cut page is laid out: chips above, stages and numbers below, and what was changed once something is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QSplitter, QToolButton, QVBoxLayout, QWidget

from attnviz.tabs.page import Page
from attnviz.tabs.tokenization_change_list import ChangeList
from attnviz.views.compare_rows import CompareRows
from attnviz.views.cut_chips import CutChips
from attnviz.views.cut_stages import CutStages
from attnviz.views.palette import BASE, GRID, ui_font
from attnviz.views.piece_table import PieceTable
from attnviz.views.shift_table import ShiftTable

if TYPE_CHECKING:
    from attnviz.engine import Engine


class CutLayout(Page):
    """The widgets of the page, in their places; what they do is the page's."""

    def __init__(self, engine: Engine, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.chips, self.stages, self.pieces = CutChips(self), CutStages(self), PieceTable(self)
        self.tokenizer, self.opening = QComboBox(self), QPushButton("Open tokenizer.json…", self)
        self.forbid = QPushButton("Forbid this piece", self)
        self.back, self.on = QToolButton(self), QToolButton(self)
        self.both_ways, self.shift = CompareRows(self), ShiftTable(self)
        self.changes, self.said = ChangeList("as the checkpoint has it", self), QLabel(self)
        self._build()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        split = QSplitter(Qt.Orientation.Vertical, self)
        self._top = self.panel("Pieces", self.chips)
        self.tokenizer.setToolTip("The tokenizer that cuts")
        self.tokenizer.setAccessibleName("Tokenizer")
        self.tokenizer.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.opening.setToolTip("Cut with a tokenizer from disk")
        for control in (self.forbid, self.tokenizer, self.opening):
            self._top.add_control(control)
        self._after = self.panel("Before and after", self.both_ways)
        self._after.set_subtitle("coloured: pieces that the other way of cutting doesn't have")
        lower = QSplitter(Qt.Orientation.Horizontal, self)
        lower.addWidget(self._build_stages())
        lower.addWidget(self.panel("Pieces in numbers", self.pieces))
        lower.addWidget(self._build_what_if())
        lower.setSizes([430, 370, 400])
        for part in (self._top, self._after, lower):
            split.addWidget(part)
        for splitter in (split, lower):
            splitter.setChildrenCollapsible(False)
        split.setSizes([132, 168, 380])
        split.setStretchFactor(2, 1)
        column.addWidget(split)

    def _build_stages(self) -> QWidget:
        self._stages = self.panel("Stages", self.stages)
        for button, text, tip in ((self.back, "◀", "One stage back"), (self.on, "▶", "One stage on")):
            button.setText(text)
            button.setToolTip(tip)
            button.setAccessibleName(tip)
            button.setFixedSize(4 * GRID, 3 * GRID)
            button.setStyleSheet("padding: 0")
            self._stages.add_control(button)
        return self._stages

    def _build_what_if(self) -> QWidget:
        """The list of changes over what they do to the masked word."""
        self._what_if = QSplitter(Qt.Orientation.Vertical, self)
        self._what_if.setChildrenCollapsible(False)
        self._what_if.addWidget(self.panel("What if", self.changes))
        self._masked = self.panel("The masked word, before and after", self.shift)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setFont(ui_font(BASE))
        self.said.setWordWrap(True)
        self._masked.add_row(self.said)
        self._what_if.addWidget(self._masked)
        self._what_if.setSizes([120, 260])
        return self._what_if
