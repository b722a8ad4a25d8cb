"""Experiments: every claim of the story, measured live; each runs when it is asked to, and keeps its result."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from attnviz.jobs.experiments import EXPERIMENTS, find
from attnviz.tabs.experiments_list import ExperimentList
from attnviz.tabs.experiments_page import ExperimentPage
from attnviz.tabs.tab import Tab
from attnviz.views.palette import GRID

if TYPE_CHECKING:
    from attnviz.engine import Engine
    from attnviz.tabs.scene import Scene

FIRST_POSED = "positions"


class ExperimentsTab(Tab):
    """The list at the left, the chosen experiment's page at the right; a page is made when it is first looked at."""

    name = "experiments"

    def __init__(self, engine: Engine, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.list = ExperimentList(EXPERIMENTS, self)
        self._stack = QStackedWidget(self)
        self._pages: dict[int, ExperimentPage] = {}
        self._slots: list[QHBoxLayout] = []
        self._build()
        self.list.currentRowChanged.connect(self._on_chosen)
        self.list.setCurrentRow(0)

    @property
    def is_settled(self) -> bool:
        """Nothing runs here; nothing runs unless it was asked to."""
        return not any(page.running.is_busy for page in self._pages.values())

    @is_settled.setter
    def is_settled(self, settled: bool) -> None:
        """What every tab sets; here the pages know."""

    @property
    def page(self) -> ExperimentPage:
        """The experiment in front."""
        return self._fill(self.list.currentRow())

    def choose(self, name: str) -> ExperimentPage:
        """Bring an experiment to the front. Raises JobError where there is none of that name."""
        self.list.setCurrentRow(EXPERIMENTS.index(find(name)))
        return self.page

    def pose(self, what: str) -> None:
        self.choose(what or FIRST_POSED).run_quick()

    def set_scene(self, scene: Scene) -> None:
        self.scene = scene
        for page in self._pages.values():
            page.set_scene(scene)
        if self.isVisible():
            self._rest()

    def ask(self) -> None:
        """Nothing is asked by itself."""
        self._rest()

    def ask_again(self) -> None:
        """Nothing is asked by itself."""

    def free(self) -> None:
        self.page.free()

    def _rest(self) -> None:
        """There is nothing to wait for, or no longer."""
        if self.is_settled:
            self.noticed.emit(self.page.notices)
            self.drawn.emit(0.0)
            self.settled.emit()

    @Slot(int)
    def _on_chosen(self, row: int) -> None:
        page = self._fill(row)
        self._stack.setCurrentIndex(row)
        self.noticed.emit(page.notices)

    @Slot()
    def _on_changed(self) -> None:
        for row, page in self._pages.items():
            self.list.mark(row, page.standing)
        self._rest()

    def _fill(self, row: int) -> ExperimentPage:
        if row not in self._pages:
            page = self._pages[row] = ExperimentPage(EXPERIMENTS[row], self._engine, self)
            page.failed.connect(self.failed)
            page.changed.connect(self._on_changed)
            page.set_scene(self.scene)
            self._slots[row].addWidget(page)
        return self._pages[row]

    def _build(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(GRID, GRID, GRID, GRID)
        row.setSpacing(GRID)
        row.addWidget(self.list)
        row.addWidget(self._stack, 1)
        for _ in EXPERIMENTS:
            slot = QWidget(self._stack)
            layout = QHBoxLayout(slot)
            layout.setContentsMargins(0, 0, 0, 0)
            self._slots.append(layout)
            self._stack.addWidget(slot)
