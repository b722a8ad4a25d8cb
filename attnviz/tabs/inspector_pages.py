"""The pages of the inspector's middle: one head as a map or lines, a block, a pair of vectors, states, the lens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QWidget,
)

from attnviz.tabs.map_controls import MapControls
from attnviz.views.arcs import Arcs
from attnviz.views.block_view import BlockView
from attnviz.views.heat_map import HeatMap
from attnviz.views.hidden_map import HiddenMap
from attnviz.views.lens_map import LensMap
from attnviz.views.neuron_view import NeuronView
from attnviz.views.norm_plot import NormPlot
from attnviz.views.palette import GRID
from attnviz.views.panel import Panel
from attnviz.views.positions_view import PositionsView
from attnviz.views.projection import Projection
from attnviz.views.stream_plot import StreamPlot

if TYPE_CHECKING:
    from attnviz.views.view import View

PAGES = ("Map", "Lines", "Block", "Neurons", "Hidden", "Lens")
TIPS = (
    "One head as a matrix of weights, scores or products",
    "One head as lines between tokens",
    "Everything that one layer computes, in order",
    "How one query and one key give one score, number by number",
    "The hidden states between the layers, and what the layers add",
    "What the model's own head reads from every layer",
)
COMPARING = "The run with your changes, the run without, both (before above), or what they change"
LEAST = 44 * GRID, 30 * GRID  # what a page needs at least; larger ones scroll or shrink
HIDDEN = ("states", "norms", "what each layer adds", "in two dimensions", "positions")
AFTER, BEFORE, BOTH, DIFFERENCE = COMPARED = ("after", "before", "side by side", "difference")


class InspectorPages(QWidget):
    """Builds the ``panel``; ``turned`` says that another page, or another picture of a page, is in front."""

    turned = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.map, self.map_before, self.arcs = HeatMap(self), HeatMap(self), Arcs(self)
        self.block, self.neurons = BlockView(self), NeuronView(self)
        self.hidden, self.norms, self.stream = HiddenMap(self), NormPlot(self), StreamPlot(self)
        self.projection, self.positions, self.lens = Projection(self), PositionsView(self), LensMap(self)
        self.comparison = QComboBox(self)
        self.comparison.addItems(COMPARED)
        self.comparison.setAccessibleName("Before or after")
        self.comparison.setToolTip(
            "The run with your changes, the run without, both (before above), or what they change"
        )
        self.comparison.currentIndexChanged.connect(self._turn)
        self.comparison.hide()
        self._stack = QStackedWidget(self)
        self._maps = QSplitter(Qt.Orientation.Vertical, self)
        self._maps.setChildrenCollapsible(False)
        for half in (self.map_before, self.map):
            self._maps.addWidget(half)
        self.map_before.hide()
        self._stack.addWidget(self._maps)
        for view in self.views[2:]:
            self._stack.addWidget(view)
        self._stack.setMinimumSize(*LEAST)
        self.panel = Panel("Layer 0 · head 0", self.map, parent=self, body=self._stack)
        self._build_header()
        self.controls = MapControls((self.map, self.map_before), self.arcs, self)
        self.panel.add_row(self.controls)
        self.panel.add_row(self._build_states())
        self.hide()  # its panel is shown, in the tab's splitter
        self.show_page(0)

    @property
    def views(self) -> tuple[View, ...]:
        return (
            *(self.map, self.map_before, self.arcs, self.block, self.neurons),
            *(self.hidden, self.norms, self.stream, self.projection, self.positions, self.lens),
        )

    @property
    def page(self) -> int:
        return self._buttons.checkedId()

    @property
    def front(self) -> View:
        """The view that is seen."""
        hidden = (self.hidden, self.norms, self.stream, self.projection, self.positions)
        views = (self.map, self.arcs, self.block, self.neurons, hidden[self._states.currentIndex()], self.lens)
        return views[self.page]

    @property
    def compared(self) -> str:
        """Whether the run with what-ifs is shown, the one without, both beside each other, or what changed; other pages than the map have the first."""
        if self.front is not self.map:
            return AFTER
        return self.comparison.currentText()

    def offer_comparison(self, *, changed: bool) -> None:
        """With what-ifs there are two runs to look at."""
        if not changed:
            self.comparison.setCurrentIndex(0)
        self.comparison.setVisible(changed)

    @Slot(int)
    def show_page(self, page: int) -> None:
        """Map, Lines, Block, Neurons, Hidden or Lens, by index."""
        self._buttons.button(page).setChecked(True)
        self._turn()

    def show_states(self, name: str) -> None:
        """One of the pictures of the hidden states."""
        self._states.setCurrentIndex(HIDDEN.index(name))
        self.show_page(PAGES.index("Hidden"))

    @Slot()
    def _turn(self) -> None:
        front, page = self.front, self.page
        self._stack.setCurrentWidget(self._maps if front is self.map else front)
        self.map_before.setVisible(self.compared == BOTH)
        self.comparison.setEnabled(front is self.map)
        self.comparison.setToolTip(
            COMPARING if front is self.map else "The map can be compared; this page shows the run with your changes"
        )
        self.panel.view = front
        self.controls.setVisible(page < 2)
        self.controls.full(page == 0)
        self._states_row.setVisible(page == PAGES.index("Hidden"))
        self.embeddings.setVisible(front is self.hidden)
        self.turned.emit()

    def _build_header(self) -> None:
        self._buttons = QButtonGroup(self)
        switch = QWidget(self)
        row = QHBoxLayout(switch)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for page, (name, tip) in enumerate(zip(PAGES, TIPS, strict=True)):
            button = QPushButton(name, switch)
            button.setCheckable(True)
            button.setToolTip(f"{tip} (Alt+{page + 1})")
            self._buttons.addButton(button, page)
            row.addWidget(button)
        self._buttons.button(0).setChecked(True)
        self._buttons.idClicked.connect(self.show_page)
        self.panel.add_control(switch)

    def _build_states(self) -> QWidget:
        self._states_row = QWidget(self)
        row = QHBoxLayout(self._states_row)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(GRID)
        self._states = QComboBox(self)
        self._states.addItems(HIDDEN)
        self._states.setAccessibleName("Picture of the hidden states")
        self._states.setToolTip("States as a map, their norms, what each layer adds, in two dimensions, or positions")
        self._states.currentIndexChanged.connect(self._turn)
        self.embeddings = QCheckBox("the embeddings, before layer 0", self)
        self.embeddings.setToolTip(
            "Show the sum of word, position and segment embeddings instead of what leaves the chosen layer"
        )
        self.embeddings.toggled.connect(self._on_embeddings)
        row.addWidget(self._states)
        row.addWidget(self.embeddings)
        row.addStretch(1)
        return self._states_row

    @Slot(bool)
    def _on_embeddings(self, instead: bool) -> None:
        self.hidden.layer = 0 if instead else None

    def add_keys(self, tab: QWidget) -> None:
        """Alt+1 and so on turn the pages."""
        for page in range(len(PAGES)):
            keys = QShortcut(QKeySequence(f"Alt+{page + 1}"), tab)
            keys.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            keys.activated.connect(self._buttons.button(page).click)
