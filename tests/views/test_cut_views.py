"""A cut stage by stage: chips under their characters, pieces in rows, tokenizers side by side."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from tokenizers import Tokenizer

from attnviz.trace import Comparison, Cut, Learned, Trace
from attnviz.views.compare_rows import CompareRows
from attnviz.views.compare_table import CompareTable
from attnviz.views.cut_chips import CutChips
from attnviz.views.cut_stages import CutStages
from attnviz.views.moment import Moment
from attnviz.views.piece_table import PieceTable
from tests.views.merge_traces import SENTENCE, compared, cut, learned
from tests.views.traces import shown


@pytest.mark.parametrize("alphabet", ["chars", "bytes"])
def test_the_last_stage_has_the_librarys_ids(qtbot: QtBot, alphabet: str) -> None:
    """Ids and spans of the table equal those of ``tokenizers``."""
    view = shown(qtbot, PieceTable(), cut(SENTENCE, alphabet), Moment())
    authority = Tokenizer.from_str(learned(alphabet).find(Learned).json).encode(SENTENCE)
    assert [row[2] for row in view.numbers().rows] == authority.ids
    assert [(row[3], row[4]) for row in view.numbers().rows] == authority.offsets


def test_chips_stand_under_their_characters(qtbot: QtBot) -> None:
    """From left to right in the order of the text, without overlap."""
    view = shown(qtbot, CutChips(), cut(), Moment(), size=(900, 200))
    areas = [view.chip_area(place) for place in range(len(view.pieces))]
    assert all(left.right() <= right.left() for left, right in pairwise(areas))


def test_hover_is_temporary_and_a_click_pins(qtbot: QtBot) -> None:
    """The piece under the mouse is the cursor's query; a click keeps it, a second one frees it."""
    view = shown(qtbot, CutChips(), cut(), Moment(), size=(900, 200))
    spot = view.chip_area(1).center().toPoint()
    qtbot.mouseMove(view, spot)
    qtbot.waitUntil(lambda: view.cursor_at.query == 1)
    assert not view.cursor_at.pinned
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=spot)
    assert view.cursor_at.pinned
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=spot)
    assert view.cursor_at.query is None


def test_each_stage_is_shown_as_it_was(qtbot: QtBot) -> None:
    """Walking the list shows what ``Cut.at`` says, from the first to the last stage."""
    record = cut().every(Cut)[0]
    chips = shown(qtbot, CutChips(), cut(), Moment(stage=0), size=(900, 200))
    stages = shown(qtbot, CutStages(), cut(), Moment(stage=0))
    assert len(stages.rows) == len(record.stages)
    for number in range(1, len(record.stages)):
        qtbot.keyClick(stages.table, Qt.Key.Key_Down)
        assert stages.cursor_at.stage == number
        chips.draw(cut(), stages.cursor_at)
        assert chips.pieces == record.at(number)


@pytest.mark.parametrize("text", ["中文中", "👩‍👩‍👧e\u0301", "  a\n", "x" * 2000, "<b>&</b>"])
def test_any_text_is_drawn(qtbot: QtBot, text: str) -> None:
    """Parts of characters, joined emoji, white space and markup are drawn without complaint."""
    for kind, trace in ((CutChips, cut(text, "bytes")), (CompareRows, compared(text))):
        shown(qtbot, kind(), trace, Moment(), size=(400, 300)).grab()


def test_pieces_that_differ_are_marked(qtbot: QtBot) -> None:
    """The numbers of the rows are the record's, with a mark on what another row lacks."""
    view = shown(qtbot, CompareRows(), compared(), Moment(), size=(900, 300))
    record = compared().find(Comparison)
    marked = [(row[0], row[1]) for row in view.numbers().rows if row[6]]
    assert marked == [(row.name, row.pieces[place].text) for row in record.rows for place in row.differs]
    assert marked


def test_rows_are_aligned_by_character(qtbot: QtBot) -> None:
    """Pieces of the same span stand over each other."""
    view = shown(qtbot, CompareRows(), compared(), Moment(), size=(1200, 300))
    first, second = compared().find(Comparison).rows
    for place, piece in enumerate(first.pieces):
        for other, twin in enumerate(second.pieces):
            if piece.span == twin.span:
                one, two = view.chip_area(0, place), view.chip_area(1, other)
                assert (one.left(), one.right()) == (two.left(), two.right())


def test_the_comparison_in_numbers(qtbot: QtBot) -> None:
    """Tokens, fertility and differing pieces are the record's."""
    view = shown(qtbot, CompareTable(), compared(), Moment())
    record = compared().find(Comparison)
    assert [row[3] for row in view.numbers().rows] == [row.tokens for row in record.rows]
    assert [row[4] for row in view.rows] == [f"{row.fertility:.2f}" for row in record.rows]


@pytest.mark.parametrize("kind", [CutChips, CutStages, PieceTable, CompareRows, CompareTable])
def test_nothing_is_drawn_before_there_is_something(qtbot: QtBot, kind: type) -> None:
    """An empty trace gives an empty state and an empty table."""
    view = shown(qtbot, kind(), Trace(), Moment())
    assert view.numbers().rows == ()
