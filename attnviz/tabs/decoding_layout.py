"""How the decoding tab is laid out: controls, where the decoder looks, one step in numbers or the beam's tree, the timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from attnviz.tabs.alignment_choice import AlignmentChoice
from attnviz.tabs.decoding_controls import DecodingControls
from attnviz.tabs.edit_list import EditList
from attnviz.views.alignment_map import AlignmentMap
from attnviz.views.beam_tree_view import BeamTreeView
from attnviz.views.decode_timeline import DecodeTimeline
from attnviz.views.fixed_vector import FixedVector
from attnviz.views.palette import GRID
from attnviz.views.panel import Panel
from attnviz.views.step_cards import StepCards
from attnviz.views.transformer_step import TransformerStep
from attnviz.views.transport import Transport

if TYPE_CHECKING:
    from attnviz.views.view import View

LEFT, RIGHT = 50 * GRID, 105 * GRID
CHANGES = 38 * GRID
ONE_LANE, TWO_LANES = 15 * GRID, 22 * GRID


class Looks(QWidget):
    """Where one model looks: its alignment, or for a model without attention the vector that everything passes through."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.alignment, self.fixed = AlignmentMap(self), FixedVector(self)
        self._stack = QStackedWidget(self)
        for view in self.views:
            self._stack.addWidget(view)
        self.choice = AlignmentChoice(self)
        self.panel = Panel("Where it looks", self.alignment, parent=self, body=self._stack)
        self.panel.add_row(self.choice)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.panel)

    @property
    def views(self) -> tuple[View, View]:
        return self.alignment, self.fixed

    def show_attention(self, *, attends: bool) -> None:
        """The alignment, or the one vector."""
        front = self.alignment if attends else self.fixed
        self._stack.setCurrentWidget(front)
        self.panel.view = front


class DecodingLayout:
    """The widgets of the tab, in their places; what they do is the tab's."""

    def __init__(self, tab: QWidget) -> None:
        self.controls = DecodingControls(tab)
        self.looks = (Looks(tab), Looks(tab))
        self.cards, self.layers, self.tree = StepCards(tab), TransformerStep(tab), BeamTreeView(tab)
        self.timeline, self.transport = DecodeTimeline(tab), Transport(tab)
        self.changes = EditList(
            "nothing is changed: click a word, hide a source token, or drag a recurrent model's weight", tab
        )
        self.pages, self._step = QStackedWidget(tab), QStackedWidget(tab)
        self.lane_buttons, self.page_buttons = QButtonGroup(tab), QButtonGroup(tab)
        self._both = False
        self._build(tab)

    @property
    def views(self) -> tuple[View, ...]:
        """All that draw a decoding, those of the second lane left out."""
        return (*self.looks[0].views, self.cards, self.layers, self.tree, self.timeline)

    @property
    def panels(self) -> tuple[Panel, ...]:
        return (*(looks.panel for looks in self.looks), self.step_panel, self.timeline_panel, self.changes_panel)

    def _build(self, tab: QWidget) -> None:
        column = QVBoxLayout(tab)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(GRID)
        column.addWidget(self.controls)
        column.addWidget(self._middle(tab), 1)
        column.addWidget(self._below(tab))

    def _middle(self, tab: QWidget) -> QWidget:
        middle = QSplitter(Qt.Orientation.Horizontal, tab)
        middle.setChildrenCollapsible(False)
        left = QSplitter(Qt.Orientation.Vertical, middle)
        left.setChildrenCollapsible(False)
        for looks in self.looks:
            left.addWidget(looks)
        self.looks[1].hide()
        middle.addWidget(left)
        middle.addWidget(self._steps(tab))
        middle.setSizes([LEFT, RIGHT])
        middle.setStretchFactor(0, 1)
        middle.setStretchFactor(1, 2)
        return middle

    def _steps(self, tab: QWidget) -> QWidget:
        for view in (self.cards, self.layers):
            self._step.addWidget(view)
        self.pages.addWidget(self._step)
        self.pages.addWidget(self.tree)
        self.step_panel = Panel("One step", self.cards, parent=tab, body=self.pages)
        self._pages_row = _switch(self.page_buttons, ("Step", "Beam tree"), "One step in numbers, or the whole search")
        self._lanes_row = _switch(self.lane_buttons, ("first", "second"), "Which of the two runs the step is shown of")
        self.step_panel.add_control(self._lanes_row)
        self.step_panel.add_control(self._pages_row)
        self._pages_row.hide()
        self._lanes_row.hide()
        return self.step_panel

    def _below(self, tab: QWidget) -> QWidget:
        below = QWidget(tab)
        row = QHBoxLayout(below)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        self.timeline_panel = Panel("Timeline", self.timeline, parent=tab)
        self.timeline_panel.add_control(self.transport)
        self.changes_panel = Panel("What if", self.changes, parent=tab)
        self.changes_panel.setFixedWidth(CHANGES)
        row.addWidget(self.timeline_panel, 1)
        row.addWidget(self.changes_panel)
        self._below_row = below
        return below

    def show_step(self, *, layered: bool) -> None:
        """The step of a Transformer, layer by layer, or that of a recurrent decoder."""
        self._step.setCurrentWidget(self.layers if layered else self.cards)

    def show_tree(self, *, offered: bool) -> None:
        """Offer the beam's tree, or take it away."""
        self._pages_row.setVisible(offered)
        if not offered:
            self.go_to_page(0)

    def go_to_page(self, page: int) -> None:
        """The step (0) or the beam's tree (1)."""
        self.pages.setCurrentIndex(page)
        self.page_buttons.button(page).setChecked(True)
        self._lanes_row.setVisible(self._both and page == 0)  # the tree is the first run's
        front = self.layers if self._step.currentWidget() is self.layers else self.cards
        self.step_panel.view = self.tree if page else front
        self.step_panel.set_title("Every branch of the search" if page else "One step")

    def show_lanes(self, names: tuple[str, ...], lane: int) -> None:
        """One run, or two with their names; ``lane`` is the one whose steps are shown."""
        both = len(names) > 1
        self._both = both
        self._lanes_row.setVisible(both and self.pages.currentIndex() == 0)
        self.looks[1].setVisible(both)
        for place, name in enumerate(names):
            self.lane_buttons.button(place).setText(name)
        self.lane_buttons.button(lane).setChecked(True)

    def fit_timeline(self) -> None:
        """Give the timeline the height of its lanes, and of a scroll bar where the words need one."""
        scrolls = self.timeline.full_width() > self.timeline.width()
        height = (TWO_LANES if self._both else ONE_LANE) + (2 * GRID if scrolls else 0)
        if self._below_row.height() != height:
            self._below_row.setFixedHeight(height)


def _switch(group: QButtonGroup, names: tuple[str, ...], tip: str) -> QWidget:
    """Buttons of which one is down."""
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(0)
    for number, name in enumerate(names):
        button = QPushButton(name)
        button.setCheckable(True)
        button.setChecked(number == 0)
        button.setToolTip(tip)
        group.addButton(button, number)
        row.addWidget(button)
    return holder
