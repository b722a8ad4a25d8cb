"""Base of tables of text: rows from tuples, lettered when seen, one chosen row that follows the cursor."""

from __future__ import annotations

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, QSize, Qt
from PySide6.QtWidgets import QHeaderView, QWidget

from attnviz.views.palette import GRID, SMALL, token_font, ui_font
from attnviz.views.table_view import TableView

_Index = QModelIndex | QPersistentModelIndex
Rows = tuple[tuple[str, ...], ...]


class RowModel(QAbstractTableModel):
    """Rows of texts under ``columns``; those in ``numeric`` stand at the right, those in ``pieces`` in the font of tokens."""

    def __init__(
        self,
        columns: tuple[str, ...],
        numeric: frozenset[int],
        pieces: frozenset[int],
        parent: QWidget | None = None,
        tips: tuple[str, ...] = (),
    ) -> None:
        super().__init__(parent)
        self.columns, self._numeric, self._pieces, self._tips = columns, numeric, pieces, tips
        self.rows: Rows = ()
        self._fonts = ui_font(SMALL + 1), token_font(SMALL + 1)

    def shape(self, columns: tuple[str, ...], numeric: frozenset[int]) -> None:
        """Other columns; the rows of the old ones are gone."""
        self.beginResetModel()
        self.columns, self._numeric, self.rows = columns, numeric, ()
        self.endResetModel()

    def replace(self, rows: Rows) -> None:
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self.rows[index.row()][index.column()]
            case Qt.ItemDataRole.TextAlignmentRole:
                return self._side(index.column())
            case Qt.ItemDataRole.FontRole:
                return self._fonts[index.column() in self._pieces]
        return None

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self.columns[section]
            case Qt.ItemDataRole.FontRole:
                return ui_font(SMALL)
            case Qt.ItemDataRole.TextAlignmentRole:
                return self._side(section)
            case Qt.ItemDataRole.ToolTipRole:
                return self._tips[section] if section < len(self._tips) else None
        return None

    def _side(self, column: int) -> int:
        side = Qt.AlignmentFlag.AlignRight if column in self._numeric else Qt.AlignmentFlag.AlignLeft
        return int(side | Qt.AlignmentFlag.AlignVCenter)


class RowTable(TableView):
    """A table that fits its width. A subclass gives ``_rows``, says which is chosen, and what choosing one means."""

    columns: tuple[str, ...] = ()
    numeric: frozenset[int] = frozenset()
    pieces: frozenset[int] = frozenset()
    wide: frozenset[int] = frozenset()
    tips: tuple[str, ...] = ()

    def __init__(self, sentence: str, parent: QWidget | None = None) -> None:
        self._model = RowModel(self.columns, self.numeric, self.pieces, tips=self.tips)
        super().__init__(self._model, sentence, parent)
        self._model.setParent(self)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for column in range(len(self.columns)):
            stretch = column in self.wide
            mode = QHeaderView.ResizeMode.Stretch if stretch else QHeaderView.ResizeMode.ResizeToContents
            self.table.horizontalHeader().setSectionResizeMode(column, mode)

    @property
    def rows(self) -> Rows:
        return self._model.rows

    def _rows(self) -> Rows:
        raise NotImplementedError

    def _chosen(self) -> int | None:
        """The row that the cursor is at."""
        return None

    def _update(self, *, fresh: bool) -> None:
        with self._following_cursor():
            rows = self._rows()
            if rows != self._model.rows:
                self._model.replace(rows)
            self._show_rows(some=bool(rows))
            row = self._chosen()
            self._make_current(QModelIndex() if row is None else self._model.index(row, 0))

    def sizeHint(self) -> QSize:
        return QSize(44 * GRID, 32 * GRID)

    def minimumSizeHint(self) -> QSize:
        return QSize(28 * GRID, 9 * GRID)
