"""One block step by step: every number is the record's, in the model's own order, and each step opens in place."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from attnviz.models.config import BertConfig
from attnviz.trace import Attention, Block, BlockWeights, Cursor, Site, Tokens, Trace
from attnviz.views.block_card import BlockCard
from attnviz.views.block_pane import Pane
from attnviz.views.block_view import BlockView
from tests.views.blocks import bert_block, decoder_blocks, encoder_block, without
from tests.views.sentences import hover, in_theme, svg_text
from tests.views.traces import press, shown

LEFT = Qt.MouseButton.LeftButton
HERE = Cursor(head=1)
TRACES = {
    "bert": (bert_block, HERE),
    "pre": (encoder_block, HERE),
    "post": (lambda: encoder_block("post"), HERE),
    "decoder": (decoder_blocks, Cursor(head=1, site=Site.DECODER)),
    "cross": (decoder_blocks, Cursor(head=1, site=Site.CROSS)),
    "pre cross": (lambda: decoder_blocks("pre"), Cursor(head=1, site=Site.CROSS)),
}


def block_of(
    qtbot: QtBot, trace: Trace | None = None, cursor: Cursor = HERE, size: tuple[int, int] = (820, 620)
) -> BlockView:
    return shown(qtbot, BlockView(), bert_block() if trace is None else trace, cursor, size)


def titles(view: BlockView) -> list[str]:
    assert view.moment is not None
    return [card._titles(view.moment)[0] for card in view.order(view.moment).cards]


def pane_of(card: BlockCard, symbol: str) -> Pane:
    return next(pane for pane in card.panes() if pane.symbol == symbol)


def stages_of(view: BlockView) -> dict[str, np.ndarray]:
    return dict(view.moment.block.stages)


# order

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


# numbers against torch


@pytest.mark.parametrize("kind", TRACES)
def test_what_enters_times_the_heads_matrix_is_q_k_and_v(qtbot: QtBot, kind: str) -> None:
    """Torch's own linear map of the shown source, weight and bias is the shown result."""
    make, cursor = TRACES[kind]
    view = block_of(qtbot, make(), cursor)
    for card in (view.query, view.key, view.value, view.mixed):
        source, weight, bias, result = (
            torch.tensor(np.asarray(part))
            for part in (
                view.moment.stage(card.source(view.moment).stage),
                card.weight(view.moment),
                card.bias(view.moment),
                card.panes()[0].picture.values,
            )
        )
        assert torch.allclose(torch.nn.functional.linear(source, weight.T, bias), result, atol=1e-5)


def test_a_cell_of_q_is_worked_out(qtbot: QtBot) -> None:
    """The product and the bias that are told sum to the value that is told."""
    view = block_of(qtbot)
    view.toggle(view.query)
    said = view.query._says(view.moment, pane_of(view.query, "Q"), (2, 5))
    value = float(view.moment.stage("query")[1][2, 5])
    assert said.startswith("capital (2)   Q[5] = Σ x · W_Q + b = ")
    told = [float(part.strip(" ()").replace("−", "-")) for part in said.split(" = ")[2].split("+")]
    assert sum(told) == pytest.approx(value, abs=2e-4)
    assert said.endswith(f"= {value:.6g}".replace("-", "−"))


@pytest.mark.parametrize("kind", TRACES)
def test_mean_and_variance_are_torchs(qtbot: QtBot, kind: str) -> None:
    """Before and after, for every token, as torch.var_mean gives them."""
    make, cursor = TRACES[kind]
    view = block_of(qtbot, make(), cursor)
    norms = [card for card in (view.attention_norm, view.output_norm) if card in view.board.cards]
    assert len(norms) == (1 if kind == "decoder" else 2)
    for card in norms:
        rows = card.numbers().rows
        for stage, mean, variance in ((card.before(view.moment).stage, 2, 3), (card.after(view.moment), 4, 5)):
            expected = torch.var_mean(torch.tensor(view.moment.stage(stage)), dim=1, correction=0)
            assert torch.allclose(torch.tensor([row[variance] for row in rows]), expected[0], atol=1e-5)
            assert torch.allclose(torch.tensor([row[mean] for row in rows]), expected[1], atol=1e-5)


