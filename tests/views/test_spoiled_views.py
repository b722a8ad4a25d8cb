"""A spoiled text as chips, as a table and as two objectives: what is shown, what a click does, what is exported."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from attnviz.trace import (
    Candidate,
    Chosen,
    Cursor,
    Detected,
    Drawn,
    Masking,
    Sampled,
    Spoiled,
    Trace,
    Treatment,
    frozen,
)
from attnviz.views.call_ink import SAYS
from attnviz.views.objectives import Objectives
from attnviz.views.palette import readable_on, sequential_colour
from attnviz.views.spoiled_chips import SpoiledChips
from attnviz.views.spoiled_reading import conclusion, most_telling, place_of, tally, words_of
from attnviz.views.spoiled_table import SpoiledTable
from attnviz.views.view import View
from tests.views.sentences import HOSTILE, in_theme, svg_text, tokens, trace

LEFT = Qt.MouseButton.LeftButton
TEXT = "[CLS] the capital of france is old [SEP]"
READ = "[CLS] the city of un ##france is very [SEP]"
ORIGINS = (0, 1, 2, 3, 4, 4, 5, 6, 7)
REPLACED = (False, False, True, False, True, True, False, True, False)
LOGITS = (-4.0, 3.0, 1.0, -2.0, 5.0, -1.0, -0.5)  # at 1 to 7: "of" is a false alarm, "un" and "very" are missed
JUDGED = tuple(range(1, 8))


def drawn(position: int, word: str, probability: float, loss: float, number: int = 99) -> Drawn:
    return Drawn(position, position, Candidate(number, word, word, probability), loss)


def spoiled(read: str = READ) -> Spoiled:
    """One word drawn, one drawn as it was, one put in by hand in two pieces, one by hand over a drawn one."""
    draws = (
        drawn(2, "city", 0.25, math.log(8)),
        drawn(5, "is", 0.5, math.log(2), 5),
        drawn(6, "new", 0.125, math.log(4)),
    )
    return Spoiled(tokens(read), ORIGINS, REPLACED, draws, (4, 6))


def played(logits: tuple[float, ...] = LOGITS) -> Trace:
    chosen = tuple(Chosen(place, place, Treatment.MASK, 4) for place in (2, 5, 6))
    sampled = Sampled(Masking(0.5, (1.0, 0.0, 0.0)), 0, 0, 6, chosen, ("[MASK]",) * 3, ("[MASK]",) * 3)
    return trace(tokens(TEXT), sampled, spoiled(), Detected(JUDGED, frozen(np.array(logits))))


def shown(
    qtbot: QtBot, view: View, of: Trace, cursor: Cursor | None = None, width: int = 1000, height: int = 400
) -> None:
    qtbot.addWidget(view)
    view.draw(of, cursor or Cursor())
    view.resize(width, height)
    view.show()
    qtbot.waitExposed(view)


def test_words_know_where_they_come_from() -> None:
    """The original stands over the first piece of its place, probabilities come from the two models."""
    words = words_of(played())
    assert [word.original for word in words] == [
        "[CLS]",
        "the",
        "capital",
        "of",
        "france",
        "france",
        "is",
        "old",
        "[SEP]",
    ]
    assert [word.position for word in words if word.leads] == [2, 4, 7]
    assert [word.position for word in words if word.by_hand] == [4, 5, 7]
    assert words[2].original_probability == pytest.approx(1 / 8)
    assert words[2].generated == 0.25
    assert words[7].generated is None  # the user's word, of which the generator wasn't asked
    assert words[0].probability is words[8].probability is None
    assert [str(word.call) for word in words[1:8]] == [
        "passed", "caught", "false alarm", "missed", "caught", "passed", "missed",
    ]  # fmt: skip


def test_a_masked_place_is_learnt_from_once() -> None:
    """A word of several pieces that was put in over a mask: masked-word prediction has one target there."""
    record = Spoiled(tokens(READ), ORIGINS, REPLACED, (drawn(4, "spain", 0.5, 1.0),), (4,))
    assert [word.position for word in words_of(trace(tokens(TEXT), record)) if word.drawn] == [4]


def test_chips_show_both_texts_numbers_and_rows(qtbot: QtBot) -> None:
    """What was there, what is read, how sure the discriminator is, and the names of the five rows."""
    chips = SpoiledChips()
    shown(qtbot, chips, played())
    text = svg_text(chips)
    for word in (
        "capital",
        "city",
        "un",
        "france",
        "very",
        "95.3 %",
        "73.1 %",
        "26.9 %",
        "MLM",
        "ELECTRA",
        "p(replaced)",
    ):
        assert word in text
    for call in SAYS:
        assert (SAYS[call] in text) == (str(call) != "passed")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_chip_has_the_colour_of_its_probability(qtbot: QtBot, theme: str) -> None:
    """The sequential map at p(replaced), just inside the chip's edge; the letters read on it."""
    with in_theme(theme):
        chips = SpoiledChips()
        shown(qtbot, chips, played())
        picture = chips.grab().toImage()
        for position, word in enumerate(words_of(played())):
            if word.probability is not None and not word.by_hand:
                fill = sequential_colour(word.probability)
                spot = chips.cell(position).center().toPoint()
                spot.setX(int(chips.cell(position).left()) + 5)
                spot.setY(int(chips.cell(position).top()) + 30)
                assert picture.pixelColor(spot) == fill
                assert readable_on(fill).name() in ("#000000", "#ffffff")


