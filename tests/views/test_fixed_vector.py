"""The bottleneck: the vector is the encoder's own, every token leads into it, the words so far come out of it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, QSizeF, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from attnviz.trace import Cursor, Decoding, Encoding, Trace, frozen
from attnviz.views.fixed_vector import FixedVector, Place
from attnviz.views.funnel import Funnel, funnel
from attnviz.views.palette import diverging
from tests.views.decodings import characters, decoding_of, decoding_trace
from tests.views.sentences import HOSTILE, hover, in_theme, svg_text
from tests.views.traces import press, shown

NONE = decoding_trace(attention="none")


def encoding_of(trace: Trace) -> Encoding:
    encoding = trace.find(Encoding)
    assert encoding is not None
    return encoding


def middle(view: FixedVector, place: Place) -> QPoint:
    area = view.area(place)
    assert area is not None
    return view.to_view(area).center().toPoint()


def test_the_numbers_are_the_encoders_vector(qtbot: QtBot) -> None:
    """One row a number, unchanged."""
    view = shown(qtbot, FixedVector(), NONE)
    assert [value for _, value in view.numbers().rows] == encoding_of(NONE).fixed.astype(float).tolist()


def test_cells_have_the_colour_of_their_sign(qtbot: QtBot) -> None:
    """The middle of each cell is the diverging map at its value, by a computation of its own."""
    view = shown(qtbot, FixedVector(), NONE)
    view.clearFocus()
    image, fixed = view.grab().toImage(), encoding_of(NONE).fixed.astype(float)
    top = np.abs(fixed).max()
    for number, value in enumerate(fixed):
        expected = diverging()[round((value / top + 1) / 2 * 255)]
        found = image.pixelColor(middle(view, ("number", number)))
        rgb = found.red(), found.green(), found.blue()
        assert max(abs(int(a) - b) for a, b in zip(expected, rgb, strict=False)) <= 3


def test_it_says_that_the_width_does_not_depend_on_the_length(qtbot: QtBot) -> None:
    """A short and a long source are read into as many numbers."""
    for source in ("no", "nationalities"):
        view = shown(qtbot, FixedVector(), decoding_trace(source, attention="none", width=32))
        page = svg_text(view)
        assert "32 numbers, whatever the length" in page
        assert f"source: {len(source)} tokens" in page
        assert "All that the decoder gets of the source." in page


def test_with_attention_it_is_only_the_first_state(qtbot: QtBot) -> None:
    """The picture is there for any model, and doesn't claim to be all."""
    view = shown(qtbot, FixedVector(), decoding_trace(attention="dot"))
    assert "first state" in svg_text(view)
    assert "All that" not in svg_text(view)


def test_words_come_out_up_to_the_play_head(qtbot: QtBot) -> None:
    """After a scrub to step k there are k + 1 words and as many lines."""
    view = shown(qtbot, FixedVector(), NONE)
    for step in (0, 3, 5, 99):
        view.draw(NONE, Cursor(step=step))
        assert view.words() == decoding_of(NONE).labels[: step + 1]
        assert len(view.layout_of_now().output) == min(step + 1, 6)
        assert f"output: {min(step + 1, 6)} of 6 words" in svg_text(view)


def test_hovering_points_at_tokens_and_words(qtbot: QtBot) -> None:
    """A source token is the cursor's key, a word its query; beside both there is nothing."""
    view = shown(qtbot, FixedVector(), NONE, Cursor(step=5))
    hover(qtbot, view, middle(view, ("source", 2)))
    assert view.cursor_at == Cursor(key=2, step=5)
    hover(qtbot, view, middle(view, ("output", 4)))
    assert view.cursor_at == Cursor(query=4, step=5)
    hover(qtbot, view, QPoint(3, 3))
    assert view.cursor_at == Cursor(step=5)


def test_the_value_under_the_mouse(qtbot: QtBot) -> None:
    """A number of the vector by its place and its value."""
    view = shown(qtbot, FixedVector(), NONE)
    hover(qtbot, view, middle(view, ("number", 5)))
    value = float(encoding_of(NONE).fixed[5])
    assert f"number 6 of 8   {value:.4g}".replace("-", "−") in svg_text(view)


def test_a_click_pins_and_a_word_moves_the_play_head(qtbot: QtBot) -> None:
    """A second click frees, and the play head stays."""
    view = shown(qtbot, FixedVector(), NONE, Cursor(step=5))
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=middle(view, ("source", 1)))
    assert view.cursor_at == Cursor(key=1, step=5, pinned=True)
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=middle(view, ("output", 2)))
    assert view.cursor_at == Cursor(query=2, step=2, pinned=True)
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=middle(view, ("output", 2)))
    assert view.cursor_at == Cursor(step=2)


