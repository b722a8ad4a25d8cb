"""Why BPE, drawn: numbers, curve, relatives and families are the record's."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from attnviz.trace import Family, Trace, Why
from attnviz.views import palette
from attnviz.views.moment import Moment
from attnviz.views.why_families import WhyFamilies, WhySharings, shared_pieces
from attnviz.views.why_numbers import WhyNumbers
from attnviz.views.why_plot import WhyPlot
from tests.views.merge_traces import learned
from tests.views.sentences import svg_text
from tests.views.traces import shown


def test_the_numbers_are_the_records(qtbot: QtBot) -> None:
    """Vocabulary and unknown share of both."""
    view = shown(qtbot, WhyNumbers(), learned(), Moment())
    why = learned().find(Why)
    assert view.numbers().rows[0][1:3] == (why.words, why.unknown_words)
    assert view.numbers().rows[1][1:] == (why.pieces, why.unknown_bpe, why.tokens_per_word)


def test_the_curve_falls_and_bpe_has_its_point(qtbot: QtBot) -> None:
    """A row for each size and one for BPE."""
    view = shown(qtbot, WhyPlot(), learned(), Moment())
    why = learned().find(Why)
    assert len(view.numbers().rows) == len(why.sizes) + 1
    painted = svg_text(view)
    assert "BPE pieces" in painted
    assert "unknown, %" in painted
    ink = view.grab().toImage().pixelColor(view._at(float(why.pieces), why.unknown_bpe * 100.0).toPoint())
    assert ink.name() == palette.theme().accent


def test_families_show_each_words_pieces(qtbot: QtBot) -> None:
    """A row a word, with its pieces as they are."""
    view = shown(qtbot, WhyFamilies(), learned(), Moment())
    families = learned().find(Why).families
    assert len(view.numbers().rows) == sum(len(family.words) for family in families)
    view.grab()


def test_a_piece_of_two_words_is_shared() -> None:
    """A piece that one word has twice is not."""
    family = Family("low", ("low", "lower", "bb"), (("low",), ("low", "er"), ("b", "b")), ())
    assert shared_pieces(family) == {"low"}


@pytest.mark.parametrize("kind", [WhyNumbers, WhyPlot, WhyFamilies, WhySharings])
def test_nothing_is_drawn_before_there_is_something(qtbot: QtBot, kind: type) -> None:
    """An empty trace gives an empty state and an empty table."""
    view = shown(qtbot, kind(), Trace(), Moment())
    view.grab()
    assert view.numbers().rows == ()
