"""Merges in rows: appended while they are learned, followed and chosen."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from attnviz.trace import Merges, Trace
from attnviz.views.history import history
from attnviz.views.merge_table import COLUMNS, MergeTable
from attnviz.views.moment import Moment
from tests.views.merge_traces import learned
from tests.views.traces import shown


def texts(view: MergeTable, row: int) -> list[str]:
    model = view.table.model()
    return [model.index(row, column).data() for column in range(len(COLUMNS))]


def test_a_row_holds_the_merge_and_its_runner_up(qtbot: QtBot) -> None:
    """Rank, pair, count, piece, and the pair that came second with its count."""
    view = shown(qtbot, MergeTable(), learned(), Moment(done=1))
    merge = history(learned())[0]
    assert texts(view, 0) == [
        "0",
        f"{merge.left} + {merge.right}",
        str(merge.count),
        merge.piece,
        " + ".join(merge.runner_up),
        str(merge.runner_up_count),
    ]


def test_bytes_are_readable(qtbot: QtBot) -> None:
    """A merge of bytes of one character is shown as the character, a part of one in hexadecimal."""
    view = shown(qtbot, MergeTable(), learned("bytes", 60), Moment())
    shown_pieces = {texts(view, row)[3] for row in range(len(history(learned("bytes", 60))))}
    assert "中文" in shown_pieces or "␣中文" in shown_pieces
    assert not any("Ġ" in piece for piece in shown_pieces)


def test_rows_are_appended_while_merges_come(qtbot: QtBot) -> None:
    """What is shown already stays: the model inserts rows and doesn't start anew."""
    merges = history(learned())
    view = shown(qtbot, MergeTable(), Trace().plus(Merges(0, merges[:8])), Moment())
    model = view.table.model()
    with qtbot.waitSignal(model.rowsInserted), qtbot.assertNotEmitted(model.modelReset):
        view.draw(Trace().plus(Merges(0, merges[:8]), Merges(8, merges[8:])), Moment())
    assert model.rowCount() == len(merges)


def test_the_row_follows_the_moment_and_choosing_goes_there(qtbot: QtBot) -> None:
    """After five merges the fifth is current; the down key goes to the sixth and opens its piece."""
    view = shown(qtbot, MergeTable(), learned(), Moment(done=5))
    qtbot.waitUntil(lambda: view.table.currentIndex().row() == 4)
    qtbot.keyClick(view.table, Qt.Key.Key_Down)
    assert view.cursor_at.done == 6
    assert view.cursor_at.piece == history(learned())[5].piece


def test_the_chosen_merge_is_copied_as_csv(qtbot: QtBot) -> None:
    """Ctrl+C puts the row with its header on the clipboard."""
    view = shown(qtbot, MergeTable(), learned(), Moment(done=3))
    qtbot.waitUntil(lambda: view.table.currentIndex().row() == 2)
    qtbot.keyClick(view.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    lines = QApplication.clipboard().text().splitlines()
    assert lines[0].startswith("rank,left,right,count")
    assert lines[1].startswith("2,")
