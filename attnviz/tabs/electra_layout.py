"""How ELECTRA's page is laid out: controls and counts at the left, the text above, the generator's words and every number below."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QSplitter, QVBoxLayout, QWidget

from attnviz.tabs.electra_controls import ElectraControls
from attnviz.tabs.page import Page
from attnviz.views.candidate_bars import CandidateBars
from attnviz.views.objectives import Objectives
from attnviz.views.palette import GRID
from attnviz.views.spoiled_chips import SpoiledChips
from attnviz.views.spoiled_table import SpoiledTable

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from attnviz.engine import Engine

SIDE = 35 * GRID
LONGEST_WORD = 60
NOTHING_CHOSEN = "Click a word above to see what the generator would put there."
TEXT, LOWER = 45 * GRID, 26 * GRID


class ElectraLayout(Page):
    """The widgets of the page, in their places; what they do is the page's."""

    def __init__(self, engine: Engine, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.controls = ElectraControls(self)
        self.chips, self.table = SpoiledChips(self), SpoiledTable(self)
        self.objectives, self.bars = Objectives(self), CandidateBars(self, NOTHING_CHOSEN)
        self.word, self.put_in, self.said = QLineEdit(self), QPushButton("Put in", self), QLabel(self)
        self._split = QSplitter(Qt.Orientation.Vertical, self)
        self._is_divided = False
        self._build()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The first time there is a real height, the text gets three lines of it; more room goes to what is below."""
        super().resizeEvent(event)
        if not self._is_divided and self._split.height() > 2 * LOWER:
            self._is_divided = True
            text = min(TEXT, self._split.height() - LOWER)
            self._split.setSizes([text, self._split.height() - text])

    def _build(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        side = QVBoxLayout()
        side.setSpacing(GRID)
        self.controls.setFixedWidth(SIDE)
        side.addWidget(self.controls)
        objectives = self.panel("Two objectives", self.objectives)
        objectives.setFixedWidth(SIDE)
        side.addWidget(objectives, 1)
        row.addLayout(side)
        split = self._split
        split.setChildrenCollapsible(False)
        self._chips_panel = self.panel("The text as the discriminator reads it", self.chips)
        split.addWidget(self._chips_panel)
        split.addWidget(self._lower())
        split.setStretchFactor(0, 0)
        split.setStretchFactor(1, 1)
        right = QVBoxLayout()
        right.setSpacing(GRID)
        right.addWidget(split, 1)
        self.said.setTextFormat(Qt.TextFormat.PlainText)
        self.said.setWordWrap(True)
        self.said.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.said.setMinimumHeight(2 * self.said.fontMetrics().lineSpacing())
        self.said.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        right.addWidget(self.said)
        row.addLayout(right, 1)

    def _lower(self) -> QWidget:
        lower = QSplitter(Qt.Orientation.Horizontal, self)
        lower.setChildrenCollapsible(False)
        self._bars_panel = self.panel("The generator's words", self.bars)
        self._bars_panel.add_row(self._hand())
        lower.addWidget(self._bars_panel)
        lower.addWidget(self.panel("Masked, put in or suspected", self.table))
        lower.setStretchFactor(0, 2)
        lower.setStretchFactor(1, 3)
        lower.setSizes([46 * GRID, 70 * GRID])
        return lower

    def _hand(self) -> QWidget:
        """The line in which another word is typed."""
        hand = QWidget(self)
        row = QHBoxLayout(hand)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        self.word.setMaxLength(LONGEST_WORD)
        self.word.setToolTip("Any word to stand at this position instead (Enter puts it in)")
        self.word.setAccessibleName("Another word")
        self.put_in.setToolTip("Put the word in, and see whether it is caught")
        row.addWidget(self.word, 1)
        row.addWidget(self.put_in)
        return hand
