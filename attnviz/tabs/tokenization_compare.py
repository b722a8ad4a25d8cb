"""Compare: several tokenizers on the sentence, aligned by character."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QMenu, QPushButton, QSplitter, QToolButton, QVBoxLayout, QWidget

from attnviz.jobs.compare_cuts import CompareCuts
from attnviz.tabs.page import Page, draw, put
from attnviz.tabs.tokenization_sources import Sources, ask_for_tokenizer
from attnviz.trace import Comparison
from attnviz.views.compare_rows import CompareRows
from attnviz.views.compare_table import CompareTable
from attnviz.views.moment import Moment

if TYPE_CHECKING:
    from PySide6.QtGui import QAction

    from attnviz.engine import Engine
    from attnviz.errors import AttnvizError
    from attnviz.jobs.tokenizer_source import TokenizerSource
    from attnviz.trace import Cursor
    from attnviz.views.view import View


class ComparePage(Page):
    """All tokenizers at hand are compared; the menu leaves some out."""

    def __init__(self, engine: Engine, sources: Sources, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.moment = Moment()
        self.comparing = self.asking()
        self.rows, self.table = CompareRows(self), CompareTable(self)
        self._sources = sources
        self._left_out: set[str] = set()
        self._newest: TokenizerSource | None = None
        self._build()
        for view in self.views():
            view.pointed.connect(self.point)
        sources.changed.connect(self._on_sources)
        self.comparing.answered.connect(self._on_compared)
        self.comparing.failed.connect(self._on_failed)

    def views(self) -> tuple[View, ...]:
        return (self.rows, self.table)

    @property
    def chosen(self) -> tuple[TokenizerSource, ...]:
        """The tokenizers that are compared."""
        return tuple(source for source in self._sources.every if source.shown not in self._left_out)

    def ask(self) -> None:
        if self.chosen:
            put(self.comparing, CompareCuts(self.scene.sentence, self.chosen))
        self._redraw()

    def point(self, moment: Cursor) -> None:
        """Look at a piece."""
        if isinstance(moment, Moment):
            self.moment = moment
            self._redraw()

    def free(self) -> None:
        self.point(replace(self.moment, query=None, pinned=False))

    def leave_out(self, name: str, out: bool = True) -> None:
        """Compare without this tokenizer, or with it again."""
        (self._left_out.add if out else self._left_out.discard)(name)
        self._fill_menu()
        self.ask()

    def open(self, path: str) -> None:
        """Compare with the tokenizer of a file too."""
        self._newest = self._sources.add(path)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        split = QSplitter(Qt.Orientation.Vertical, self)
        split.setChildrenCollapsible(False)
        self._top = self.panel("Aligned by character", self.rows)
        self._choice = QToolButton(self)
        self._choice.setText("Tokenizers")
        self._choice.setToolTip("Which tokenizers are compared")
        self._choice.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu = QMenu(self._choice)
        self._menu.triggered.connect(self._on_toggled)
        self._choice.setMenu(self._menu)
        adding = QPushButton("Add tokenizer.json…", self)
        adding.setToolTip("Compare with a tokenizer from disk")
        adding.clicked.connect(self._on_open)
        self._top.add_control(self._choice)
        self._top.add_control(adding)
        split.addWidget(self._top)
        split.addWidget(self.panel("In numbers", self.table))
        split.setSizes([430, 190])
        column.addWidget(split)

    def _fill_menu(self) -> None:
        self._menu.clear()
        for source in self._sources.every:
            action = self._menu.addAction(source.shown)
            action.setCheckable(True)
            action.setChecked(source.shown not in self._left_out)
            action.setData(source.shown)

    @Slot(object)
    def _on_toggled(self, action: QAction) -> None:
        self.leave_out(action.data(), out=not action.isChecked())

    @Slot()
    def _on_open(self) -> None:
        if path := ask_for_tokenizer(self):
            self.open(path)

    @Slot()
    def _on_sources(self) -> None:
        self._fill_menu()
        if self.isVisible():
            self.ask()

    @Slot()
    def _on_compared(self) -> None:
        self._newest = None
        self.moment = replace(self.moment, query=None)
        self._redraw()

    @Slot(object)
    def _on_failed(self, _error: AttnvizError) -> None:
        """A file that is no tokenizer is taken back, and the others are compared without it."""
        newest, self._newest = self._newest, None
        if newest is not None:
            self._sources.drop(newest)

    def _redraw(self) -> None:
        draw(self.views(), self.comparing.trace, self.moment)
        found = self.comparing.trace.find(Comparison)
        if found is not None:
            parts = [
                f"{len(found.rows)} tokenizers",
                f"{len(found.agreed):,} borders agreed",
                f"{len(found.disputed):,} disputed",
            ]
            self._top.set_subtitle(" · ".join([*parts, "coloured: pieces that another tokenizer doesn't have"]))
