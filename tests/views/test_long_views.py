"""A long text, its windows and its masks: what is pale, what is pointed at, what is exported."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from attnviz.text.windows import slide
from attnviz.trace import Cursor, Tokens, Trace
from attnviz.views.long_look import LongLook
from attnviz.views.long_reading import read_long
from attnviz.views.long_text import LongText
from attnviz.views.view import View
from attnviz.views.window_bars import WindowBars
from attnviz.views.window_table import WindowTable
from tests.views.sentences import HOSTILE, candidates, hover, in_theme, svg_text

LIMIT = 22
LEFT = Qt.MouseButton.LeftButton


def tokens_of(words: list[str], masks: tuple[int, ...] = (), between: str = " ") -> Tokens:
    """One token a word; those at ``masks`` (positions) were masked by a click."""
    text, spans = between.join(words), []
    place = 0
    for word in words:
        spans.append((place, place + len(word)))
        place += len(word) + len(between)
    count = len(words) + 2
    names = ("[CLS]", *("[MASK]" if place in masks else word for place, word in enumerate(words, 1)), "[SEP]")
    special = (True, *(False,) * len(words), True)
    return Tokens(
        *(text, tuple(range(count)), names, names, (None, *spans, None), (0,) * count, special),
        words=(None, *range(len(words)), None),
        masks=masks,
        originals=tuple(5 if place in masks else None for place in range(count)),
        original_labels=tuple(words[place - 1] if place in masks else None for place in range(count)),
        total=count,
    )


def trace_of(stride: int | None, count: int = 60, masks: tuple[int, ...] = (5, 45)) -> Trace:
    tokens = tokens_of([f"word{number}" for number in range(1, count + 1)], masks)
    return Trace().plus(tokens, slide(tokens, LIMIT, stride, 32), candidates(5, ("river", 0.5), ("sea", 0.25), original="word5"))  # fmt: skip


def shown(qtbot: QtBot, view: View, of: Trace, cursor: Cursor | None = None, size: tuple[int, int] = (700, 300)) -> None:  # fmt: skip
    qtbot.addWidget(view)
    view.draw(of, cursor or Cursor())
    view.resize(*size)
    view.show()
    qtbot.waitExposed(view)


def test_the_reading_knows_words_tokens_and_depth() -> None:
    """Words with their tokens, what is read, and how often, counted one by one."""
    reading = read_long(trace_of(8))
    assert [word.text for word in reading.words[:2]] == ["word1", "word2"]
    assert [(word.first, word.last) for word in reading.words] == [(place, place + 1) for place in range(1, 61)]
    assert (reading.total, reading.first, reading.end, reading.read) == (60, 1, 61, 61)
    assert reading.depth.tolist() == [len(reading.windows.readers(place)) for place in range(1, 61)]
    assert read_long(trace_of(None)).read == 21


def test_a_reading_is_kept_while_its_text_is_the_same() -> None:
    """More records of the same run don't cut it into words again."""
    trace = trace_of(8)
    reading = read_long(trace)
    assert read_long(trace.plus(candidates(45, ("sea", 0.5))), reading) is reading
    assert read_long(trace_of(8), reading) is not reading


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_cut_off_is_pale(qtbot: QtBot, theme: str) -> None:
    """The text of a word that is read is darker, in light, than that of one that isn't; the mask is shown as such."""
    with in_theme(theme):
        view = LongText()
        shown(qtbot, view, trace_of(None))
        picture = view.grab().toImage()
        surface = picture.pixelColor(1, 1).lightness()

        def ink(position: int) -> int:
            area = view.word_at(position).toRect()
            inside = [picture.pixelColor(x, y).lightness() for x in range(area.left(), area.right()) for y in range(area.top() + 4, area.bottom() - 4)]  # fmt: skip
            return max(abs(lightness - surface) for lightness in inside)

        assert ink(10) > 1.3 * ink(50)
        assert "[MASK]" in svg_text(view)


def test_lines_are_broken_where_the_text_breaks_and_where_the_room_ends(qtbot: QtBot) -> None:
    """Every word stands right of the one before or begins a line further down; all within the width."""
    tokens = tokens_of([f"word{number}" for number in range(40)], between="\n")
    view = LongText()
    shown(qtbot, view, Trace().plus(tokens, slide(tokens, LIMIT, None, 32)), size=(300, 2000))
    assert len({view.word_at(place).top() for place in range(1, 41)}) == 40
    flowing = LongText()
    shown(qtbot, flowing, trace_of(None), size=(300, 2000))
    areas = [flowing.word_at(place) for place in range(1, 61)]
    assert all(b.left() > a.right() or (b.top() > a.top() and b.left() <= 8) for a, b in pairwise(areas))
    assert max(area.right() for area in areas) <= 300


