"""Candidates as bars: one scale, one block per mask, a click chooses."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from pytestqt.qtbot import QtBot

from attnviz.trace import Candidates, Cursor, Trace
from attnviz.views.candidate_bars import CandidateBars, Choice
from attnviz.views.candidate_block import original_words
from attnviz.views.palette import sequential_colour
from tests.views.sentences import HOSTILE, candidates, hover, in_theme, svg_text, trace

LEFT = Qt.MouseButton.LeftButton
FRANCE = candidates(6, ("paris", 0.412), ("lyon", 0.079), ("nice", 0.0004), original="paris")
CITY = candidates(2, ("capital", 0.7), ("centre", 0.1))


def shown(qtbot: QtBot, of: Trace, width: int = 700, height: int = 300) -> CandidateBars:
    bars = CandidateBars()
    qtbot.addWidget(bars)
    bars.resize(width, height)
    bars.draw(of, Cursor())
    bars.show()
    qtbot.waitExposed(bars)
    return bars


def middle(bars: CandidateBars, block: int, row: int) -> QPoint:
    return bars.row(block, row).center().toPoint()


def test_blocks_stand_in_the_order_of_positions(qtbot: QtBot) -> None:
    """Whatever arrived first; side by side where there is room, below each other where not."""
    wide = shown(qtbot, trace(FRANCE, CITY))
    assert [record.position for record in wide.shown] == [2, 6]
    assert wide.row(0, 0).top() == wide.row(1, 0).top()
    narrow = shown(qtbot, trace(FRANCE, CITY), width=320)
    assert narrow.row(0, 1).bottom() < narrow.row(1, 0).top()
    assert narrow.row(0, 0).left() == narrow.row(1, 0).left()


def test_a_click_on_a_row_chooses_that_word(qtbot: QtBot) -> None:
    """The choice names the position and the candidate."""
    bars = shown(qtbot, trace(FRANCE, CITY))
    with qtbot.waitSignal(bars.chosen) as chosen:
        qtbot.mouseClick(bars, LEFT, pos=middle(bars, 1, 1))
    assert chosen.args == [Choice(6, FRANCE.entries[1])]


def test_arrows_and_enter_choose_a_word(qtbot: QtBot) -> None:
    """Down within a block, right to the next one, never beyond an end."""
    bars = shown(qtbot, trace(FRANCE, CITY))
    for key in (Qt.Key.Key_Up, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Down):
        qtbot.keyClick(bars, key)
    with qtbot.waitSignal(bars.chosen) as chosen:
        qtbot.keyClick(bars, Qt.Key.Key_Return)
    assert chosen.args == [Choice(6, FRANCE.entries[2])]
    assert "nice" in bars.accessibleDescription()


def test_stale_bars_are_dimmed_and_choose_nothing(qtbot: QtBot) -> None:
    """While a newer run is under way its positions may be others."""
    bars = shown(qtbot, trace(FRANCE))
    fresh = bars.grab().toImage()
    bars.stale = True
    assert bars.stale
    assert bars.grab().toImage() != fresh
    with qtbot.assertNotEmitted(bars.chosen):
        qtbot.mouseClick(bars, LEFT, pos=middle(bars, 0, 0))
        qtbot.keyClick(bars, Qt.Key.Key_Return)
    bars.stale = False
    with qtbot.waitSignal(bars.chosen):
        qtbot.keyClick(bars, Qt.Key.Key_Return)


def test_hovering_a_block_points_at_its_mask(qtbot: QtBot) -> None:
    """Chips and attention follow, for the time being."""
    bars = shown(qtbot, trace(FRANCE, CITY))
    with qtbot.waitSignal(bars.pointed) as pointed:
        hover(qtbot, bars, middle(bars, 1, 0))
    assert pointed.args == [Cursor(query=6)]


def test_a_click_on_the_heading_pins_the_mask_and_a_second_frees_it(qtbot: QtBot) -> None:
    """So that one can look at one of several masks and move the mouse away."""
    bars = shown(qtbot, trace(FRANCE, CITY))
    heading = bars.row(1, 0).topLeft().toPoint() + QPoint(30, -10)
    seen: list[Cursor] = []
    bars.pointed.connect(seen.append)
    qtbot.mouseClick(bars, LEFT, pos=heading)
    assert seen[-1] == Cursor(query=6, pinned=True)
    bars.draw(bars.trace, seen[-1])
    qtbot.mouseClick(bars, LEFT, pos=heading)
    assert seen[-1] == Cursor(query=6, pinned=False)


def test_all_bars_share_one_scale(qtbot: QtBot) -> None:
    """A bar's length is its probability of the same full width, in every block; checked in the pixels."""
    bars = shown(qtbot, trace(candidates(1, ("aa", 1.0), ("bb", 0.5)), candidates(2, ("cc", 0.5))))
    image = bars.grab().toImage()
    ink = sequential_colour(0.6)

    def length(block: int, row: int) -> int:
        area = bars.row(block, row).toRect()
        return sum(image.pixelColor(x, area.center().y()) == ink for x in range(area.left(), area.right()))

    assert length(0, 1) == pytest.approx(length(0, 0) / 2, abs=2)
    assert length(1, 0) == pytest.approx(length(0, 1), abs=2)
    assert length(0, 0) > 100