def test_a_click_pins_and_a_second_frees(qtbot: QtBot) -> None:
    """Of any token, also by the keyboard."""
    chips = SpoiledChips()
    shown(qtbot, chips, played())
    with qtbot.waitSignal(chips.pointed, check_params_cb=lambda cursor: cursor.pinned) as pinned:
        qtbot.mouseClick(chips, LEFT, pos=chips.cell(5).center().toPoint())
    assert pinned.args[0].query == 5
    chips.draw(chips.trace, pinned.args[0])
    with qtbot.waitSignal(chips.pointed) as freed:
        qtbot.keyClick(chips, Qt.Key.Key_Space)
    assert not freed.args[0].pinned


def test_every_chip_says_what_is_known(qtbot: QtBot) -> None:
    """The tooltip in words: drawn, drawn as it was, put in by hand, judged by nobody."""
    chips = SpoiledChips()
    shown(qtbot, chips, played())
    said = [chips._tip(chips._area(position).center())[0] for position in range(9)]
    assert "the generator drew city, p = 25.0 %" in said[2]
    assert "replaced, and caught" in said[2]
    assert "the word that was there, so it counts as original" in said[6]
    assert "put in by hand for france" in said[4]
    assert "judged by nobody" in said[0]
    assert "a false alarm" in said[3]


def test_a_text_that_is_not_judged_yet_is_shown_without_numbers(qtbot: QtBot) -> None:
    """Tokens first, then what was drawn; nothing is invented meanwhile."""
    chips, objectives, table = SpoiledChips(), Objectives(), SpoiledTable()
    whole = played()
    for view in (chips, objectives, table):
        shown(qtbot, view, Trace())
    assert chips.tokens is None
    assert objectives.objectives == ()
    assert conclusion(Trace()) == tally(Trace()) == ""
    part = trace(tokens(TEXT), whole.find(Sampled), spoiled())
    for view in (chips, objectives, table):
        view.draw(part, Cursor())
    assert "%" not in svg_text(chips)
    assert objectives.numbers().rows == ()
    assert [row[-1] for row in table.rows] == ["…"] * 5


def test_the_table_has_what_matters(qtbot: QtBot) -> None:
    """What was masked, put in or suspected; words that pass unmasked have no row. A row pins its token."""
    table = SpoiledTable()
    shown(qtbot, table, played())
    assert [row[0] for row in table.rows] == ["2", "3", "4", "5", "6", "7"]
    assert table.rows[0] == ("2", "capital", "city", "12.5 %", "25.0 %", "95.3 %", "caught")
    assert table.rows[4][2] == "is (as it was)"
    assert table.rows[5] == ("7", "old", "very (by hand)", "25.0 %", "", "37.8 %", "missed")
    with qtbot.waitSignal(table.pointed) as asked:
        table.table.selectRow(3)
    assert asked.args[0] == Cursor(query=5, pinned=True)
    table.draw(played(), Cursor(query=6))
    assert table.table.currentIndex().row() == 4