@pytest.mark.parametrize("kind", ["bert", "pre", "cross", "pre cross"])
def test_the_shown_norm_is_torchs(qtbot: QtBot, kind: str) -> None:
    """layer_norm of what is shown before, with the shown γ, β and ε, is what is shown after."""
    make, cursor = TRACES[kind]
    view = block_of(qtbot, make(), cursor)
    for card in (view.attention_norm, view.output_norm):
        before = torch.tensor(view.moment.stage(card.before(view.moment).stage))
        gains = {symbol: torch.tensor(values) for symbol, values in card._gains(view.moment)}
        normed = torch.nn.functional.layer_norm(
            before, before.shape[1:], gains["γ"], gains["β"], view.moment.weights.epsilon
        )
        assert torch.allclose(normed, torch.tensor(card.panes()[0].picture.values), atol=1e-5)


@pytest.mark.parametrize("kind", TRACES)
def test_the_worked_row_is_torchs_softmax(qtbot: QtBot, kind: str) -> None:
    """Of the scores that are shown, masked ones too; the quotients of what is told are the weights."""
    make, cursor = TRACES[kind]
    view = block_of(qtbot, make(), cursor)
    view.toggle(view.softmax)
    for query in range(len(view.moment.queries)):
        view.draw(view.trace, Cursor(head=1, site=cursor.site, query=query))
        row = view.softmax.worked(view.moment)
        expected = torch.softmax(torch.tensor(view.moment.unfolded.scores[query]), 0).numpy()
        assert np.allclose(row.weights, expected, atol=1e-6)
        assert np.allclose(row.exponentials / row.total, expected, atol=1e-6)
        assert [cells[-1] for cells in view.numbers().rows] == pytest.approx(expected.tolist(), abs=1e-6)


def test_a_row_that_may_look_nowhere_is_all_zero(qtbot: QtBot) -> None:
    """No division by zero, and it is said."""
    trace = bert_block()
    attention = trace.attention(0)
    mask = np.ones((9, 9), np.bool_)
    mask[2] = False
    closed = Attention(Site.ENCODER, 0, attention.query, attention.key, attention.value, attention.scale, mask)
    view = block_of(qtbot, trace.plus(closed), Cursor(head=1, query=2))
    view.toggle(view.softmax)
    assert "none: all masked" in svg_text(view)
    assert view.softmax.worked(view.moment).weights.tolist() == [0.0] * 9


@pytest.mark.parametrize("kind", TRACES)
def test_the_terms_sum_to_the_context(qtbot: QtBot, kind: str) -> None:
    """Column by column, to the head's part of what the block joined."""
    make, cursor = TRACES[kind]
    view = block_of(qtbot, make(), Cursor(head=2, site=cursor.site, query=1))
    assert np.allclose(view.values.terms(view.moment).sum(axis=0), view.moment.stage("context")[1, 16:24], atol=1e-5)


@pytest.mark.parametrize("kind", TRACES)
def test_the_residuals_are_sums(qtbot: QtBot, kind: str) -> None:
    """What is named as the two parts sums to what is shown."""
    make, cursor = TRACES[kind]
    view = block_of(qtbot, make(), cursor)
    for card in (view.attention_sum, view.output_sum):
        if card in view.board.cards:
            parts = (card.before(view.moment).stage, card.added.stage)
            total = np.sum([view.moment.stage(name) for name in parts], axis=0)
            assert np.allclose(total, card.panes()[0].picture.values, atol=1e-6)


def test_the_most_active_neurons_lead_the_list(qtbot: QtBot) -> None:
    """torch.topk of the pointed token's activations, on screen and as numbers."""
    view = block_of(qtbot, cursor=Cursor(head=1, query=4))
    view.toggle(view.feed)
    best = torch.topk(torch.tensor(view.moment.stage("activated")[4]), 5)
    assert [row[2] for row in view.numbers().rows[:5]] == best.indices.tolist()
    assert [row[4] for row in view.numbers().rows[:5]] == best.values.tolist()
    assert view.feed.lines().rows[0][0] == str(int(best.indices[0]))
    assert "most active for france (4)" in svg_text(view)


def test_the_summary_tells_every_stage(qtbot: QtBot) -> None:
    """One line each with torch's mean, when nothing is opened."""
    view = block_of(qtbot)
    told = {row[0]: row for row in view.numbers().rows}
    assert list(told) == [*view.moment.block.stages, "products", "scores", "weights"]
    assert told["inner"][3] == pytest.approx(float(torch.tensor(view.moment.stage("inner")).mean()), abs=1e-6)
    assert told["key"][1:3] == (9, 8)


# absence


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


# opening


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


# pointing


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


# size


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