def test_the_original_word_is_told_with_rank_probability_and_bits() -> None:
    """As in the sketch; what is unknown is left out."""
    assert original_words(FRANCE) == "original: paris · rank 1 · p = 41.2 % · 1.28 bits"
    assert original_words(CITY) == ""
    rare = Candidates(1, (), "dog", 2314, 2**-20)
    assert original_words(rare).endswith("rank 2,314 · p < 0.1 % · 20.00 bits")


def test_the_axis_is_named_and_has_its_quarters(qtbot: QtBot) -> None:
    """25, 50, 75, 100 % and the word probability."""
    drawn = svg_text(shown(qtbot, trace(FRANCE)))
    assert all(f">{tick}<" in drawn for tick in ("25", "50", "75", "100 %", "probability"))
    assert "41.2 %" in drawn


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_are_drawn_literally_in_both_themes(qtbot: QtBot, theme: str) -> None:
    """No candidate is interpreted as markup."""
    with in_theme(theme):
        bars = shown(qtbot, trace(candidates(1, *((word, 0.1) for word in HOSTILE))), 1400, 400)
        drawn = svg_text(bars)
    assert "&lt;b&gt;x&lt;/b&gt;" in drawn
    assert "\\ud800" in drawn


def test_the_tip_of_a_row_says_the_exact_number(qtbot: QtBot) -> None:
    """Bars round, tips don't."""
    bars = shown(qtbot, trace(FRANCE))
    text, _ = bars._tip(QPointF(middle(bars, 0, 2)))
    assert "p = 0.0004" in text
    assert "3 of 3 at position 6" in text


def test_32_masks_scroll_and_no_more_are_shown(qtbot: QtBot) -> None:
    """Forty masks: the first 32, the last of them reachable with the keyboard."""
    bars = shown(qtbot, trace(*(candidates(index, ("a", 0.5), ("b", 0.25)) for index in range(40))))
    assert len(bars.shown) == 32
    assert not bars.rect().contains(bars.row(31, 0).toRect())
    for _ in range(40):
        qtbot.keyClick(bars, Qt.Key.Key_Right)
    assert bars.rect().contains(bars.row(31, 0).toRect())


@pytest.mark.parametrize("of", [Trace(), trace(candidates(3))])
def test_nothing_to_choose_from_is_no_mistake(qtbot: QtBot, of: Trace) -> None:
    """Without a mask a sentence says what to do; a record without entries is an empty block."""
    bars = shown(qtbot, of)
    with qtbot.assertNotEmitted(bars.chosen):
        qtbot.keyClick(bars, Qt.Key.Key_Return)
        qtbot.keyClick(bars, Qt.Key.Key_Down)
        qtbot.mouseClick(bars, LEFT, pos=QPoint(20, 60))
    assert bars.numbers().rows == ()
    assert ("Click a word" in svg_text(bars)) == (not of.records)


def test_fewer_candidates_take_the_keyboard_along(qtbot: QtBot) -> None:
    """After the masks shrank, Enter chooses a word that is there."""
    bars = shown(qtbot, trace(FRANCE, CITY))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_End):
        qtbot.keyClick(bars, key)
    bars.draw(trace(CITY), Cursor())
    with qtbot.waitSignal(bars.chosen) as chosen:
        qtbot.keyClick(bars, Qt.Key.Key_Return)
    assert chosen.args == [Choice(2, CITY.entries[1])]


def test_the_numbers_hold_every_candidate(qtbot: QtBot) -> None:
    """Position, place, id, word and probability, with the original beside."""
    rows = shown(qtbot, trace(FRANCE, CITY)).numbers().rows
    assert rows[0] == (2, 1, 100, "capital", "capital", 0.7, None, None, None)
    assert rows[3] == (6, 2, 101, "lyon", "lyon", 0.079, "paris", 1, 0.412)


MANY = candidates(3, *((f"word{place}", 0.1 / (place + 1)) for place in range(60)))


@pytest.mark.parametrize(("height", "least", "most"), [(200, 10, 10), (500, 15, 18), (1000, 36, 39), (4000, 60, 60)])
def test_a_taller_view_shows_more_candidates(qtbot: QtBot, height: int, least: int, most: int) -> None:
    """Ten at least, then as many as fill it without scrolling; the numbers are those that are seen."""
    bars = shown(qtbot, trace(MANY), height=height)
    count = len(bars.shown[0].entries)
    assert least <= count <= most
    assert len(bars.numbers().rows) == count
    assert bars.full_height(bars.width()) <= max(height, 330)
    if 10 < count < 60:
        assert height - bars.full_height(bars.width()) < 2 * bars.row(0, 0).height()


def test_what_grew_with_the_view_goes_with_it(qtbot: QtBot) -> None:
    """The room that is asked for never depends on how tall the view is: it may shrink again, and hidden rows can't be chosen."""
    bars = shown(qtbot, trace(MANY), height=1000)
    wanted = bars.heightForWidth(700)
    qtbot.keyClick(bars, Qt.Key.Key_End)
    bars.resize(700, 300)
    assert bars.heightForWidth(700) == wanted
    assert len(bars.shown[0].entries) == 10
    with qtbot.waitSignal(bars.chosen) as chosen:
        qtbot.keyClick(bars, Qt.Key.Key_Return)
    assert chosen.args == [Choice(3, MANY.entries[9])]
