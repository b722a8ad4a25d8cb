"""One head as lines between two columns: which lines there are, and how tokens are pointed at, pinned and walked."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from attnviz.trace import Cursor, Hiding, Site, Trace
from attnviz.views.arc_lines import FAINTEST, MOST_LINES, lines_of
from attnviz.views.arcs import Arcs
from tests.views.sentences import HOSTILE, hover, in_theme, svg_text
from tests.views.traces import WORDS, crossing, press, shown, trace_of, words

HERE = Cursor(1, 2)


def token(view: Arcs, row: int, side: int) -> QPoint:
    return view.to_view(view.token_area(row, side)).center().toPoint()


def test_only_weights_that_can_be_seen_are_lines() -> None:
    """A weight under 1/255 is no line."""
    weights = np.array([[0.9, 0.0039, 0.0961], [1.0, 0.0, 0.0]], np.float32)
    lines = lines_of(weights)
    assert list(zip(lines.queries.tolist(), lines.keys.tolist(), strict=True)) == [(0, 0), (0, 2), (1, 0)]
    assert lines.weights.min() >= FAINTEST


def test_of_very_many_lines_the_strongest_are_kept_and_the_rest_counted() -> None:
    """No line that is drawn is weaker than one that isn't."""
    weights = np.random.default_rng(0).random((80, 80), np.float32)
    lines = lines_of(weights)
    visible = weights[weights >= FAINTEST]
    assert len(lines) == MOST_LINES
    assert lines.left_out == visible.size - MOST_LINES
    assert lines.weights.min() == np.sort(visible)[-MOST_LINES]


def test_a_query_or_a_key_has_its_own_lines() -> None:
    """Rows belong to queries, columns to keys."""
    weights = np.full((3, 4), 0.25, np.float32)
    assert lines_of(weights, 1).queries.tolist() == [1, 1, 1, 1]
    assert lines_of(weights, None, 2).keys.tolist() == [2, 2, 2]


def test_only_lines_that_cross_the_visible_rows_are_painted() -> None:
    """A line from far above to far below crosses what lies between."""
    weights = np.zeros((10, 10), np.float32)
    weights[0, 9] = weights[1, 1] = 1.0
    assert lines_of(weights).within(4, 5).queries.tolist() == [0]


def test_hovering_a_query_shows_its_lines_alone(qtbot: QtBot) -> None:
    """The left column points at queries; the weights of its lines are lettered."""
    view = shown(qtbot, Arcs(), trace_of(), HERE)
    whole = view.lines()
    hover(qtbot, view, token(view, 2, 0))
    lines = view.lines()
    assert view.cursor_at == Cursor(1, 2, query=2)
    assert whole is not None
    assert lines is not None
    assert set(lines.queries.tolist()) == {2}
    assert len(lines) < len(whole)
    assert f"{float(lines.weights.max()):.3f}" in svg_text(view)


def test_hovering_a_key_shows_who_looks_at_it(qtbot: QtBot) -> None:
    """The right column points at keys."""
    view = shown(qtbot, Arcs(), trace_of(), HERE)
    hover(qtbot, view, token(view, 4, 1))
    lines = view.lines()
    assert view.cursor_at == Cursor(1, 2, key=4)
    assert lines is not None
    assert set(lines.keys.tolist()) == {4}


def test_a_click_pins_and_a_second_frees(qtbot: QtBot) -> None:
    """Hovering elsewhere doesn't move the pin."""
    view = shown(qtbot, Arcs(), trace_of(), HERE)
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=token(view, 3, 0))
    hover(qtbot, view, token(view, 5, 1))
    assert view.cursor_at == Cursor(1, 2, query=3, pinned=True)
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=token(view, 3, 0))
    assert view.cursor_at == HERE


def test_keys_walk_the_tokens_and_scroll_them_into_sight(qtbot: QtBot) -> None:
    """Left and right change the column, up and down the token, Esc frees."""
    view = shown(qtbot, Arcs(), trace_of(words(40)), HERE, size=(400, 300))
    press(view, Qt.Key.Key_Down)
    assert view.cursor_at == Cursor(1, 2, query=0, pinned=True)
    press(view, *[Qt.Key.Key_Down] * 30)
    assert view.cursor_at.query == 30
    assert view.rect().contains(token(view, 30, 0))
    press(view, Qt.Key.Key_Right)
    assert view.cursor_at == Cursor(1, 2, key=30, pinned=True)
    press(view, Qt.Key.Key_Escape)
    assert view.cursor_at == HERE


