"""Every head's numbers in a sortable table; the chosen row is the cursor's head."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    QSortFilterProxyModel,
    Qt,
)
from PySide6.QtGui import QFontMetrics, QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QWidget

from attnviz.table import Table
from attnviz.trace import Overview, Site, Trace
from attnviz.views.lettering import percent
from attnviz.views.palette import GRID, SMALL, ui_font
from attnviz.views.table_view import TableView

COLUMNS = (
    "layer", "head", "entropy (nats)", "distance (tokens)", "on itself", "on previous", "on next", "on [CLS]", "on [SEP]",
)  # fmt: skip
_EXPLAINED = {
    "entropy (nats)": "How evenly a query spreads its attention, averaged over queries; 0 = all on one key.",
    "distance (tokens)": "How far a query looks on average, |query − key| weighted by attention.",
    "on itself": "Share of attention on the query's own position.",
    "on previous": "Share of attention on the token before.",
    "on next": "Share of attention on the token after.",
    "on [CLS]": "Share of attention on the first token.",
    "on [SEP]": "Share of attention on the separators.",
}
_RAW = Qt.ItemDataRole.UserRole
_SHOWN, _SIDE, _RAW_NUMBER = int(Qt.ItemDataRole.DisplayRole), int(Qt.ItemDataRole.TextAlignmentRole), int(_RAW)
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_Index = QModelIndex | QPersistentModelIndex
Row = tuple[int | float, ...]


def head_rows(trace: Trace, site: Site) -> tuple[Row, ...]:
    """One row per head under ``COLUMNS``: layer, head, then the overview's summary."""
    layers = sorted(
        (overview for overview in trace.every(Overview) if overview.site is site), key=lambda overview: overview.layer
    )
    return tuple(
        (overview.layer, head, *(float(value) for value in numbers))
        for overview in layers
        for head, numbers in enumerate(overview.summary)
    )


def spoken(name: str, value: float) -> str:
    """A summary number as it is lettered: entropy in nats, distance in tokens, shares in per cent."""
    if math.isnan(value):
        return "–"
    return f"{value:.2f}" if name in ("entropy", "distance") else percent(value)


class HeadModel(QAbstractTableModel):
    """Rows of numbers; the display role letters them, the user role holds them for sorting."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[Row, ...] = ()
        self.texts: tuple[tuple[str, ...], ...] = ()

    def replace(self, rows: tuple[Row, ...]) -> None:
        """Other numbers; where they are of the same heads, the table keeps its rows and letters those that are seen."""
        alike = [row[:2] for row in rows] == [row[:2] for row in self.rows]
        if not alike:
            self.beginResetModel()
        self.rows, self.texts = rows, tuple(map(_lettered, rows))
        if not alike:
            self.endResetModel()
        elif rows:
            self.dataChanged.emit(self.index(0, 2), self.index(len(rows) - 1, len(COLUMNS) - 1))

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == _SHOWN:  # plain numbers: this is asked for every cell that is painted, in eight roles
            return self.texts[index.row()][index.column()]
        if role == _SIDE:
            return _RIGHT
        return self.rows[index.row()][index.column()] if role == _RAW_NUMBER else None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.DisplayRole:
            return COLUMNS[section].replace(" ", "\n")
        if role == Qt.ItemDataRole.FontRole:
            return ui_font(SMALL)
        return _EXPLAINED.get(COLUMNS[section]) if role == Qt.ItemDataRole.ToolTipRole else None


def _lettered(row: Row) -> tuple[str, ...]:
    return (
        f"{row[0]}",
        f"{row[1]}",
        *(spoken(name, float(value)) for name, value in zip(Overview.SUMMARY, row[2:], strict=True)),
    )


class HeadTable(TableView):
    """The table of all heads of the cursor's site: a click on a header sorts, a row points, Ctrl+C copies it as CSV."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._model = HeadModel()
        self._sorted = QSortFilterProxyModel()
        self._sorted.setSourceModel(self._model)
        self._sorted.setSortRole(_RAW)
        super().__init__(self._sorted, "Type a sentence above to compare the heads in numbers.", parent)
        for model in (self._model, self._sorted):
            model.setParent(self)
        self._shown_at: tuple[Site, int, int] | None = None
        self.table.setSortingEnabled(True)
        self.table.sortByColumn(-1, Qt.SortOrder.AscendingOrder)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.table.setFont(ui_font(SMALL))
        self.table.setStyleSheet("QHeaderView::section { padding: 2px 4px; }")
        self.table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.table.horizontalHeader().setDefaultAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.table.installEventFilter(self)

    def numbers(self) -> Table:
        return Table(COLUMNS, self._model.rows)

    def copy_rows(self) -> None:
        """Put the selected rows, or all rows if none is selected, on the clipboard as CSV in the order shown."""
        chosen = sorted(index.row() for index in self.table.selectionModel().selectedRows()) or range(
            self._sorted.rowCount()
        )
        rows = tuple(self._row(row) for row in chosen)
        QGuiApplication.clipboard().setText(Table(COLUMNS, rows).csv())

    def sizeHint(self) -> QSize:
        return QSize(80 * GRID, 30 * GRID)

    def _row(self, shown: int) -> Row:
        return self._model.rows[self._sorted.mapToSource(self._sorted.index(shown, 0)).row()]

    def _update(self, *, fresh: bool) -> None:
        place = (self.cursor_at.site, self.cursor_at.layer, self.cursor_at.head)
        if not fresh and place == self._shown_at:
            return  # pointing within the head changes nothing here
        self._shown_at = place
        rows = head_rows(self.trace, self.cursor_at.site)
        with self._following_cursor():
            if rows != self._model.rows:
                self._model.replace(rows)
                self._fit()
            self._show_rows(some=bool(rows))
            self._follow()

    def _fit(self) -> None:
        """Columns as wide as their longest text; Qt itself would ask for the size of every cell, one by one."""
        header, cells = self.table.horizontalHeader(), QFontMetrics(self.table.font())
        for column in range(len(COLUMNS)):
            longest = max((texts[column] for texts in self._model.texts), key=len, default="")
            width = max(header.sectionSizeHint(column), cells.horizontalAdvance(longest) + 2 * GRID)
            if self.table.columnWidth(column) != width:
                self.table.setColumnWidth(column, width)

    def _follow(self) -> None:
        """Bring the current row to the cursor's head."""
        head = self.cursor_at.layer, self.cursor_at.head
        own = next((place for place, row in enumerate(self._model.rows) if row[:2] == head), None)
        if own is None:
            return
        self._make_current(self._sorted.mapFromSource(self._model.index(own, 0)))

    def _came_to(self, row: int) -> None:
        layer, head = (int(part) for part in self._row(row)[:2])
        self.pointed.emit(replace(self.cursor_at, layer=layer, head=head))

    def eventFilter(self, watched: object, event: object) -> bool:
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QKeyEvent.Type.KeyPress
            and event.matches(QKeySequence.StandardKey.Copy)
        ):
            self.copy_rows()
            return True
        return False
