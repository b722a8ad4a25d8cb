"""Every merge in a table: the pair, its count, the new piece, and the pair that came second."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QPersistentModelIndex,
    QSize,
    Qt,
    QTimer,
    Slot,
)
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QHeaderView, QWidget

from attnviz.table import Table
from attnviz.text.readable import spelling
from attnviz.trace import Learned, Merge
from attnviz.views.history import history
from attnviz.views.lettering import visible
from attnviz.views.moment import moment_of
from attnviz.views.palette import GRID, SMALL, colour, token_font, ui_font
from attnviz.views.table_view import TableView

COLUMNS = ("rank", "pair", "count", "piece", "runner-up", "its count")
_EXPLAINED = (
    "The order in which merges were learned; 0 is the first.",
    "The two pieces that stood side by side most often.",
    "How often the pair stood in the corpus at that moment.",
    "What they became, here and everywhere.",
    "The pair that came second at that moment.",
    "How often the runner-up stood in the corpus.",
)
_WIDTHS = (44, 80, 52, 72, 80, 66)
_Index = QModelIndex | QPersistentModelIndex


class MergeModel(QAbstractTableModel):
    """Merges as rows, lettered when a row is seen; more are appended while they are learned."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.merges: tuple[Merge, ...] = ()
        self.label: Callable[[str], str] = str
        self._fonts = ui_font(SMALL), token_font(SMALL)
        self._texts: dict[int, tuple[str, ...]] = {}

    def follow(self, merges: tuple[Merge, ...], label: Callable[[str], str]) -> None:
        """Show these; where they begin with those that are shown, the rest is appended."""
        known = len(self.merges)
        self.label = label
        if 0 < known <= len(merges) and self.merges[0] is merges[0] and self.merges[-1] is merges[known - 1]:
            if known < len(merges):
                self.beginInsertRows(QModelIndex(), known, len(merges) - 1)
                self.merges = merges
                self.endInsertRows()
            return
        self.beginResetModel()
        self._texts.clear()
        self.merges = merges
        self.endResetModel()

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(self.merges)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        return 0 if parent.isValid() else len(COLUMNS)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.DisplayRole:
            return self._row(index.row())[index.column()]
        numeric = index.column() in {0, 2, 5}
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if numeric else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.FontRole:
            return self._fonts[not numeric]
        if role == Qt.ItemDataRole.ForegroundRole and index.column() >= 4:
            return colour("muted")
        return None

    def _row(self, row: int) -> tuple[str, ...]:
        if row not in self._texts:
            merge = self.merges[row]
            second = f"{merge.runner_up_count:,}" if merge.runner_up is not None else ""
            pair, other = self._pair((merge.left, merge.right)), self._pair(merge.runner_up)
            piece = visible(self.label(merge.piece))
            self._texts[row] = (str(merge.rank), pair, f"{merge.count:,}", piece, other, second)
        return self._texts[row]

    def _pair(self, pair: tuple[str, str] | None) -> str:
        return "–" if pair is None else " + ".join(visible(self.label(part), 12) for part in pair)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if orientation is not Qt.Orientation.Horizontal:
            return None
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return COLUMNS[section]
            case Qt.ItemDataRole.FontRole:
                return ui_font(SMALL)
            case Qt.ItemDataRole.ToolTipRole:
                return _EXPLAINED[section]
            case Qt.ItemDataRole.TextAlignmentRole:
                side = Qt.AlignmentFlag.AlignRight if section in {0, 2, 5} else Qt.AlignmentFlag.AlignLeft
                return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None


class MergeTable(TableView):
    """The table of all merges; the chosen row is the last one that is done. Choosing a row goes to the moment after it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self._model = MergeModel()
        super().__init__(self._model, "Press Learn to see one merge after another.", parent)
        self._model.setParent(self)
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        header = self.table.horizontalHeader()
        header.setMinimumSectionSize(5 * GRID)
        for column, width in enumerate(_WIDTHS):
            header.resizeSection(column, width)
        for column in (1, 3, 4):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Stretch)
        self.table.installEventFilter(self)
        self._pace = QTimer(self, singleShot=True, interval=200)
        self._pace.timeout.connect(self._on_pace)
        self._followed = 0

    @property
    def merges(self) -> tuple[Merge, ...]:
        """What is shown, by rank."""
        return self._model.merges

    def numbers(self) -> Table:
        columns = ("rank", "left", "right", "count", "piece", "runner-up left", "runner-up right", "runner-up count")
        rows = (
            (m.rank, m.left, m.right, m.count, m.piece, *(m.runner_up or (None, None)), m.runner_up_count)
            for m in self._model.merges
        )
        return Table(columns, tuple(rows))

    def sizeHint(self) -> QSize:
        return QSize(54 * GRID, 40 * GRID)

    def minimumSizeHint(self) -> QSize:
        return QSize(40 * GRID, 9 * GRID)

    def _update(self, *, fresh: bool) -> None:
        if fresh:
            with self._following_cursor():
                learned = self.trace.find(Learned)
                self._model.follow(history(self.trace), spelling(learned.alphabet if learned else "chars").label)
                self._show_rows(some=bool(self._model.merges))
        if not self._pace.isActive():  # a table is slow to scroll: five times a second while the slider moves
            self._pace.start()
            self._follow()

    @Slot()
    def _on_pace(self) -> None:
        """Follow in a turn of its own for as long as the moment moves."""
        if self._followed != moment_of(self.cursor_at).done:
            self._pace.start()
            self._follow()

    def _follow(self) -> None:
        """Bring the current row to the last merge that is done."""
        self._followed = moment_of(self.cursor_at).done
        with self._following_cursor():
            self._make_current(self._model.index(self._followed - 1, 0))

    def _came_to(self, row: int) -> None:
        self.pointed.emit(replace(moment_of(self.cursor_at), done=row + 1, piece=self._model.merges[row].piece))

    def eventFilter(self, watched: object, event: object) -> bool:
        if (
            isinstance(event, QKeyEvent)
            and event.type() == QKeyEvent.Type.KeyPress
            and event.matches(QKeySequence.StandardKey.Copy)
        ):
            index = self.table.currentIndex()
            rows = self.numbers().rows[index.row() : index.row() + 1] if index.isValid() else self.numbers().rows
            QGuiApplication.clipboard().setText(Table(self.numbers().columns, rows).csv())
            return True
        return False
