"""Labels over small columns: all of them while letters fit, thinned beyond, never one over another."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from PySide6.QtGui import QFontMetricsF
from pytestqt.qtbot import QtBot

from attnviz.views.column_labels import GAP, LEAST_LETTERS, TALLEST, ColumnLabels
from attnviz.views.palette import SMALL, token_font

LETTERS = tuple("abcdefghij" * 4)


@pytest.mark.parametrize("pitch", [2.0, 4.0, 6.0, 9.0, 30.0])
def test_letters_stand_level_and_apart(qtbot: QtBot, pitch: float) -> None:
    """Smaller letters before fewer ones."""
    labels = ColumnLabels(LETTERS, 0.0, pitch, len(LETTERS))
    width = QFontMetricsF(token_font(labels.size)).horizontalAdvance("m")
    shown = labels.shown()
    assert not labels.is_slanted
    assert all((right - left) * pitch >= width + GAP for left, right in pairwise(shown))
    smallest = QFontMetricsF(token_font(LEAST_LETTERS)).horizontalAdvance("m")
    assert (len(shown) == len(LETTERS)) == (smallest + GAP <= pitch)
    assert labels.size == SMALL or pitch < QFontMetricsF(token_font(SMALL)).horizontalAdvance("m") + GAP


def test_words_rise_where_they_are_wider_than_a_column(qtbot: QtBot) -> None:
    """Within a height that leaves room for the cells."""
    words = ("<s>", "AE", "w" * 60)
    assert ColumnLabels(words, 0.0, 13.0, 3).is_slanted
    assert ColumnLabels(words, 0.0, 13.0, 3).height == TALLEST
    assert not ColumnLabels(words[:2], 0.0, 60.0, 2).is_slanted


@pytest.mark.parametrize("pitch", [5.0, 9.0, 11.6, 12.8, 16.0])
@pytest.mark.parametrize("marked", [None, 4])
def test_rising_words_stand_apart(qtbot: QtBot, pitch: float, marked: int | None) -> None:
    """Two of them are parallel lines at 50°: between these there is room for a tall letter and its tail."""
    words = ("<s>", "NG", "AE", "JH", "DH", "UW", "OY", "ZH", "HH", "AO")
    labels = ColumnLabels(words, 0.0, pitch, len(words))
    assert labels.is_slanted
    letter = QFontMetricsF(token_font(labels.size)).tightBoundingRect("Nj").height()
    shown = labels.shown(marked)
    assert len(shown) > 1
    assert all((right - left) * pitch * math.sin(math.radians(50)) >= letter for left, right in pairwise(shown))


def test_the_marked_one_is_always_there(qtbot: QtBot) -> None:
    """In the place of those beside it; words to come have no label, marked or not."""
    labels = ColumnLabels(LETTERS, 0.0, 2.0, 20)
    assert 7 in labels.shown(7)
    assert 8 not in labels.shown(7)
    assert max(labels.shown()) < 20
    assert 25 not in labels.shown(25)
