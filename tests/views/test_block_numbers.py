"""What the block view shows is what torch computes: projections, softmax, LayerNorm, residuals, activations."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pytestqt.qtbot import QtBot

from attnviz.trace import Attention, Cursor, Site
from tests.views.blocks import TRACES, bert_block, block_of, pane_of
from tests.views.sentences import svg_text


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
        assert row.exponentials.max() == 1.0
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
    assert np.array_equal(view.values.panes()[0].picture.values, view.moment.stage("context")[:, 16:24])
    assert np.allclose(view.values.terms(view.moment).sum(axis=0), view.values.panes()[0].picture.values[1], atol=1e-5)


@pytest.mark.parametrize("kind", TRACES)
def test_the_residuals_are_sums(qtbot: QtBot, kind: str) -> None:
    """What is named as the two parts sums to what is shown."""
    make, cursor = TRACES[kind]
    view = block_of(qtbot, make(), cursor)
    for card in (view.attention_sum, view.output_sum):
        if card in view.board.cards:
            parts = (card.before(view.moment).stage, card.added.stage)
            total = np.add(*(view.moment.stage(name) for name in parts))
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
