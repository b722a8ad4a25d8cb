"""A table of an experiment as a table: numbers at the right, the longest words in the widest column."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QHeaderView, QWidget

from attnviz.errors import printable
from attnviz.table import Cell, Table
from attnviz.trace import Rows
from attnviz.views.line_plot import number_of
from attnviz.views.palette import GRID
from attnviz.views.row_table import RowModel
from attnviz.views.table_view import TableView

FEWEST_SHOWN, NEVER_CUT, MOST_SHOWN = 4, 6, 8
LONGEST = 300
_WORDY = 24


class RowsView(TableView):
    """Draws the Rows of one name, whatever columns they have."""

    def __init__(self, name: str, sentence: str, parent: QWidget | None = None) -> None:
        self._model = RowModel((), frozenset(), frozenset())
        super().__init__(self._model, sentence, parent)
        self._model.setParent(self)
        self.name = name
        self.shown: Table = Table((), ())
        self.table.setAccessibleName(name)

    def numbers(self) -> Table:
        return self.shown

    def _update(self, *, fresh: bool) -> None:
        found = self.trace.find(Rows, self.name)
        table = Table((), ()) if found is None else found.table
        if table is not self.shown:
            self.shown = table
            self._model.shape(table.columns, _numeric(table))
            self._model.replace(tuple(tuple(map(_lettered, row)) for row in table.rows))
            self._fit()
            self.updateGeometry()
        self._show_rows(some=bool(table.rows))

    def _fit(self) -> None:
        """The column of the longest words takes what the others leave; where none has long ones, all are alike."""
        header = self.table.horizontalHeader()
        longest = [max(map(len, column), default=0) for column in zip(*self._model.rows, strict=True)]
        wordy = max(longest, default=0) >= _WORDY
        for column, length in enumerate(longest):
            fills = length == max(longest) or not wordy
            mode = QHeaderView.ResizeMode.Stretch if fills else QHeaderView.ResizeMode.ResizeToContents
            header.setSectionResizeMode(column, mode)

    def sizeHint(self) -> QSize:
        """All rows, where they aren't many."""
        rows = min(max(len(self.shown.rows), FEWEST_SHOWN), MOST_SHOWN)
        return QSize(48 * GRID, rows * self.table.verticalHeader().defaultSectionSize() + 3 * GRID + 4)

    def minimumSizeHint(self) -> QSize:
        return QSize(24 * GRID, self.sizeHint().height() if len(self.shown.rows) <= NEVER_CUT else 14 * GRID)


def _numeric(table: Table) -> frozenset[int]:
    """The columns in which no words stand."""
    columns = enumerate(zip(*table.rows, strict=True))
    return frozenset(place for place, column in columns if not any(isinstance(cell, str) for cell in column))


def _lettered(cell: Cell) -> str:
    return printable(cell, LONGEST) if isinstance(cell, str) else "" if cell is None else number_of(cell)