def test_hidden_keys_get_no_lines_and_the_share_is_said(qtbot: QtBot) -> None:
    """The other weights are renormalised by the record's own rule."""
    trace = trace_of()
    view = shown(qtbot, Arcs(), trace, HERE)
    view.hidden_tokens = (0, 8)
    attention, lines = trace.attention(1), view.lines()
    assert attention is not None
    assert lines is not None
    hiding = Hiding.of(attention.weights(2), (0, 8))
    assert not {0, 8} & set(lines.keys.tolist())
    assert np.array_equal(lines.weights, hiding.weights[lines.queries, lines.keys])
    assert f"hidden keys carry {100 * hiding.share:.0f} % of the mass; rows renormalised" in view.caption()


@pytest.mark.parametrize(("pair", "query", "key"), [("A→A", 0, 0), ("A→B", 0, 4), ("B→A", 4, 0), ("B→B", 4, 4)])
def test_segments_leave_the_lines_from_one_sentence_to_another(qtbot: QtBot, pair: str, query: int, key: int) -> None:
    """Each column has the tokens of its sentence; a row is pointed at as the token that stands there, with its own weights."""
    trace = trace_of(second=4)
    view = shown(qtbot, Arcs(), trace, HERE)
    view.segments = pair
    attention = trace.attention(1)
    assert attention is not None
    rows, columns = (range(first, 4 if first == 0 else 9) for first in (query, key))
    expected = lines_of(attention.weights(2)[rows.start : rows.stop, columns.start : columns.stop])
    labels = {f"{WORDS[at]}·{at}" for at in rows}
    assert [row[2] for row in view.numbers().rows] == sorted(expected.weights.tolist(), reverse=True)
    assert {str(row[0]) for row in view.numbers().rows} <= labels
    hover(qtbot, view, token(view, 2, 0))
    assert view.cursor_at == Cursor(1, 2, query=query + 2)
    hover(qtbot, view, token(view, 1, 1))
    assert view.cursor_at == Cursor(1, 2, key=key + 1)
    press(view, Qt.Key.Key_Down, Qt.Key.Key_Down)
    assert view.cursor_at == Cursor(1, 2, key=key + 3, pinned=True)
    assert not view.grab().isNull()


def test_a_segment_without_tokens_says_how_to_get_one(qtbot: QtBot) -> None:
    """One sentence has no B, and the lines come back with it."""
    view = shown(qtbot, Arcs(), trace_of(), HERE)
    view.segments = "A→B"
    assert "No token stands in A→B" in svg_text(view)
    view.draw(trace_of(second=4), HERE)
    assert view.lines()


def test_a_pin_outside_the_segment_shows_every_line_of_it(qtbot: QtBot) -> None:
    """The place stays pinned for the other views."""
    view = shown(qtbot, Arcs(), trace_of(second=4), Cursor(1, 2, query=7, pinned=True))
    view.segments = "A→A"
    lines = view.lines()
    assert lines is not None
    assert set(lines.queries.tolist()) == {0, 1, 2, 3}
    assert view.cursor_at.query == 7


def test_512_tokens_draw_the_strongest_lines_and_say_so(qtbot: QtBot) -> None:
    """The caption counts what is left out; scrolling brings the rest of the tokens."""
    view = shown(qtbot, Arcs(), trace_of(words(512), layers=1, heads=1), Cursor())
    lines = view.lines()
    assert lines is not None
    assert len(lines) == MOST_LINES
    assert f"{lines.left_out:,} left out" in view.caption()
    assert view.full_height(480) > 512 * 20
    assert not view.grab().isNull()


def test_two_columns_may_differ_in_length(qtbot: QtBot) -> None:
    """Three target tokens look at seven source tokens."""
    view = shown(qtbot, Arcs(), crossing(3, 7), Cursor(site=Site.CROSS))
    hover(qtbot, view, token(view, 6, 1))
    assert view.cursor_at.key == 6
    hover(qtbot, view, token(view, 6, 0))
    assert view.cursor_at == Cursor(site=Site.CROSS)


def test_the_table_lists_the_lines_strongest_first(qtbot: QtBot) -> None:
    """Its rows are the lines that are drawn."""
    view = shown(qtbot, Arcs(), trace_of(), HERE)
    lines, table = view.lines(), view.numbers()
    assert lines is not None
    weights = [float(row[2] or 0) for row in table.rows]
    assert len(weights) == len(lines)
    assert weights == sorted(weights, reverse=True)


def test_hostile_tokens_are_lettered_literally(qtbot: QtBot) -> None:
    """Markup stays markup."""
    view = shown(qtbot, Arcs(), trace_of(HOSTILE), HERE)
    assert "&lt;b&gt;x&lt;/b&gt;" in svg_text(view)


def test_nothing_and_themes_are_painted(qtbot: QtBot) -> None:
    """An empty view says what to do; both themes paint their own surface."""
    view = shown(qtbot, Arcs(), Trace(), HERE)
    assert "Type a sentence" in svg_text(view)
    view.draw(trace_of(), HERE)
    for name in ("dark", "light"):
        with in_theme(name) as chosen:
            assert view.grab().toImage().pixelColor(10, 60).name() == chosen.surface
