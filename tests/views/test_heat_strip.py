"""Own probabilities as a strip: colours, numbers, and columns of surprisal."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from attnviz.trace import Candidate, Cursor, OwnProbability, Trace
from attnviz.views.heat_strip import CELL, COLUMN, HeatStrip
from attnviz.views.palette import colour, sequential_colour
from tests.views.sentences import (
    CAPITAL,
    HOSTILE,
    hover,
    in_theme,
    long_sentence,
    own_probabilities,
    svg_text,
    tokens,
    trace,
)

LEFT = Qt.MouseButton.LeftButton
SENTENCE = tokens("[CLS] the capital of france [SEP]")


def shown(qtbot: QtBot, of: Trace, width: int = 900) -> HeatStrip:
    strip = HeatStrip()
    qtbot.addWidget(strip)
    strip.draw(of, Cursor())
    strip.resize(width, min(strip.heightForWidth(width), 500))
    strip.show()
    qtbot.waitExposed(strip)
    return strip


def cell_colour(strip: HeatStrip, position: int) -> QColor:
    """The colour near the left top corner of the coloured cell."""
    area = strip.cell(position)
    return strip.grab().toImage().pixelColor(int(area.left()) + 4, int(area.top()) + COLUMN + 4)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_cell_has_the_colour_of_its_probability(qtbot: QtBot, theme: str) -> None:
    """The sequential map on [0, 1], whichever other values there are."""
    with in_theme(theme):
        strip = shown(qtbot, trace(SENTENCE, OwnProbability(1, 0.9, 1), OwnProbability(2, 0.1, 7)))
        assert cell_colour(strip, 1) == sequential_colour(0.9)
        assert cell_colour(strip, 2) == sequential_colour(0.1)


def test_what_is_not_computed_is_an_outline(qtbot: QtBot) -> None:
    """Surface inside, no number, an empty cell in the table; it fills in when the record arrives."""
    strip = shown(qtbot, trace(SENTENCE, OwnProbability(1, 0.9, 1)))
    assert cell_colour(strip, 3) == colour("surface")
    assert strip.numbers().rows[3] == (3, "of", "of", *[None] * 6)
    strip.draw(strip.trace.plus(OwnProbability(3, 0.5, 2)), Cursor())
    assert cell_colour(strip, 3) == sequential_colour(0.5)
    assert "50.0 %" in svg_text(strip)


def test_the_table_tells_surprisal_in_bits(qtbot: QtBot) -> None:
    """Hand-computed: a quarter is 2 bits, a certainty 0."""
    strip = shown(qtbot, trace(SENTENCE, OwnProbability(1, 0.25, 3), OwnProbability(2, 1.0, 1)))
    assert strip.numbers().rows[1][:6] == (1, "the", "the", 0.25, 3, 2.0)
    assert strip.numbers().rows[2][5] == 0.0


def test_what_the_model_expected_stands_below_the_word(qtbot: QtBot) -> None:
    """The three most probable words, in the picture and in the table; fewer where fewer are known."""
    expected = tuple(Candidate(number, word, word, 0.2) for number, word in enumerate(("a", "this", "every", "no")))
    strip = shown(qtbot, trace(SENTENCE, OwnProbability(1, 0.25, 3, expected), OwnProbability(2, 1.0, 1, expected[:1])))
    assert strip.numbers().rows[1][6:] == ("a", "this", "every")
    assert strip.numbers().rows[2][6:] == ("a", None, None)
    drawn = svg_text(strip)
    assert "every" in drawn
    assert "no" not in drawn.split()


@pytest.mark.parametrize(
    ("probability", "top"), [(0.5, 8), (2**-8, 8), (2**-9, 12), (2**-20, 20), (0.0, 8), (float("nan"), 8)]
)
def test_the_surprisal_axis_is_a_multiple_of_four_bits(qtbot: QtBot, probability: float, top: int) -> None:
    """At least 8; what is impossible or no number doesn't stretch it."""
    assert shown(qtbot, trace(SENTENCE, OwnProbability(1, probability, 1))).highest == top


def test_a_column_is_as_high_as_its_surprisal(qtbot: QtBot) -> None:
    """4 bits on an axis of 8 fill half of it; counted in the pixels."""
    strip = shown(qtbot, trace(SENTENCE, OwnProbability(1, 2**-4, 9), OwnProbability(2, 2**-8, 99)))
    image = strip.grab().toImage()

    def height(position: int) -> int:
        area = strip.cell(position)
        x, base = int(area.center().x()), int(area.top()) + COLUMN
        ink = image.pixelColor(x, base - 4)
        return sum(image.pixelColor(x, y) == ink for y in range(int(area.top()), base))

    assert height(1) == pytest.approx(height(2) / 2, abs=3)
    assert height(2) == pytest.approx(COLUMN - 4, abs=3)


def test_axes_and_colours_are_named(qtbot: QtBot) -> None:
    """A colour bar with its name and ends, and the unit of the columns."""
    drawn = svg_text(shown(qtbot, trace(SENTENCE, *own_probabilities(SENTENCE))))
    assert "p(token | rest)" in drawn
    assert "surprisal, bits" in drawn


def test_rank_and_exact_probability_are_in_the_tip(qtbot: QtBot) -> None:
    """The drawing rounds, the tip doesn't."""
    strip = shown(qtbot, trace(SENTENCE, OwnProbability(2, 0.0012345, 1234)))
    text, area = strip._tip(strip.to_content(strip.cell(2).center()))
    assert "rank 1,234" in text
    assert "0.0012345" in text
    assert area.height() > CELL


def test_hover_click_and_keys_act_as_on_the_chips(qtbot: QtBot) -> None:
    """Hover points, click and Space ask for a mask, and the template's tokens don't answer."""
    strip = shown(qtbot, trace(SENTENCE, *own_probabilities(SENTENCE)))
    with qtbot.waitSignal(strip.pointed) as pointed:
        hover(qtbot, strip, strip.cell(2).center().toPoint())
    assert pointed.args == [Cursor(query=2)]
    with qtbot.waitSignal(strip.toggled) as asked:
        qtbot.mouseClick(strip, LEFT, pos=strip.cell(4).center().toPoint())
    assert asked.args == [4]
    qtbot.keyClick(strip, Qt.Key.Key_Home)
    with qtbot.assertNotEmitted(strip.toggled):
        qtbot.keyClick(strip, Qt.Key.Key_Space)


@pytest.mark.parametrize(
    ("of", "sentence"), [(Trace(), "Type a sentence"), (trace(tokens(CAPITAL)), "when no word is masked")]
)
def test_without_words_to_judge_a_sentence_says_why(qtbot: QtBot, of: Trace, sentence: str) -> None:
    """Empty, or with a mask in the sentence."""
    assert sentence in svg_text(shown(qtbot, of))


@pytest.mark.parametrize("sentence", [tokens("one"), long_sentence(512), tokens(["[CLS]", *HOSTILE])])
def test_any_sentence_is_drawn(qtbot: QtBot, sentence: object) -> None:
    """One token, 512, and tokens that look like markup."""
    assert isinstance(sentence, type(SENTENCE))
    strip = shown(qtbot, trace(sentence, *own_probabilities(sentence)))
    drawn = svg_text(strip)
    assert "<b>" not in drawn
    assert "25.0 %" in drawn
    assert len(strip.numbers().rows) == len(sentence)
