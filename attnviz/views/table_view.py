"""Base of views that are a table: one look, a sentence where there are no rows, and one current row that follows the cursor."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QAbstractItemModel, QItemSelectionModel, QModelIndex
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QStackedLayout, QTableView, QWidget

from attnviz.views.palette import GRID
from attnviz.views.placeholder import Placeholder
from attnviz.views.view import View


class TableView(View):
    """A subclass gives the model, brings it in line within ``_following_cursor``, and says what coming to a row means."""

    def __init__(self, model: QAbstractItemModel, sentence: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.table = _table(model)
        self._follows = False
        self._layout = QStackedLayout(self)
        self._layout.addWidget(Placeholder(sentence))
        self._layout.addWidget(self.table)
        self.setFocusProxy(self.table)
        self.table.selectionModel().currentRowChanged.connect(self._row_chosen)

    def _came_to(self, row: int) -> None:
        """The user came to a row, as it stands in the table."""

    @contextmanager
    def _following_cursor(self) -> Iterator[None]:
        """What happens to rows meanwhile is not the user's doing."""
        before, self._follows = self._follows, True
        try:
            yield
        finally:
            self._follows = before

    def _show_rows(self, *, some: bool) -> None:
        """The table, or where there are no rows the sentence."""
        self._layout.setCurrentIndex(1 if some else 0)

    def _make_current(self, index: QModelIndex) -> None:
        """Choose the row and bring it into sight; no row where the index is none."""
        chosen = self.table.selectionModel()
        if not index.isValid():
            chosen.clear()
        elif self.table.currentIndex().row() != index.row() or not chosen.isRowSelected(index.row()):
            flags = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
            chosen.setCurrentIndex(index, flags)
            self.table.scrollTo(index)

    def _row_chosen(self, current: QModelIndex, _previous: QModelIndex) -> None:
        if not self._follows and current.isValid():
            self._came_to(current.row())


def _table(model: QAbstractItemModel) -> QTableView:
    table = QTableView()
    table.setModel(model)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setAlternatingRowColors(True)
    table.setShowGrid(False)
    table.setWordWrap(False)
    table.setTabKeyNavigation(False)
    table.setCornerButtonEnabled(False)
    table.setStyleSheet("QHeaderView::section { padding: 2px 6px; } QTableView::item { padding: 0 4px; }")
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(3 * GRID)
    table.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
    table.horizontalHeader().setHighlightSections(False)
    table.horizontalHeader().setMinimumSectionSize(4 * GRID)
    return table
