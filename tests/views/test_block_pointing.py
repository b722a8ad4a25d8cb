"""Pointing into a block: rows are queries or keys, cells are both; the keyboard and the value under the mouse."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from attnviz.trace import Cursor, Site
from tests.views.blocks import HERE, block_of, decoder_blocks
from tests.views.sentences import hover, svg_text
from tests.views.traces import press

LEFT = Qt.MouseButton.LeftButton


def test_pointing_at_a_row_and_a_cell(qtbot: QtBot) -> None:
    """A row of Q is a query, a cell of the scores a query and a key, a row of V a key; leaving lets go."""
    view = block_of(qtbot)
    q, scores, v = view.query.panes()[0], view.scaled.panes()[0], view.value.panes()[0]
    hover(qtbot, view.query, q.line(3).center().toPoint())
    assert (view.cursor_at.query, view.cursor_at.key) == (3, None)
    hover(qtbot, view.scaled, scores.line(2).intersected(scores.stack(6)).center().toPoint())
    assert (view.cursor_at.query, view.cursor_at.key) == (2, 6)
    hover(qtbot, view.value, v.line(5).center().toPoint())
    assert view.cursor_at.key == 5
    qtbot.mouseMove(view.value, QPoint(4, 4))
    qtbot.waitUntil(lambda: view.cursor_at.key is None)


def test_a_click_pins_and_another_one_frees(qtbot: QtBot) -> None:
    """Hovering leaves what is pinned alone; Esc frees before it closes."""
    view = block_of(qtbot)
    view.toggle(view.softmax)
    pane = view.softmax.panes()[0]
    at = pane.line(2).intersected(pane.stack(4)).center().toPoint()
    qtbot.mouseClick(view.softmax, LEFT, pos=at)
    assert view.cursor_at == Cursor(head=1, query=2, key=4, pinned=True)
    hover(qtbot, view.softmax, pane.line(6).center().toPoint())
    assert view.cursor_at.query == 2
    press(view.softmax, Qt.Key.Key_Escape)
    assert view.cursor_at == HERE
    assert view.opened is view.softmax
    qtbot.mouseClick(view.softmax, LEFT, pos=at)
    qtbot.mouseClick(view.softmax, LEFT, pos=at)
    assert view.cursor_at == HERE


def test_a_line_of_the_worked_row_chooses_its_key(qtbot: QtBot) -> None:
    """And keeps the row that is worked out."""
    view = block_of(qtbot, cursor=Cursor(head=1, query=6, pinned=True))
    view.toggle(view.softmax)
    lines = view.softmax.lines()
    qtbot.mouseClick(view.softmax, LEFT, pos=lines.line(3).center().toPoint())
    assert view.cursor_at == Cursor(head=1, query=6, key=3, pinned=True)


def test_the_keyboard_walks_rows_and_columns(qtbot: QtBot) -> None:
    """Tokens down, keys or dimensions across, with the value for a screen reader."""
    view = block_of(qtbot)
    view.scaled.setFocus()
    press(view.scaled, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right, Qt.Key.Key_Right)
    assert (view.cursor_at.query, view.cursor_at.key, view.cursor_at.pinned) == (1, 2, True)
    value = float(view.moment.unfolded.scaled[1, 2])
    assert f"scaled = {value:.6g}".replace("-", "−") in view.scaled.accessibleDescription()
    press(view.value, Qt.Key.Key_End, Qt.Key.Key_Right)
    assert view.cursor_at.key == 8
    assert "V[1] = " in view.value.accessibleDescription()


def test_hover_tells_the_exact_value(qtbot: QtBot) -> None:
    """On a plate inside the board."""
    view = block_of(qtbot)
    pane = view.products.panes()[0]
    hover(qtbot, view.products, pane.line(2).intersected(pane.stack(4)).center().toPoint())
    value = f"{float(view.trace.attention(0).products(1)[2, 4]):.6g}".replace("-", "−")
    qtbot.waitUntil(lambda: view.board.readout.text() == f"capital (2) → france (4)   q·k = {value}")
    assert view.board.rect().contains(view.board.readout.geometry())


def test_cross_attention_has_its_own_tokens_on_each_axis(qtbot: QtBot) -> None:
    """Queries are the target's words, keys the source's; memory, K and V have a row per source token."""
    view = block_of(qtbot, decoder_blocks(source=7), Cursor(head=1, site=Site.CROSS))
    assert [card.panes()[0].picture.shape[0] for card in (view.query, view.memory, view.key, view.value)] == [
        5,
        7,
        7,
        7,
    ]
    assert view.softmax.panes()[0].picture.shape == (5, 7)
    drawn = svg_text(view)
    assert "capitale" in drawn
    assert "[CLS]" in drawn
    view.toggle(view.products)
    assert view.numbers().columns[0] == "query"
    assert len(view.numbers().columns) == 8


def test_masked_cells_are_told_and_grey(qtbot: QtBot) -> None:
    """The causal mask closes what comes later, and only the mask's card counts it."""
    view = block_of(qtbot, decoder_blocks(), Cursor(head=1, site=Site.DECODER))
    pane = view.masked.panes()[0]
    assert "may not look there" in view.masked._says(view.moment, pane, (1, 3))
    assert "may not look" not in view.masked._says(view.moment, pane, (3, 1))
    view.toggle(view.masked)
    assert "10 of 25 cells are −∞" in svg_text(view)
