"""Three rows of one sentence, and the steps of one of them: what is shown, and where one gets by mouse and keys."""

from __future__ import annotations

from typing import Any

import pytest
from PySide6.QtCore import QPoint, QRectF, Qt
from pytestqt.qtbot import QtBot

from attnviz.trace import Candidates, Cursor, FillStep, Trace, Way
from attnviz.views.fill_steps import FillSteps
from attnviz.views.fill_ways import FillWays
from tests.views.fillings import filled_trace, taken, word
from tests.views.sentences import HOSTILE, hover, in_theme, long_sentence, svg_text, tokens
from tests.views.traces import press, shown

LEFT = Qt.MouseButton.LeftButton
WIDE = (1100, 240)
LAST = Cursor(layer=2, step=2)


def middle(area: QRectF) -> QPoint:
    return area.center().toPoint()


def test_the_table_has_the_order_and_the_sums(qtbot: QtBot) -> None:
    """A row a word and way, in the order of filling, with the sums of its way."""
    rows = shown(qtbot, FillWays(), filled_trace(), LAST, WIDE).numbers().rows
    assert [row[:3] for row in rows if row[0] == "best-first"] == [
        ("best-first", 1, 6),
        ("best-first", 2, 2),
        ("best-first", 3, 3),
    ]
    assert [row[:3] for row in rows if row[0] == "joint"] == [("joint", 1, place) for place in (2, 3, 6)]
    one = taken(Way.BEST_FIRST, 6, 0)
    assert rows[6][3:9] == (one.word.id, one.word.token, one.word.label, one.word.probability, one.log_probability, 1)
    assert rows[6][10:] == (-3.0, -4.0)
    assert rows[6][9] == pytest.approx(
        sum(taken(Way.BEST_FIRST, *where).log_probability for where in ((6, 0), (2, 1), (3, 2)))
    )


def test_a_click_on_a_row_chooses_it_and_on_a_word_goes_to_its_step(qtbot: QtBot) -> None:
    """The name leaves the play head where it is; a filled mask takes it along."""
    view = shown(qtbot, FillWays(), filled_trace(), LAST, WIDE)
    qtbot.mouseClick(view, LEFT, pos=QPoint(30, middle(view.chip(1, 2)).y()))
    assert (view.cursor_at.layer, view.cursor_at.step) == (1, 2)
    qtbot.mouseClick(view, LEFT, pos=middle(view.chip(2, 2)))
    assert (view.cursor_at.layer, view.cursor_at.step) == (2, 1)


def test_keys_walk_through_ways_and_steps(qtbot: QtBot) -> None:
    """Within what there is."""
    view = shown(qtbot, FillWays(), filled_trace(), LAST, WIDE)
    press(view, Qt.Key.Key_Up, Qt.Key.Key_Left)
    assert (view.cursor_at.layer, view.cursor_at.step) == (1, 1)
    press(view, Qt.Key.Key_Home, Qt.Key.Key_Left, Qt.Key.Key_Up, Qt.Key.Key_Up)
    assert (view.cursor_at.layer, view.cursor_at.step) == (0, 0)
    press(view, Qt.Key.Key_End, Qt.Key.Key_Right)
    assert view.cursor_at.step == 2


def test_words_appear_with_their_steps(qtbot: QtBot) -> None:
    """What is drawn at a step: the words so far, and where a mask is open what would come next."""
    view = shown(qtbot, FillWays(), filled_trace(ways=(Way.BEST_FIRST,)), Cursor(layer=2, step=0), WIDE)
    text = svg_text(view)
    assert word(Way.BEST_FIRST, 6, 0).label in text
    assert word(Way.BEST_FIRST, 2, 1).label in text
    view.draw(view.trace, LAST)
    assert word(Way.BEST_FIRST, 3, 2).label in svg_text(view)
    assert word(Way.BEST_FIRST, 3, 1).label not in svg_text(view)


def test_hovering_a_word_points_at_its_token(qtbot: QtBot) -> None:
    """And leaving lets it go."""
    view = shown(qtbot, FillWays(), filled_trace(), LAST, WIDE)
    hover(qtbot, view, middle(view.chip(2, 6)))
    qtbot.waitUntil(lambda: view.cursor_at.query == 6)
    hover(qtbot, view, QPoint(WIDE[0] - 20, WIDE[1] - 2))
    qtbot.waitUntil(lambda: view.cursor_at.query is None)


