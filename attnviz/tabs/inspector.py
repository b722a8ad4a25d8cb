"""Inspector: every head of every layer, one of them in detail, and the hidden states between the layers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QButtonGroup,
    QCheckBox,
    QHBoxLayout,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from attnviz.jobs.inspect import Inspect
from attnviz.tabs.map_controls import MapControls
from attnviz.tabs.tab import Tab
from attnviz.views.arcs import Arcs
from attnviz.views.cell_card import CellCard
from attnviz.views.head_grid import HeadGrid
from attnviz.views.head_table import HeadTable
from attnviz.views.heat_map import HeatMap
from attnviz.views.hidden_map import HiddenMap
from attnviz.views.norm_plot import NormPlot
from attnviz.views.panel import Panel
from attnviz.views.token_chips import TokenChips

if TYPE_CHECKING:
    from collections.abc import Sequence

    from attnviz.engine import Engine
    from attnviz.jobs import Job
    from attnviz.tabs.scene import Scene
    from attnviz.trace import Trace
    from attnviz.views.view import View

PAGES = ("Map", "Lines", "Hidden", "Norms")


class InspectorTab(Tab):
    """Overview of all heads at the left, the chosen head in the middle, its numbers at the right; one cursor for all."""

    name = "inspector"

    def __init__(self, engine: Engine, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.chips = TokenChips(self, compact=True, clickable="pin")
        self.grid = HeadGrid(self)
        self.map = HeatMap(self)
        self.arcs = Arcs(self)
        self.hidden = HiddenMap(self)
        self.norms = NormPlot(self)
        self.card = CellCard(self)
        self.table = HeadTable(self)
        self._build()
        for view in self.views():
            view.pointed.connect(self.on_pointed)
        self._add_keys()

    def views(self) -> Sequence[View]:
        return (self.chips, self.grid, self.map, self.arcs, self.hidden, self.norms, self.card, self.table)

    def front(self) -> View:
        """The page that is chosen."""
        return self._detail.view

    def question(self, scene: Scene) -> Job | None:
        return None if scene.reference is None else Inspect(scene.reference, scene.text, scene.pair, scene.masked)

    def is_worth_showing(self, trace: Trace) -> bool:
        """As soon as the layer that is looked at is there; the overview fills in after it."""
        return trace.attention(self.cursor_at.layer, self.cursor_at.site) is not None

    def prepare(self) -> None:
        self.controls.follow(self.trace.tokens())
        report = self.scene.report
        self.grid.extent = (report.layers, report.heads) if report else None

    def redrawn(self) -> None:
        cursor = self.cursor_at
        pin = " · pinned, Esc frees" if cursor.pinned else ""
        self._detail.set_title(f"Layer {cursor.layer} · head {cursor.head}")
        self._detail.set_subtitle(pin.removeprefix(" · "))

    @Slot(int)
    def show_page(self, page: int) -> None:
        """Map, Lines, Hidden or Norms, by index."""
        self._pages.setCurrentIndex(page)
        self._detail.view = (self.map, self.arcs, self.hidden, self.norms)[page]
        self._buttons.button(page).setChecked(True)
        self.controls.setVisible(page < 2)
        self.controls.full(page == 0)
        self.embeddings.setVisible(page == PAGES.index("Hidden"))
        self._draw()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addWidget(self._panel("Tokens", self.chips))
        split = QSplitter(Qt.Orientation.Horizontal, self)
        split.setChildrenCollapsible(False)
        split.addWidget(self._left())
        split.addWidget(self._middle())
        split.addWidget(self._panel("Under the cursor", self.card))
        split.setSizes([440, 560, 250])
        for place, stretch in enumerate((2, 3, 1)):
            split.setStretchFactor(place, stretch)
        column.addWidget(split, 1)

    def _panel(self, title: str, view: View) -> Panel:
        panel = Panel(title, view, parent=self)
        panel.failed.connect(self.failed)
        return panel

    def _left(self) -> QWidget:
        column = QSplitter(Qt.Orientation.Vertical, self)
        column.setChildrenCollapsible(False)
        column.addWidget(self._panel("All heads", self.grid))
        column.addWidget(self._panel("Heads in numbers", self.table))
        column.setSizes([256, 304])
        return column

    def _middle(self) -> QWidget:
        """The detail panel: its page is chosen by the buttons in its header."""
        self._pages = QStackedWidget(self)
        for view in (self.map, self.arcs, self.hidden, self.norms):
            self._pages.addWidget(view)
        self._detail = Panel("Layer 0 · head 0", self.map, parent=self, body=self._pages)
        self._detail.failed.connect(self.failed)
        self._buttons = QButtonGroup(self)
        switch = QWidget(self)
        row = QHBoxLayout(switch)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for page, name in enumerate(PAGES):
            button = QPushButton(name, switch)
            button.setCheckable(True)
            button.setToolTip(f"{name} (Alt+{page + 1})")
            self._buttons.addButton(button, page)
            row.addWidget(button)
        self._buttons.button(0).setChecked(True)
        self._buttons.idClicked.connect(self.show_page)
        self._detail.add_control(switch)
        self.controls = MapControls(self.map, self.arcs, self)
        self._detail.add_row(self.controls)
        self.embeddings = QCheckBox("the embeddings, before layer 0", self)
        self.embeddings.setToolTip(
            "Show the sum of word, position and segment embeddings instead of what leaves the chosen layer"
        )
        self.embeddings.toggled.connect(self._on_embeddings)
        self.embeddings.hide()
        self._detail.add_row(self.embeddings)
        return self._detail

    @Slot(bool)
    def _on_embeddings(self, instead: bool) -> None:
        self.hidden.layer = 0 if instead else None

    def _add_keys(self) -> None:
        steps = {
            "Ctrl+Up": self._layer_up, "Ctrl+Down": self._layer_down, "Ctrl+Left": self._head_left, "Ctrl+Right": self._head_right,
        }  # fmt: skip
        for keys, step in steps.items():
            QShortcut(
                QKeySequence(keys), self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut
            ).activated.connect(step)
        for page, turn in enumerate((self._page_map, self._page_lines, self._page_hidden, self._page_norms)):
            number = QKeySequence(f"Alt+{page + 1}")
            QShortcut(number, self, context=Qt.ShortcutContext.WidgetWithChildrenShortcut).activated.connect(turn)

    def _step(self, layers: int, heads: int) -> None:
        report, cursor = self.scene.report, self.cursor_at
        if report is None:
            return
        layer = min(max(cursor.layer + layers, 0), report.layers - 1)
        head = min(max(cursor.head + heads, 0), report.heads - 1)
        self.point(replace(cursor, layer=layer, head=head))

    @Slot()
    def _layer_up(self) -> None:
        self._step(-1, 0)

    @Slot()
    def _layer_down(self) -> None:
        self._step(1, 0)

    @Slot()
    def _head_left(self) -> None:
        self._step(0, -1)

    @Slot()
    def _head_right(self) -> None:
        self._step(0, 1)

    @Slot()
    def _page_map(self) -> None:
        self.show_page(0)

    @Slot()
    def _page_lines(self) -> None:
        self.show_page(1)

    @Slot()
    def _page_hidden(self) -> None:
        self.show_page(2)

    @Slot()
    def _page_norms(self) -> None:
        self.show_page(3)
