"""One block step by step: in the model's own order, all of it in sight, each step opened in place."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from attnviz.models.config import BertConfig
from attnviz.trace import Block, BlockWeights, Cursor, Site, Tokens, Trace
from attnviz.views.block_view import BlockView
from tests.views.blocks import TRACES, bert_block, block_of, decoder_blocks, without
from tests.views.sentences import in_theme, svg_text
from tests.views.traces import press

LEFT = Qt.MouseButton.LeftButton


def titles(view: BlockView) -> list[str]:
    assert view.moment is not None
    return [card._titles(view.moment)[0] for card in view.order(view.moment).cards]


ATTENTION = ["weights · V", "concat", "W_O", "+ residual"]
SCORES = ["QKᵀ", "÷ √8", "mask", "softmax"]
ORDERS = {
    "bert": [
        *("input x", "Q", "K", "V"), *SCORES, *ATTENTION, "LayerNorm",
        *("feed-forward", "W₂", "+ residual", "LayerNorm → output"),
    ],
    "pre": [
        *("input x", "LayerNorm", "Q", "K", "V"), *SCORES, *ATTENTION,
        *("LayerNorm", "feed-forward", "W₂", "+ residual → output"),
    ],
    "decoder": ["input x", "Q", "K", "V", *SCORES, *ATTENTION, "LayerNorm"],
    "pre cross": [
        *("input x", "LayerNorm", "Q", "memory m", "K", "V"), *SCORES, *ATTENTION,
        *("LayerNorm", "feed-forward", "W₂", "+ residual → output"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("kind", ORDERS)
def test_the_steps_stand_in_the_models_own_order(qtbot: QtBot, kind: str) -> None:
    """Norms before or after, with or without a memory and a feed-forward, as the block's stages have it."""
    make, cursor = TRACES[kind]
    assert titles(block_of(qtbot, make(), cursor)) == ORDERS[kind]


@pytest.mark.parametrize("kind", TRACES)
@pytest.mark.parametrize("size", [(560, 620), (820, 620), (1400, 900)])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_is_seen_at_once(qtbot: QtBot, kind: str, size: tuple[int, int], theme: str) -> None:
    """Nothing scrolls, no card lies over another one, and the rows of a line of cards stand level."""
    make, cursor = TRACES[kind]
    with in_theme(theme):
        view = block_of(qtbot, make(), cursor, size)
        view.grab()
    cards = view.board.cards
    assert view.board.size() == view.size()
    for place, card in enumerate(cards):
        assert not any(card.geometry().intersects(other.geometry()) for other in cards[place + 1 :])
        assert all(pane.area.width() > 10 for pane in card.panes())
    for left, right in pairwise(cards):
        if left.y() == right.y() and left.side == right.side:
            assert left.panes()[0].area.bottom() == right.panes()[0].area.bottom()


def test_where_q_k_and_v_come_from_is_on_screen(qtbot: QtBot) -> None:
    """The formula and the matrix without a click."""
    drawn = svg_text(block_of(qtbot))
    for letter in "QKV":
        assert f"x W_{letter} + b" in drawn
        assert f">W_{letter}<" in drawn


def test_what_is_missing_is_said(qtbot: QtBot) -> None:
    """No tokens, no block, a head that isn't there; and an excuse where no block will come."""
    view = block_of(qtbot, Trace())
    assert "Type a sentence" in svg_text(view)
    trace = bert_block(layer=3)
    view.draw(without(trace, Block), Cursor(layer=3))
    assert "Computing the inside of layer 3 …" in svg_text(view)
    assert view.numbers().rows == ()
    view.excuse = "This model shows no inside."
    assert "shows no inside" in svg_text(view)
    view.excuse = ""
    view.draw(trace, Cursor(layer=3, head=7))
    assert "has 3 heads and no head 7" in svg_text(view)
    press(view, Qt.Key.Key_Escape)
    view.draw(trace, Cursor(layer=3))
    assert view.board.isVisible()


def test_without_weights_the_rest_is_shown(qtbot: QtBot) -> None:
    """No matrix is drawn that isn't known, and the opened card says so."""
    view = block_of(qtbot, without(bert_block(), BlockWeights))
    assert len(view.query.panes()) == 1
    view.toggle(view.query)
    drawn = svg_text(view)
    assert [pane.symbol for pane in view.query.panes()] == ["Q", "x"]
    assert "arrived" in drawn
    view.close_card()
    for card in view.board.cards:
        view.toggle(card)
        view.grab()


