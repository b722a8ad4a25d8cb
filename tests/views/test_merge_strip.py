"""The sentence as of a moment: its pieces equal the library's, letters keep their place, pieces can be opened."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from tokenizers import Tokenizer

from attnviz.trace import Learned, Trace
from attnviz.views.merge_strip import MergeStrip
from attnviz.views.moment import Moment
from attnviz.views.palette import GRID
from attnviz.views.strip_layout import PITCH, changed_lines
from tests.views.merge_traces import SENTENCE, replayed
from tests.views.traces import shown


@pytest.mark.parametrize("alphabet", ["chars", "bytes"])
def test_after_all_merges_the_pieces_are_the_librarys(qtbot: QtBot, alphabet: str) -> None:
    """The chips are what ``tokenizers`` gives with the learned tokenizer.json."""
    trace = replayed(SENTENCE, alphabet)
    view = shown(qtbot, MergeStrip(), trace, Moment(done=20))
    authority = Tokenizer.from_str(trace.find(Learned).json).encode(SENTENCE)
    assert [chip.piece for chip in view.chips] == authority.tokens


def test_letters_never_move(qtbot: QtBot) -> None:
    """What stands between the outer edges of a word's chips is the same at every moment."""
    view = shown(qtbot, MergeStrip(), replayed(), Moment(done=0))
    before = view.chip_area(0).left(), view.chip_area(5).right()
    view.draw(view.trace, Moment(done=20))
    word = [place for place, chip in enumerate(view.chips) if chip.end <= 6]
    assert (view.chip_area(word[0]).left(), view.chip_area(word[-1]).right()) == before


def test_a_click_opens_the_piece_and_a_double_click_seeks_its_merge(qtbot: QtBot) -> None:
    """The piece under the mouse becomes the cursor's; its rank is what the double click asks for."""
    view = shown(qtbot, MergeStrip(), replayed(), Moment(done=20))
    place = next(place for place, chip in enumerate(view.chips) if chip.last - chip.first > 1)
    spot = view.chip_area(place).center().toPoint()
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=spot)
    assert view.cursor_at.piece == view.chips[place].piece
    chip = view.chips[place]
    with qtbot.waitSignal(view.sought) as sought:
        qtbot.mouseDClick(view, Qt.MouseButton.LeftButton, pos=spot)
    assert sought.args == [view.timeline.last_change(chip.first, chip.last)]


def test_the_keyboard_walks_the_pieces(qtbot: QtBot) -> None:
    """Right and Space open the second piece; Enter asks for its merge."""
    view = shown(qtbot, MergeStrip(), replayed(), Moment(done=20))
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_Home)
    qtbot.keyClick(view, Qt.Key.Key_Space)
    assert view.cursor_at.piece == view.chips[0].piece
    assert view.accessibleDescription()


@pytest.mark.parametrize("text", ["", " ", "\n", "e\u0301\u200d👩‍👩‍👧 שלום", "a" * 3000, "<b>x</b>", "�"])
def test_any_text_is_drawn(qtbot: QtBot, text: str) -> None:
    """Nothing, white space, joined emoji, right-to-left letters and markup are drawn without complaint."""
    view = shown(qtbot, MergeStrip(), replayed(text, "bytes"), Moment(done=3), size=(300, 120))
    view.grab()
    assert "".join(chip.piece for chip in view.chips) == "".join(view.timeline.symbols)


def test_before_anything_has_come_it_says_what_to_do(qtbot: QtBot) -> None:
    """An empty trace gives an empty table and no chips."""
    view = shown(qtbot, MergeStrip(), Trace(), Moment())
    assert view.chips == ()
    assert view.numbers().rows == ()


def test_only_lines_that_are_said_to_change_look_different(qtbot: QtBot) -> None:
    """Between any two moments, every pixel that differs lies on one of ``changed_lines``."""
    view = shown(qtbot, MergeStrip(), replayed(" ".join([SENTENCE] * 4)), Moment(done=0), size=(220, 400))
    view.clearFocus()  # with the ring of the focus, everything is painted anew
    images = {}
    for done in (0, 1, 4, 9, 20):
        view.draw(view.trace, Moment(done=done))
        images[done] = view.grab().toImage()
    for before, after in pairwise([0, 1, 4, 9, 20, 9, 0]):
        one, other = images[before], images[after]
        rows = {
            row for row in range(one.height())
            if any(one.pixel(column, row) != other.pixel(column, row) for column in range(0, one.width(), 2))
        }  # fmt: skip
        lines = changed_lines(view.timeline, view._spots, before, after)
        assert {(row + 1 - GRID // 2) // PITCH for row in rows} <= lines