def test_pointing_at_a_mask_looks_through_its_window(qtbot: QtBot) -> None:
    """Hovering is for the moment, a click pins; another word has no window."""
    view = LongText()
    shown(qtbot, view, trace_of(8))
    answers = dict(view.reading.windows.answers)
    with qtbot.waitSignal(view.pointed, check_params_cb=lambda look: look.query == 45) as pointed:
        hover(qtbot, view, view.word_at(45).center().toPoint())
    assert (pointed.args[0].window, pointed.args[0].pinned) == (answers[45], False)
    with qtbot.waitSignal(view.pointed, check_params_cb=lambda look: look.pinned):
        qtbot.mouseClick(view, LEFT, pos=view.word_at(45).center().toPoint())
    view.draw(view.trace, LongLook(query=45, window=answers[45], pinned=True))
    with qtbot.waitSignal(view.pointed, check_params_cb=lambda look: not look.pinned):
        qtbot.mouseClick(view, LEFT, pos=view.word_at(45).center().toPoint())


def test_what_is_pinned_elsewhere_is_brought_into_sight(qtbot: QtBot) -> None:
    """A mask far below, chosen in the table."""
    view = LongText()
    trace = trace_of(8, 900, (5, 800))
    shown(qtbot, view, trace, size=(300, 200))
    assert view.word_at(800).top() > view.height()
    view.draw(trace, LongLook(query=800, pinned=True))
    assert 0 <= view.word_at(800).top() < view.height()


def test_a_bar_is_pointed_at_and_pinned(qtbot: QtBot) -> None:
    """The row of each window."""
    view = WindowBars()
    shown(qtbot, view, trace_of(8))
    for number, window in enumerate(view.reading.windows.windows):
        with qtbot.waitSignal(view.pointed, check_params_cb=lambda look, at=number: look.pinned and look.window == at):
            qtbot.mouseClick(view, LEFT, pos=view.row(number).center().toPoint())
        assert view.numbers().rows[number][:4] == (number + 1, window.first, window.last - 1, 20)
    assert [row[4] for row in view.numbers().rows] == [0, 12, 12, 12, 12, 12]
    assert "window 6" in svg_text(view)


def test_what_is_cut_off_is_drawn_beside_the_bar(qtbot: QtBot) -> None:
    """One row, and words for the rest."""
    view = WindowBars()
    shown(qtbot, view, trace_of(None))
    assert len(view.numbers().rows) == 1
    assert "cut off" in svg_text(view)


def test_the_table_says_which_window_answers(qtbot: QtBot) -> None:
    """With its context, its answer, and what was there; those that are cut off say so."""
    table = WindowTable()
    shown(qtbot, table, trace_of(8))
    first, second = table.rows
    assert first == ("5", "1", "4", "15", "river 50.0 %   sea 25.0 %", "word5", "50.0 %")
    window = table.reading.windows.windows[int(second[1]) - 1]
    assert second[2:5] == (str(45 - window.first), str(window.last - 46), "…")
    with qtbot.waitSignal(table.pointed) as pointed:
        table.table.selectRow(1)
    assert (pointed.args[0].query, pointed.args[0].window) == (45, int(second[1]) - 1)
    table.draw(trace_of(None), LongLook())
    assert table.rows[1][1:5] == ("none", "", "", "cut off: not read")
    assert table.numbers().rows[0] == (5, 1, 4, 15, "river", 0.5, "sea", 0.25, None, None, "word5", 0.5)


@pytest.mark.parametrize("kind", [LongText, WindowBars, WindowTable])
def test_nothing_and_mischief_can_be_drawn(qtbot: QtBot, kind: type[View]) -> None:
    """Before anything arrived, and texts that mean mischief."""
    view = kind()
    shown(qtbot, view, Trace())
    words = [word.replace(" ", "_") for word in HOSTILE]
    tokens = tokens_of(words, (2,))
    for stride in (None, 1):
        view.draw(Trace().plus(tokens, slide(tokens, 5, stride, 32)), LongLook(window=0))
        view.grab()
        hover(qtbot, view, QPoint(40, 50))
        assert view.numbers().columns


def test_many_windows_stand_closer_and_are_all_seen(qtbot: QtBot) -> None:
    """Rows share the height as long as they can be told apart."""
    view = WindowBars()
    shown(qtbot, view, trace_of(2, 80))
    rows = [view.row(number) for number in range(len(view.numbers().rows))]
    assert len(rows) > 20
    assert 5 <= rows[0].height() < 24
    assert rows[-1].bottom() <= view.height()
    few = WindowBars()
    shown(qtbot, few, trace_of(8))
    assert few.row(0).height() == 24