def test_tokens_of_another_run_draw_nothing(qtbot: QtBot) -> None:
    """A block belongs to its sentence."""
    other = bert_block(5).find(Tokens, Site.ENCODER)
    assert "Computing" in svg_text(block_of(qtbot, bert_block().plus(other)))


@pytest.mark.parametrize("kind", ["bert", "pre cross", "decoder"])
def test_each_step_opens_in_place_and_closes(qtbot: QtBot, kind: str) -> None:
    """It takes the width, the others stay as titles, Esc leads back to the same layout."""
    make, cursor = TRACES[kind]
    view = block_of(qtbot, make(), cursor, (560, 620))
    before = [card.geometry() for card in view.board.cards]
    for card in view.board.cards:
        press(card, Qt.Key.Key_E)
        assert view.opened is card
        assert card.width() > 0.9 * view.width()
        others = [other for other in view.board.cards if other is not card]
        assert all(other.is_chip and not other.geometry().intersects(card.geometry()) for other in others)
        assert view.numbers().columns == card.numbers().columns
        view.grab()
        qtbot.keyClick(card, Qt.Key.Key_Escape)
        assert view.opened is None
        assert [other.geometry() for other in view.board.cards] == before


def test_a_chip_opens_and_the_slot_closes(qtbot: QtBot) -> None:
    """One click from a step to another one, one click back."""
    view = block_of(qtbot)
    view.toggle(view.softmax)
    qtbot.mouseClick(view.query, LEFT)
    assert view.query.opened
    slot = view.board._layout.areas[0][1].center().toPoint()
    qtbot.mouseClick(view.board, LEFT, pos=slot)
    assert view.opened is None


def test_an_opened_step_stays_open_where_the_next_block_has_it(qtbot: QtBot) -> None:
    """Another head keeps it; a block without that step closes it."""
    trace = decoder_blocks()
    view = block_of(qtbot, trace, Cursor(head=1, site=Site.CROSS))
    view.toggle(view.feed)
    view.draw(trace, Cursor(head=2, site=Site.CROSS))
    assert view.opened is view.feed
    view.draw(trace, Cursor(head=2, site=Site.DECODER))
    assert view.opened is None
    assert not view.feed.isVisible()


def test_pictures_are_made_for_what_is_seen_and_kept(qtbot: QtBot) -> None:
    """512 tokens: nothing is coded while a card is a chip, a hover makes no new picture, another head makes new ones."""
    config = BertConfig(vocabulary=30, hidden=96, layers=1, heads=3, intermediate=192, positions=512)
    view = block_of(qtbot, bert_block(512, config=config), Cursor(head=1))
    view.grab()
    images = [card.panes()[0].picture._image for card in view.board.cards]
    assert all(image is not None and image.width() <= 400 for image in images)
    view.draw(view.trace, Cursor(head=1, query=77, key=300))
    view.grab()
    assert [card.panes()[0].picture._image for card in view.board.cards] == images
    view.toggle(view.input)
    view.draw(view.trace, Cursor(head=2))
    view.grab()
    assert view.input._pictures
    assert not any(card._pictures for card in view.board.cards if card is not view.input)


def test_a_long_row_is_told_by_its_heaviest_keys(qtbot: QtBot) -> None:
    """The rest is summed in one line, so that the total is still that of the whole row."""
    view = block_of(qtbot, bert_block(60), Cursor(head=1, query=3, key=59))
    view.toggle(view.softmax)
    lines, row = view.softmax.lines(), view.softmax.worked(view.moment)
    assert lines.names[-1] == -1
    assert 59 in lines.names
    assert lines.rows[-1][0] == f"{60 - len(lines.rows) + 1} others"
    assert lines.total[2] == f"{row.total:.3f}"
    assert int(np.argmax(row.weights)) in lines.names


def test_hostile_labels_stay_text(qtbot: QtBot) -> None:
    """No token is markup."""
    trace = bert_block(5)
    tokens = trace.tokens()
    assert tokens is not None
    hostile = replace(tokens, labels=("<b>", "&amp;", "\0", "a", "b"))
    view = block_of(qtbot, trace.plus(hostile))
    view.toggle(view.input)
    assert "&lt;b&gt;" in svg_text(view)


def test_cards_speak(qtbot: QtBot) -> None:
    """Each has a name with its size, and can be reached with the keyboard."""
    view = block_of(qtbot)
    assert view.accessibleDescription() == "layer 0, head 1"
    assert view.query.accessibleName() == "Q, 9 × 8"
    assert all(card.focusPolicy() == Qt.FocusPolicy.StrongFocus for card in view.board.cards)