def test_the_play_head_stays_in_sight(qtbot: QtBot) -> None:
    """Of 32 masks the one of this step is scrolled to, between the names and the sums."""
    of = long_sentence(300, tuple(range(3, 290, 9)))
    view = shown(qtbot, FillWays(), filled_trace(of), Cursor(layer=1, step=0), (900, 240))
    for step in (31, 0, 15):
        view.draw(view.trace, Cursor(layer=1, step=step))
        area = view.chip(1, of.masks[step])
        assert 100 < area.left() < area.right() < 900 - 250


@pytest.mark.parametrize("kind", [FillWays, FillSteps])
def test_nothing_has_arrived_yet(qtbot: QtBot, kind: Any) -> None:
    """Each state says what to do, and the table is empty."""
    view = shown(qtbot, kind(), Trace(), LAST, WIDE)
    for trace in (Trace(), Trace().plus(tokens("[CLS] the cat [SEP]")), Trace().plus(tokens("[CLS] [MASK] [SEP]"))):
        view.draw(trace, LAST)
        assert not view.grab().isNull()
        assert view.numbers().rows == ()
        press(view, Qt.Key.Key_Down)
    view.draw(filled_trace(measured=False, ways=(Way.JOINT,)), LAST)
    assert not view.grab().isNull()


@pytest.mark.parametrize("kind", [FillWays, FillSteps])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_hostile_words_are_lettered_as_they_are(qtbot: QtBot, kind: Any, theme: str) -> None:
    """Nothing is interpreted, nothing breaks."""
    of = tokens(["[CLS]", *HOSTILE, "[MASK]", "[SEP]"])
    with in_theme(theme):
        view = shown(qtbot, kind(), filled_trace(of), LAST, WIDE)
        assert not view.grab().isNull()


def test_the_steps_list_every_candidate(qtbot: QtBot) -> None:
    """A row a candidate, the taken one marked; the way is the cursor's."""
    view = shown(qtbot, FillSteps(), filled_trace(), LAST, (700, 300))
    rows = view.numbers().rows
    assert len(rows) == 4 * (3 + 2 + 1)
    assert [row[:3] for row in rows if row[-1]] == [("best-first", 1, 6), ("best-first", 2, 2), ("best-first", 3, 3)]
    view.draw(view.trace, Cursor(layer=0))
    assert {row[0] for row in view.numbers().rows} == {"joint"}
    assert len([row for row in view.numbers().rows if row[-1]]) == 3


def test_a_press_on_a_line_goes_to_its_step_and_a_drag_scrubs(qtbot: QtBot) -> None:
    """Mouse and keys move the play head."""
    view = shown(qtbot, FillSteps(), filled_trace(), LAST, (700, 300))
    qtbot.mousePress(view, LEFT, pos=middle(view.cell(0, 2)))
    assert view.cursor_at.step == 0
    qtbot.mouseRelease(view, LEFT, pos=middle(view.cell(0, 2)))
    press(view, Qt.Key.Key_Down)
    assert view.cursor_at.step == 1
    press(view, Qt.Key.Key_End, Qt.Key.Key_Down)
    assert view.cursor_at.step == 2
    press(view, Qt.Key.Key_Home)
    assert view.cursor_at.step == 0


def test_more_room_lists_more_candidates(qtbot: QtBot) -> None:
    """One at least; the taken word is among them even where others stand before it."""
    view = shown(qtbot, FillSteps(), filled_trace(), LAST, (700, 130))
    few = view.listed
    view.resize(700, 400)
    qtbot.waitUntil(lambda: view.listed > few >= 1)
    of = tokens("[CLS] [MASK] [SEP]")
    entries = tuple(word(Way.JOINT, 1, 0, place) for place in range(4))
    last = Candidates(1, entries)
    step = FillStep(Way.JOINT, 0, (last,), (taken(Way.JOINT, 7, 0),))
    assert step.taken[0].word not in entries
    odd = FillStep(Way.JOINT, 0, (last,), (type(step.taken[0])(1, step.taken[0].word, -1.0, 9),))
    small = shown(qtbot, FillSteps(), Trace().plus(of, odd), Cursor(), (700, 60))
    assert small.listed == 1
    assert odd.taken[0].word.label in svg_text(small)


def test_thirty_two_masks_scroll_to_the_step(qtbot: QtBot) -> None:
    """The line of the play head is in sight, below the head."""
    of = long_sentence(300, tuple(range(3, 290, 9)))
    view = shown(qtbot, FillSteps(), filled_trace(of), Cursor(layer=1, step=0), (700, 200))
    for step in (31, 0, 15):
        view.draw(view.trace, Cursor(layer=1, step=step))
        area = view.cell(step, of.masks[0])
        assert 20 <= area.top() < area.bottom() <= 200
