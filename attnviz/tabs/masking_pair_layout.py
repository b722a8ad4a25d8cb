"""How the page of pairs is laid out: two sentences and both answers on top, the way of [CLS] below, the shipped pairs beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QGridLayout, QLabel, QLineEdit, QPushButton, QSplitter, QVBoxLayout, QWidget

from attnviz.tabs.page import Frame, Page
from attnviz.tabs.pair_samples import samples
from attnviz.views.cls_focus import ClsFocus
from attnviz.views.cls_states import ClsStates
from attnviz.views.logit_table import LogitTable
from attnviz.views.pair_table import PairTable
from attnviz.views.palette import BASE, GRID, SMALL, ui_font
from attnviz.views.panel import Panel
from attnviz.views.pooler_strips import PoolerStrips
from attnviz.views.sentence_box import MOST_CHARACTERS
from attnviz.views.sentence_shares import SentenceShares
from attnviz.views.verdict_view import VerdictView

if TYPE_CHECKING:
    from attnviz.engine import Engine
    from attnviz.views.view import View

MEAN = "mean of heads"
ORDER = (
    "Training asks: true neighbours, or a stranger? Swapped neighbours are never shown to it, so expect them to pass; "
    "strangers on the same topic are hard."
)


class PairLayout(Page):
    """The widgets; what they do, the page says."""

    def __init__(self, engine: Engine, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.first, self.second = self._line("first"), self._line("second")
        self.swap = QPushButton("Swap", self)
        self.swap.setToolTip("Put the second sentence first; both orders are judged all the time")
        self.forwards = VerdictView("The second follows the first", self)
        self.backwards = VerdictView("The first follows the second", self)
        self.focus, self.shares = ClsFocus(self), SentenceShares(self)
        self.states, self.pooler, self.logits = ClsStates(self), PoolerStrips(self), LogitTable(self)
        self.table = PairTable(samples(), self)
        self.heads = QComboBox(self)
        self.heads.addItem(MEAN)
        self.heads.setToolTip("One head of every layer, or the mean of all heads")
        self.heads.setAccessibleName("Head")
        self.heads.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self._build()

    @property
    def path(self) -> tuple[View, ...]:
        """The way from the first token's attention to the logits."""
        return (self.focus, self.shares, self.states, self.pooler, self.logits)

    def _line(self, which: str) -> QLineEdit:
        line = QLineEdit(self)
        line.setMaxLength(MOST_CHARACTERS)
        line.setAccessibleName(f"The {which} sentence")
        line.setPlaceholderText(f"The {which} sentence")
        line.setToolTip(f"The {which} sentence of the pair; one or a few. It is judged while you type.")
        return line

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        top = QGridLayout()
        top.setSpacing(GRID)
        top.addWidget(self._sentences(), 0, 0)
        self._forwards_panel = self.panel("Does the second follow the first?", self.forwards)
        top.addWidget(self._forwards_panel, 0, 1)
        top.addWidget(self.panel("And in the other order?", self.backwards), 0, 2)
        for place, share in enumerate((5, 4, 4)):
            top.setColumnStretch(place, share)
        column.addLayout(top)
        below = QSplitter(Qt.Orientation.Horizontal, self)
        below.setChildrenCollapsible(False)
        below.addWidget(self._path())
        below.addWidget(self._right())
        below.setSizes([98 * GRID, 60 * GRID])
        below.setStretchFactor(0, 3)
        below.setStretchFactor(1, 2)
        column.addWidget(below, 1)

    def _sentences(self) -> QWidget:
        frame = Frame("Two sentences", self)
        frame.header.addWidget(self.swap)
        for line in (self.first, self.second):
            line.setFont(ui_font(BASE))
            frame.column.addWidget(line)
        return frame

    def _path(self) -> QWidget:
        path = QSplitter(Qt.Orientation.Vertical, self)
        path.setChildrenCollapsible(False)
        attention = QSplitter(Qt.Orientation.Horizontal, path)
        attention.setChildrenCollapsible(False)
        looks = self.panel("1  What [CLS] attends to", self.focus)
        looks.add_control(self.heads)
        attention.addWidget(looks)
        attention.addWidget(self.panel("Summed by sentence", self.shares))
        attention.setSizes([56 * GRID, 42 * GRID])
        path.addWidget(attention)
        states = self.panel("2  Its state, layer by layer", self.states)
        path.addWidget(states)
        pooler = self.panel("3  The pooler: a linear map, tanh, and what each coordinate adds", self.pooler)
        path.addWidget(pooler)
        for place, share in enumerate((3, 3, 0)):
            path.setStretchFactor(place, share)
        path.setSizes([26 * GRID, 22 * GRID, 14 * GRID])
        return path

    def _right(self) -> QWidget:
        right = QSplitter(Qt.Orientation.Vertical, self)
        right.setChildrenCollapsible(False)
        self._table_panel = self.panel("Pairs to try", self.table)
        self._table_panel.add_row(self._remark())
        right.addWidget(self._table_panel)
        self._logits_panel: Panel = self.panel("4  What decides the logits", self.logits)
        right.addWidget(self._logits_panel)
        right.setSizes([36 * GRID, 26 * GRID])
        return right

    def _remark(self) -> QLabel:
        label = QLabel(ORDER, self)
        label.setObjectName("muted")
        label.setFont(ui_font(SMALL))
        label.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(True)
        return label

    def _offer_heads(self, count: int) -> None:
        """As many heads as the model has, keeping the choice where it still exists."""
        if count + 1 == self.heads.count():
            return
        kept = min(self.heads.currentIndex(), count)
        self.heads.blockSignals(True)
        self.heads.clear()
        self.heads.addItems([MEAN, *(f"head {head}" for head in range(count))])
        self.heads.setCurrentIndex(kept)
        self.heads.blockSignals(False)
