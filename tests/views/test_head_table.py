"""Every head's numbers in rows: sorted as numbers, followed and pointed at, copied as CSV."""

from __future__ import annotations

import csv
import io

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from attnviz.trace import Cursor, Overview, Trace
from attnviz.views.head_table import COLUMNS, HeadTable, spoken
from tests.views.traces import shown, trace_of


def row_of(view: HeadTable) -> tuple[str, ...]:
    row = view.table.currentIndex().row()
    model = view.table.model()
    return tuple(str(model.index(row, column).data()) for column in range(len(COLUMNS)))


def test_the_columns_are_the_summaries_under_human_names(qtbot: QtBot) -> None:
    """One column per summary, after layer and head, and each number is the overview's."""
    trace = trace_of()
    view = shown(qtbot, HeadTable(), trace, Cursor(1, 2))
    overview = trace.overview(1)
    assert overview is not None
    assert len(COLUMNS) == 2 + len(Overview.SUMMARY)
    assert view.numbers().rows[-1] == (1, 2, *(float(value) for value in overview.summary[2]))


def test_the_row_of_the_cursor_is_the_current_one(qtbot: QtBot) -> None:
    """Following the cursor points at nothing by itself."""
    view = shown(qtbot, HeadTable(), trace_of(), Cursor(1, 2))
    assert row_of(view)[:2] == ("1", "2")
    with qtbot.assertNotEmitted(view.pointed):
        view.draw(view.trace, Cursor(0, 1, 3, 4, pinned=True))
    assert row_of(view)[:2] == ("0", "1")


def test_choosing_a_row_points_and_keeps_the_pin(qtbot: QtBot) -> None:
    """The down key goes to the next head; query and key stay."""
    view = shown(qtbot, HeadTable(), trace_of(), Cursor(0, 0, 3, 4, pinned=True))
    qtbot.keyClick(view.table, Qt.Key.Key_Down)
    assert view.cursor_at == Cursor(0, 1, 3, 4, pinned=True)


def test_sorting_is_by_number_and_the_cursor_keeps_its_head(qtbot: QtBot) -> None:
    """10.0 % stands after 9.0 %."""
    trace = trace_of(layers=6, heads=12)
    view = shown(qtbot, HeadTable(), trace, Cursor(3, 7))
    view.table.sortByColumn(4, Qt.SortOrder.DescendingOrder)
    model = view.table.model()
    shares = [float(model.index(row, 4).data(Qt.ItemDataRole.UserRole)) for row in range(model.rowCount())]
    assert shares == sorted(shares, reverse=True)
    assert row_of(view)[:2] == ("3", "7")
    assert view.cursor_at == Cursor(3, 7)


def test_copying_puts_the_chosen_rows_on_the_clipboard(qtbot: QtBot) -> None:
    """Ctrl+C copies what is selected as CSV, with a header."""
    view = shown(qtbot, HeadTable(), trace_of(), Cursor(1, 2))
    qtbot.keyClick(view.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = list(csv.reader(io.StringIO(QApplication.clipboard().text())))
    assert lines[0] == list(COLUMNS)
    assert [line[:2] for line in lines[1:]] == [["1", "2"]]


def test_rows_come_as_layers_arrive(qtbot: QtBot) -> None:
    """Before the first layer stands a sentence; a new run replaces all rows."""
    view = shown(qtbot, HeadTable(), Trace(), Cursor())
    assert not view.table.isVisible()
    view.draw(trace_of(layers=1), Cursor())
    assert view.table.isVisible()
    assert view.table.model().rowCount() == 3
    view.draw(trace_of(layers=2, heads=4), Cursor())
    assert view.table.model().rowCount() == 8


def test_other_numbers_of_the_same_heads_keep_the_rows(qtbot: QtBot) -> None:
    """Typing changes numbers, not heads: nothing is reset, the current row stays, and the new numbers stand there."""
    first, second = trace_of(), trace_of(("a", "b", "c"))
    view = shown(qtbot, HeadTable(), first, Cursor(1, 2))
    resets: list[int] = []
    view.table.model().modelReset.connect(lambda: resets.append(1))
    view.draw(second, Cursor(1, 2))
    assert resets == []
    assert row_of(view)[:2] == ("1", "2")
    overview = second.overview(1)
    assert overview is not None
    assert row_of(view)[2] == spoken("entropy", float(overview.summary[2, 0]))


def test_every_number_fits_its_column(qtbot: QtBot) -> None:
    """Columns are as wide as Qt would make them, or wider, without asking for the size of every cell."""
    view = shown(qtbot, HeadTable(), trace_of(layers=12, heads=12), Cursor())
    header = view.table.horizontalHeader()
    for column in range(len(COLUMNS)):
        assert view.table.columnWidth(column) >= view.table.sizeHintForColumn(column)
        assert view.table.columnWidth(column) >= header.sectionSizeHint(column)
