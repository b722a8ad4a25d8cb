"""How the mismatch page is laid out: the words on top, one of them three times at the left, the means and the reasons at the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QSplitter, QVBoxLayout, QWidget

from attnviz.tabs.page import Frame, Page
from attnviz.tabs.seed_box import SeedBox
from attnviz.views.line_plot import LinePlot
from attnviz.views.mismatch_reading import PLOT
from attnviz.views.palette import BASE, GRID, SMALL, ui_font
from attnviz.views.token_chips import TokenChips
from attnviz.views.treatment_columns import TreatmentColumns
from attnviz.views.treatment_table import TreatmentTable

if TYPE_CHECKING:
    from attnviz.engine import Engine

REASONS = 4


class MismatchLayout(Page):
    """The widgets of the page, in their places; what they do is the page's."""

    def __init__(self, engine: Engine, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.chips = TokenChips(self, compact=True, clickable="pin")
        self.columns, self.table = TreatmentColumns(self), TreatmentTable(self)
        self.curves = LinePlot(PLOT, "The curves come word by word.", self)
        self.seed = SeedBox("random words", self)
        self.said = _sentence(self, BASE)
        self.why = tuple(_sentence(self, SMALL, muted=True) for _ in range(REASONS))
        self._build()

    def say(self, said: str, reasons: tuple[str, ...], state: str) -> None:
        """The conclusion, the reasons, and how far the run is."""
        self.said.setText(said)
        for label, reason in zip(self.why, reasons, strict=True):
            label.setText(reason)
        self._means.set_subtitle(state)

    def name(self, word: str | None, position: int | None) -> None:
        """Say which position the columns show."""
        where = "" if word is None else f"“{word}” at position {position}, predicted three times"
        self._columns.set_subtitle(where)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        words = self.panel("Words", self.chips)
        words.set_subtitle("click one to see it three times; one piece at a time is changed, all others stay")
        words.add_control(self.seed)
        self.said.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self.said.setMinimumHeight(2 * self.said.fontMetrics().lineSpacing())
        words.add_row(self.said)
        column.addWidget(words)
        split = QSplitter(Qt.Orientation.Horizontal, self)
        split.setChildrenCollapsible(False)
        split.addWidget(self._left())
        split.addWidget(self._right())
        split.setSizes([114 * GRID, 42 * GRID])
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 0)
        column.addWidget(split, 1)

    def _left(self) -> QWidget:
        left = QSplitter(Qt.Orientation.Vertical, self)
        left.setChildrenCollapsible(False)
        self._columns = self.panel("One word, shown three ways", self.columns)
        left.addWidget(self._columns)
        curves = self.panel("Every word", self.curves)
        curves.set_subtitle("probability of the word that belongs there; a click goes to it")
        left.addWidget(curves)
        left.setSizes([41 * GRID, 26 * GRID])
        left.setStretchFactor(0, 3)
        left.setStretchFactor(1, 2)
        return left

    def _right(self) -> QWidget:
        right = QWidget(self)
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        self._means = self.panel("Means", self.table)
        self._means.setFixedHeight(18 * GRID)
        column.addWidget(self._means)
        notes = Frame("Why 80 / 10 / 10", right)
        for label in self.why:
            notes.column.addWidget(label)
        notes.column.addStretch(1)
        column.addWidget(notes, 1)
        return right


def _sentence(parent: QWidget, size: int, *, muted: bool = False) -> QLabel:
    label = QLabel(parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setFont(ui_font(size))
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    if muted:
        label.setObjectName("muted")
    return label
