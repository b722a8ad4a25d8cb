"""How the page of several masks is laid out: tokens, three ways, the steps of one of them, and the score of the sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QLabel, QPushButton, QSplitter, QVBoxLayout, QWidget

from attnviz.tabs.page import Page
from attnviz.views.fill_steps import FillSteps
from attnviz.views.fill_ways import FillWays
from attnviz.views.likelihood_bars import LikelihoodBars
from attnviz.views.palette import GRID
from attnviz.views.token_chips import TokenChips
from attnviz.views.transport import Transport

if TYPE_CHECKING:
    from attnviz.engine import Engine
    from attnviz.views.view import View

CHIPS = 15 * GRID  # two lines
SCORINGS = ("each piece alone", "with the pieces after it")
SCORING_TIP = (
    "How a word of several pieces is scored: each piece masked alone (Salazar et al. 2020), "
    "or with the later pieces of the word masked too, which would give it away (Kauf & Ivanova 2023)"
)
SCORE_TIP = (
    "The sum of ln p of every token, each masked in turn, and exp of its negative mean: "
    "how many words the model hesitates between, at a guess, at each token"
)


class SeveralLayout(Page):
    """The widgets of the page, in their places."""

    def __init__(self, engine: Engine, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.chips, self.ways = TokenChips(self), FillWays(self)
        self.steps, self.bars = FillSteps(self), LikelihoodBars(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        self.chips.setMaximumHeight(CHIPS)
        self.chips_panel = self.panel("Tokens", self.chips)
        column.addWidget(self.chips_panel)
        self._build_ways()
        column.addWidget(self.ways_panel)
        lower = QSplitter(Qt.Orientation.Horizontal, self)
        lower.setChildrenCollapsible(False)
        self.steps_panel = self.panel("Step by step", self.steps)
        lower.addWidget(self.steps_panel)
        self._build_bars()
        lower.addWidget(self.bars_panel)
        lower.setSizes([640, 640])
        column.addWidget(lower, 1)

    def views(self) -> tuple[View, ...]:
        return (self.chips, self.ways, self.steps, self.bars)

    def offer_steps(self, *, some: bool) -> None:
        """Without a mask there are no steps, and the sentence's score has the room."""
        self.steps_panel.setVisible(some)
        for control in (self.transport, self.put_in):
            control.setVisible(some)

    def _build_ways(self) -> None:
        self.ways_panel = self.panel("Filled three ways", self.ways)
        self.transport = Transport(self)
        for keys, name in (("Alt+Left", "back"), ("Alt+Right", "on"), ("Alt+P", "play")):
            shortcut = QShortcut(QKeySequence(keys), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
            shortcut.activated.connect(self.transport.buttons[name].click)
        self.put_in = QPushButton("Put into the sentence", self)
        self.put_in.setToolTip(
            "Write the words of the chosen way where the masks are; Ctrl+Z in the sentence takes them back"
        )
        self.ways_panel.add_control(self.transport)
        self.ways_panel.add_control(self.put_in)

    def _build_bars(self) -> None:
        self.bars_panel = self.panel("Pseudo-log-likelihood", self.bars)
        self.scoring_box = QComboBox(self)
        self.scoring_box.addItems(SCORINGS)
        self.scoring_box.setAccessibleName("How words of several pieces are scored")
        self.scoring_box.setToolTip(SCORING_TIP)
        self.bars_panel.add_control(self.scoring_box)
        self.score = QLabel(self)
        self.score.setTextFormat(Qt.TextFormat.PlainText)
        self.score.setWordWrap(True)
        self.score.setToolTip(SCORE_TIP)
        self.bars_panel.add_row(self.score)
