"""Columns of −ln p in nats: the sums of words, the axis, and what is not scored."""

from __future__ import annotations

import math

import pytest
from PySide6.QtCore import QPoint
from pytestqt.qtbot import QtBot

from attnviz.trace import Cursor, OwnProbability, PseudoLikelihood, Trace
from attnviz.views.likelihood_bars import LikelihoodBars
from tests.views.sentences import HOSTILE, hover, in_theme, long_sentence, svg_text, tokens, trace
from tests.views.traces import shown

OF = tokens("[CLS] the token ##ization [MASK] . [SEP]")
OWN = tuple(
    OwnProbability(place, math.exp(log), 7, (), log) for place, log in ((1, -0.5), (2, -9.25), (3, -1.5), (5, -0.01))
)


def test_the_table_has_logarithms_and_sums_of_words(qtbot: QtBot) -> None:
    """Every token has a row; what isn't scored has no number."""
    rows = shown(qtbot, LikelihoodBars(), trace(OF, *OWN)).numbers().rows
    assert [row[4] for row in rows] == [None, -0.5, -9.25, -1.5, None, -0.01, None]
    assert [row[6] for row in rows] == [None, -0.5, -10.75, -10.75, None, -0.01, None]
    assert [row[5] for row in rows if row[4] is not None] == [7] * 4


def test_the_sum_of_a_word_waits_for_all_its_pieces(qtbot: QtBot) -> None:
    """Half a word has no number."""
    view = shown(qtbot, LikelihoodBars(), trace(OF, *OWN[:2]))
    assert view.word_sum(2) is None
    view.draw(trace(OF, *OWN), Cursor())
    assert view.word_sum(3) == 10.75
    assert "10.75" in svg_text(view)


@pytest.mark.parametrize(("log", "top"), [(-0.1, 8), (-8.0, 8), (-8.1, 12), (-40.5, 44), (-math.inf, 8)])
def test_the_axis_ends_above_the_highest_column(qtbot: QtBot, log: float, top: int) -> None:
    """At a multiple of 4, at least 8 nats; the infinite doesn't count."""
    own = OwnProbability(1, math.exp(log), 1, (), log)
    assert shown(qtbot, LikelihoodBars(), trace(OF, own)).highest == top


def test_columns_grow_with_the_room(qtbot: QtBot) -> None:
    """No scrolling where there is room, and none of it wasted."""
    view = shown(qtbot, LikelihoodBars(), trace(OF, *OWN), size=(900, 150))
    low = view.cell(1).height()
    view.resize(900, 320)
    qtbot.waitUntil(lambda: view.cell(1).height() > low + 100)
    assert view.cell(1).bottom() <= 320


def test_hovering_points_and_says(qtbot: QtBot) -> None:
    """The cursor goes to the token."""
    view = shown(qtbot, LikelihoodBars(), trace(OF, *OWN), size=(900, 200))
    area = view.cell(2)
    hover(qtbot, view, QPoint(int(area.center().x()), int(area.bottom()) - 40))
    qtbot.waitUntil(lambda: view.cursor_at.query == 2)


def test_without_words_it_says_so(qtbot: QtBot) -> None:
    """Nothing typed, or nothing but masks."""
    view = shown(qtbot, LikelihoodBars(), Trace())
    assert "Type a sentence" in svg_text(view)
    view.draw(trace(tokens("[CLS] [MASK] [SEP]"), PseudoLikelihood(0.0, 0)), Cursor())
    assert "no word to score" in svg_text(view)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_hostile_and_long_texts_are_drawn(qtbot: QtBot, theme: str) -> None:
    """Any word, and 512 of them."""
    for of in (tokens(["[CLS]", *HOSTILE, "[SEP]"]), long_sentence(512)):
        own = [OwnProbability(place, 0.25, 2) for place in range(1, len(of) - 1)]
        with in_theme(theme):
            view = shown(qtbot, LikelihoodBars(), trace(of, *own))
            assert not view.grab().isNull()
            assert view.highest == 8