def test_arrow_keys_walk_all_three_columns(qtbot: QtBot) -> None:
    """Down a column, right to the next one, never beyond an end; each place is said."""
    view = shown(qtbot, FixedVector(), NONE, Cursor(step=5))
    press(view, Qt.Key.Key_Up, Qt.Key.Key_Down)
    assert view.cursor_at == Cursor(key=1, step=5, pinned=True)
    press(view, Qt.Key.Key_Right)
    assert view.accessibleDescription().startswith("number ")
    press(view, Qt.Key.Key_Right, Qt.Key.Key_End)
    assert view.cursor_at == Cursor(query=5, step=5, pinned=True)
    press(view, Qt.Key.Key_Escape)
    assert view.cursor_at == Cursor(step=5)


@pytest.mark.parametrize(
    ("trace", "sentence"),
    [(Trace(), "Type a source above"), (Trace().plus(characters("nation")), "not been encoded yet")],
)
def test_before_anything_has_arrived_it_says_what_to_do(qtbot: QtBot, trace: Trace, sentence: str) -> None:
    """Keys and mouse do nothing then."""
    view = shown(qtbot, FixedVector(), trace)
    press(view, Qt.Key.Key_Down, Qt.Key.Key_Return)
    hover(qtbot, view, QPoint(50, 100))
    assert sentence in svg_text(view)
    assert view.numbers().rows == ()


def test_an_encoding_alone_is_drawn(qtbot: QtBot) -> None:
    """Before the first word there is a vector and no word."""
    view = shown(qtbot, FixedVector(), Trace().plus(characters("nation"), encoding_of(NONE)))
    assert view.layout_of_now().output == ()
    assert "output" not in svg_text(view)


def test_numbers_that_are_none_are_said(qtbot: QtBot) -> None:
    """NaN is no colour and no cell of the table."""
    fixed = encoding_of(NONE).fixed.copy()
    fixed[3] = np.nan
    view = shown(qtbot, FixedVector(), NONE.plus(replace(encoding_of(NONE), fixed=frozen(fixed))))
    assert "NaN: 1 cell" in svg_text(view)
    assert view.numbers().rows[3] == (3, None)


def test_hostile_words_are_lettered_literally(qtbot: QtBot) -> None:
    """Markup stays markup, long words are cut."""
    decoding = decoding_of(NONE)
    vocabulary = (*HOSTILE, *decoding.vocabulary[len(HOSTILE) :])
    words = replace(decoding, vocabulary=vocabulary, tokens=tuple(range(6)))
    view = shown(qtbot, FixedVector(), NONE.plus(words), Cursor(step=5))
    assert "&lt;b&gt;x&lt;/b&gt;" in svg_text(view)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_it_takes_the_colours_of_the_theme(qtbot: QtBot, name: str) -> None:
    """The page is the theme's surface."""
    view = shown(qtbot, FixedVector(), NONE)
    with in_theme(name) as chosen:
        assert view.grab().toImage().pixelColor(3, view.height() - 3) == QColor(chosen.surface)


def laid(tokens: int, words: int, numbers: int, width: float = 420, height: float = 340) -> Funnel:
    return funnel(QSizeF(width, height), ([30.0] * tokens, [40.0] * words), numbers)


@pytest.mark.parametrize("numbers", [1, 8, 256, 257, 1024])
def test_every_number_has_a_cell_of_its_own(numbers: int) -> None:
    """The cell's middle leads back to the number, and no cell is missing or shared."""
    there = laid(5, 5, numbers)
    assert [there.number_at(there.cell(number).center()) for number in range(numbers)] == list(range(numbers))
    assert there.number_at(QPointF(1, 1)) is None


@pytest.mark.parametrize("count", [0, 1, 11, 12, 40, 5000])
def test_a_column_accounts_for_every_token(count: int) -> None:
    """Those that found no place are counted where the dots stand, and the newest word is always seen."""
    slots = laid(3, count, 64).output
    assert sum(slot.count for slot in slots) == count
    assert [slot.index for slot in slots if slot.index is not None and slot.count != 1] == []
    assert not count or slots[-1].index == count - 1
    for upper, lower in pairwise(slots):
        assert upper.area.bottom() < lower.area.top()


def test_the_vector_stays_a_neck_between_the_columns() -> None:
    """However wide the model, it takes a small part of the picture."""
    for width in (280, 640, 1200):
        there = laid(40, 40, 1024, width)
        assert there.source[0].area.right() < there.vector.left()
        assert there.vector.right() < there.output[0].area.left()
        assert there.vector.width() < width / 5


def test_drawing_needs_no_decoding_at_all(qtbot: QtBot) -> None:
    """A trace of encoder records is enough for a picture."""
    trace = Trace().plus(characters("nation"), encoding_of(NONE))
    assert trace.find(Decoding) is None
    assert not shown(qtbot, FixedVector(), trace).grab().isNull()