def test_the_objectives_count_what_they_learn_from(qtbot: QtBot) -> None:
    """Masks of all candidates against every judged token; both losses in nats by hand."""
    view = Objectives()
    shown(qtbot, view, played(), width=280)
    masked, replaced = view.objectives
    assert (masked.learns, masked.of) == (3, 6)
    assert masked.loss == pytest.approx(math.log(8 * 2 * 4) / 3)
    assert (replaced.learns, replaced.of) == (7, 7)
    truth = [other for position, other in enumerate(REPLACED) if position in JUDGED]
    terms = [math.log1p(math.exp(-logit if other else logit)) for logit, other in zip(LOGITS, truth, strict=True)]
    assert replaced.loss == pytest.approx(sum(terms) / 7)
    rows = {row[0]: row[1] for row in view.numbers().rows}
    assert (rows["caught"], rows["missed"], rows["false alarms"]) == (2, 2, 1)
    assert rows["precision"] == pytest.approx(2 / 3)
    assert rows["recall"] == 0.5
    assert rows["F1"] == pytest.approx(4 / 7)
    assert "57.1 %" in svg_text(view)


def test_the_conclusion_has_the_numbers_of_the_run() -> None:
    """One sentence a fact."""
    said = conclusion(played())
    assert "learn from 3 of 6 tokens (50.0 %)" in said
    assert "caught 2 of 4 tokens that were replaced, and suspected 1 of 3 that were not" in said
    assert "In 1 of 3 masks the generator drew the word that was there" in said
    assert tally(played()) == "4 of 7 replaced · 2 caught · 2 missed · 1 false alarm"


def test_one_looks_first_where_something_was_replaced() -> None:
    """Else where something was masked; a place of the text is found again among more pieces."""
    whole = played()
    assert most_telling(whole) == 2
    same = Spoiled(tokens(TEXT), tuple(range(8)), (False,) * 8, (drawn(5, "is", 0.5, 1.0, 5),))
    assert most_telling(trace(tokens(TEXT), same)) == 5
    assert most_telling(Trace()) is None
    assert place_of(whole, 5) == 6
    assert place_of(whole, 99) is None


def test_numbers_are_exported_whole(qtbot: QtBot) -> None:
    """Every token has its row; what isn't known is an empty cell."""
    chips, table = SpoiledChips(), SpoiledTable()
    for view in (chips, table):
        shown(qtbot, view, played())
    rows = chips.numbers().rows
    assert [row[1] for row in rows] == READ.split()
    assert rows[2][4:8] == (1, 0, 1, 0.25)
    assert rows[2][9] == pytest.approx(1 / (1 + math.exp(-3)))
    assert rows[0][-2:] == (None, None)
    assert [row[3] for row in table.numbers().rows] == ["generator", "", "hand", "hand", "generator", "hand"]


@pytest.mark.parametrize("width", [170, 320, 700, 1900])
def test_hostile_words_and_any_width_are_painted(qtbot: QtBot, width: int) -> None:
    """Markup, surrogates, right-to-left and very long words in either text, at widths that hold no legend."""
    names = ["[CLS]", *HOSTILE, "[SEP]"]
    count = len(names)
    draws = tuple(drawn(place, names[-1 - place], 0.5, 0.1) for place in range(1, count - 1))
    record = Spoiled(tokens(names[::-1]), tuple(range(count)), (False, *(True,) * (count - 2), False), draws, (2,))
    judged = Detected(tuple(range(1, count - 1)), frozen(np.linspace(-3, 3, count - 2)))
    for view in (SpoiledChips(), SpoiledTable(), Objectives()):
        shown(qtbot, view, trace(tokens(names), record, judged), Cursor(query=3, pinned=True), width)
        assert not view.grab().isNull()
