"""How the inspector is laid out: tokens above, all heads at the left, one thing in detail, the cursor and what-ifs at the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLabel, QSplitter, QVBoxLayout, QWidget

from attnviz.tabs.inspector_changes import InspectorChanges
from attnviz.tabs.inspector_pages import InspectorPages
from attnviz.views.cell_card import CellCard
from attnviz.views.head_grid import HeadGrid
from attnviz.views.head_table import HeadTable
from attnviz.views.palette import GRID, SMALL, ui_font
from attnviz.views.panel import Panel
from attnviz.views.scroller import make_scroller
from attnviz.views.shift_table import ShiftTable
from attnviz.views.token_chips import TokenChips

if TYPE_CHECKING:
    from attnviz.views.view import View

SITES = ("encoder", "decoder", "cross")
SENTENCE, DECODED = "the sentence", "what is decoded"


class InspectorLayout:
    """The widgets of the tab, in their places; what they do is the tab's."""

    def __init__(self, tab: QWidget) -> None:
        self.chips = TokenChips(tab, compact=True, clickable="pin")
        self.grid, self.table = HeadGrid(tab), HeadTable(tab)
        self.pages, self.card = InspectorPages(tab), CellCard(tab)
        self.changes, self.shifts = InspectorChanges(tab), ShiftTable(tab)
        self.site, self.subject = QComboBox(tab), QComboBox(tab)
        self._tab = tab
        self._panels: list[Panel] = [self.pages.panel]
        self._build()

    @property
    def views(self) -> tuple[View, ...]:
        return (self.chips, self.grid, *self.pages.views, self.card, self.table, self.shifts)

    @property
    def panels(self) -> tuple[Panel, ...]:
        return tuple(self._panels)

    def _build(self) -> None:
        column = QVBoxLayout(self._tab)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(GRID)
        tokens = self._panel("Tokens", self.chips)
        self.subject.addItems([SENTENCE, DECODED])
        self.subject.setAccessibleName("What is inspected")
        self.subject.hide()
        tokens.add_control(self.subject)
        column.addWidget(tokens)
        split = QSplitter(Qt.Orientation.Horizontal, self._tab)
        split.setChildrenCollapsible(False)
        for part in (self._left(), self.pages.panel, self._right()):
            split.addWidget(part)
        split.setSizes([416, 576, 258])
        for place, stretch in enumerate((2, 3, 1)):
            split.setStretchFactor(place, stretch)
        column.addWidget(split, 1)

    def _panel(self, title: str, view: View, body: QWidget | None = None) -> Panel:
        panel = Panel(title, view, parent=self._tab, body=body)
        self._panels.append(panel)
        return panel

    def _left(self) -> QWidget:
        column = QSplitter(Qt.Orientation.Vertical, self._tab)
        column.setChildrenCollapsible(False)
        heads = self._panel("All heads", self.grid)
        self.site.addItems(list(SITES))
        self.site.setAccessibleName("Whose attention")
        self.site.setToolTip(
            "The encoder's attention, the decoder's to what it has written, or from decoder to encoder"
        )
        self.site.hide()
        heads.add_control(self.site)
        column.addWidget(heads)
        column.addWidget(self._panel("Heads in numbers", self.table))
        column.setSizes([256, 304])
        return column

    def _right(self) -> QWidget:
        column = QSplitter(Qt.Orientation.Vertical, self._tab)
        column.setChildrenCollapsible(False)
        seen = make_scroller(self.card, self._tab)
        for part in (seen.viewport(), self.card):
            part.setAutoFillBackground(False)
        self.card_panel = self._panel("Under the cursor", self.card, seen)
        column.addWidget(self.card_panel)
        self.changes_panel = self._panel("What if", self.changes.list, self.changes)
        self.changes_panel.add_control(self.pages.comparison)
        column.addWidget(self.changes_panel)
        self.shift_panel = self._panel("Prediction, changed", self.shifts)
        self.shifts.narrow()
        self.shift_said = QLabel(self._tab)
        self.shift_said.setFont(ui_font(SMALL))
        self.shift_said.setTextFormat(Qt.TextFormat.PlainText)
        self.shift_said.setWordWrap(True)
        self.shift_panel.add_row(self.shift_said)
        self.shift_panel.hide()
        column.addWidget(self.shift_panel)
        column.setSizes([300, 132, 140])
        column.setStretchFactor(0, 1)
        return column

    def say_checked(self, sentence: str, tip: str) -> None:
        """How far a second way of computing the head's weights is from what is shown."""
        self.card_panel.set_subtitle(sentence, tip)
