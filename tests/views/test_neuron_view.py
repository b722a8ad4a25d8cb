"""A query and a key neuron by neuron: from two vectors to a weight, every number computed from the record."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from attnviz.trace import Attention, Cursor, Site, Trace
from attnviz.views.neuron_list import HEAD
from attnviz.views.neuron_plot import equation
from attnviz.views.neuron_view import NeuronView
from tests.views.sentences import attention as random_attention
from tests.views.sentences import hover, in_theme, svg_text
from tests.views.traces import attention_of, crossing, press, shown, tokens_of, trace_of, words

LEFT = Qt.MouseButton.LeftButton
PAIR = Cursor(layer=1, head=2, query=2, key=4)


def neurons(
    qtbot: QtBot, trace: Trace | None = None, cursor: Cursor = PAIR, size: tuple[int, int] = (820, 620)
) -> NeuronView:
    return shown(qtbot, NeuronView(), trace_of() if trace is None else trace, cursor, size)


def number(text: str) -> float:
    return float(text.rsplit("=", 1)[-1].replace("+", "").replace("−", "-"))


def test_the_products_sum_to_the_dot_product(qtbot: QtBot) -> None:
    """torch.dot of the two vectors is where the running sum ends, and what is told."""
    view = neurons(qtbot)
    record = view.trace.attention(1)
    query, key = torch.tensor(record.query[2, 2]), torch.tensor(record.key[2, 4])
    rows = view.numbers().rows
    assert torch.allclose(torch.tensor([row[3] for row in rows]), query * key, atol=1e-6)
    assert rows[-1][4] == pytest.approx(float(torch.dot(query, key)), abs=1e-5)
    assert number(equation(view.row)[0][0]) == pytest.approx(float(torch.dot(query, key)), abs=6e-4)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("biased", [False, True])
def test_from_the_product_to_the_weight_as_torch_does(qtbot: QtBot, masked: bool, biased: bool) -> None:
    """Scaled, biased, masked, softmaxed: each stage that is told equals torch's."""
    record = random_attention(9, masked=masked, biased=biased)
    view = neurons(qtbot, Trace().plus(tokens_of(words(9)), record), Cursor(head=1, query=5, key=3))
    mask = None if not masked else torch.tensor(record.mask)
    scores = torch.tensor(record.query[1]) @ torch.tensor(record.key[1]).T * record.scale
    scores = scores + torch.tensor(record.bias[1]) if biased else scores
    scores = scores if mask is None else scores.masked_fill(~mask, -np.inf)
    told = {name.split(",")[0]: text for text, name in equation(view.row)}
    assert ("bias" in told) == biased
    assert number(told["score"]) == pytest.approx(float(scores[5, 3]), abs=6e-4)
    assert number(told["weight"]) == pytest.approx(float(scores.softmax(-1)[5, 3]), abs=6e-4)
    assert np.allclose(view.row.weights, scores.softmax(-1)[5].numpy(), atol=1e-6)


def test_a_masked_key_is_said_to_be_masked(qtbot: QtBot) -> None:
    """Its score is −∞ and its weight 0, in the equation and in the list."""
    trace = Trace().plus(tokens_of(words(6)), random_attention(6, masked=True))
    view = neurons(qtbot, trace, Cursor(query=2, key=4))
    assert ("−∞", "may not look: masked") in equation(view.row)
    assert svg_text(view).count(">masked<") == 3


def test_without_a_pair_the_strongest_of_the_first_query_is_shown(qtbot: QtBot) -> None:
    """And that it was chosen so is said."""
    view = neurons(qtbot, cursor=Cursor(layer=1, head=2))
    weights = torch.tensor(view.trace.attention(1).weights(2))
    assert (view.row.query, view.row.chosen) == (0, int(weights[0].argmax()))
    assert "the key with the most weight" in svg_text(view)
    view.draw(view.trace, PAIR)
    assert "the key with the most weight" not in svg_text(view)
    view.draw(view.trace, replace(PAIR, query=99, key=99))
    assert view.row.query == 0


def test_the_list_has_every_key_of_the_query(qtbot: QtBot) -> None:
    """In the order of the tokens, with q·k and the weight as torch has them."""
    view = neurons(qtbot)
    record = view.trace.attention(1)
    products = torch.tensor(record.key[2]) @ torch.tensor(record.query[2, 2])
    assert np.allclose(view.row.products, products.numpy(), atol=1e-5)
    drawn = svg_text(view)
    for value in products.tolist():
        assert f"{value:.2f}".replace("-", "−") in drawn


def test_pressing_a_key_chooses_it(qtbot: QtBot) -> None:
    """It is pinned with its query; again or Esc frees; hovering is for a moment."""
    view = neurons(qtbot, cursor=Cursor(layer=1, head=2, query=2))
    keys = view.list
    hover(qtbot, keys, keys.line(6).center().toPoint())
    assert (view.cursor_at.query, view.cursor_at.key, view.cursor_at.pinned) == (2, 6, False)
    qtbot.mouseClick(keys, LEFT, pos=keys.line(7).center().toPoint())
    assert view.cursor_at == Cursor(layer=1, head=2, query=2, key=7, pinned=True)
    hover(qtbot, keys, keys.line(1).center().toPoint())
    assert view.row.chosen == 7
    press(keys, Qt.Key.Key_Escape)
    assert not view.cursor_at.pinned


def test_the_keyboard_goes_through_keys_and_dimensions(qtbot: QtBot) -> None:
    """Up and down choose a key in either part, left and right tell a dimension."""
    view = neurons(qtbot)
    press(view.list, Qt.Key.Key_Down)
    assert view.cursor_at == replace(PAIR, key=5, pinned=True)
    press(view.plot, Qt.Key.Key_Up, Qt.Key.Key_Up)
    assert view.row.chosen == 3
    press(view.list, Qt.Key.Key_End, Qt.Key.Key_Down)
    assert view.row.chosen == 8
    press(view.plot, Qt.Key.Key_Right, Qt.Key.Key_Right)
    assert view.plot.accessibleDescription().startswith("dimension 1: ")


def test_a_dimension_under_the_mouse_is_worked_out(qtbot: QtBot) -> None:
    """Its two numbers, their product and the sum up to it, in every strip."""
    view = neurons(qtbot)
    for fold in view.plot.folds():
        hover(qtbot, view.plot, fold.cell(3).center().toPoint())
        view.plot._mouse = fold.cell(3).center()
        assert f"dimension 3   {float(view.row.query_vector[3]):.4f}".replace("-", "−") in svg_text(view)


def test_cross_attention_looks_from_target_to_source(qtbot: QtBot) -> None:
    """Three queries, seven keys, each by its own name."""
    view = neurons(qtbot, crossing(3, 7), Cursor(site=Site.CROSS, query=1))
    drawn = svg_text(view)
    assert "query of out1 (1)" in drawn
    assert len(view.row.keys) == 7
    assert "in6" in drawn


@pytest.mark.parametrize("trace", [Trace(), Trace().plus(tokens_of(words(3))), trace_of(layers=1)])
def test_what_is_missing_is_said(qtbot: QtBot, trace: Trace) -> None:
    """A sentence, no list, no numbers, and keys do no harm."""
    view = neurons(qtbot, trace)
    assert ("Type a sentence" if not trace.records else "Layer 1 has not arrived") in svg_text(view)
    assert not view.list.isVisible()
    assert view.numbers().rows == ()
    press(view.plot, Qt.Key.Key_Right, Qt.Key.Key_Down, Qt.Key.Key_Escape)
    press(view.list, Qt.Key.Key_Down)


def test_a_head_that_is_not_there_is_said(qtbot: QtBot) -> None:
    """After a change of model, for a moment."""
    assert "no head 7" in svg_text(neurons(qtbot, cursor=replace(PAIR, head=7)))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("size", "beside"), [((560, 620), False), ((820, 620), True), ((1400, 900), True)])
def test_the_list_stands_where_there_is_room(qtbot: QtBot, theme: str, size: tuple[int, int], beside: bool) -> None:
    """Beside the plot in a wide window, under it in a narrow one, and the parts of the plot don't overlap."""
    with in_theme(theme):
        view = neurons(qtbot, size=size)
        view.grab()
    assert (view.list.y() == 0) == beside
    assert not view.plot.geometry().intersects(view.list.geometry())
    folds = view.plot.folds()
    assert folds[-1].area.bottom() < view.plot.plot().top()
    assert view.plot.plot().height() >= 56


def test_512_keys_cost_a_row_and_the_chosen_one_is_in_sight(qtbot: QtBot) -> None:
    """No matrix of all queries is unfolded, and the list scrolls to the key."""
    record = attention_of(512)
    trace = Trace().plus(tokens_of(words(512)), record)
    view = NeuronView()
    view.draw(trace, Cursor(query=300, key=318))
    shown(qtbot, view, trace, Cursor(query=300, key=318), (820, 620))
    assert view.row.weights.shape == (512,)
    chosen = view.list.to_view(view.list.line(318))
    assert HEAD <= chosen.top() < chosen.bottom() <= view.list.height()
    press(view.list, Qt.Key.Key_Home)
    assert view.list.rect().contains(view.list.to_view(view.list.line(0)).center().toPoint())


def test_any_scale_is_written_as_it_is(qtbot: QtBot) -> None:
    """A model that doesn't divide by √d_k says by what it multiplies."""
    record = attention_of(9)
    other = Attention(Site.ENCODER, 0, record.query, record.key, record.value, 0.5)
    view = neurons(qtbot, Trace().plus(tokens_of(words(9)), other), Cursor(query=1, key=2))
    assert equation(view.row)[1][0].startswith("× 0.5 = ")
    assert "÷" not in svg_text(view)
    hover(qtbot, view.plot, QPoint(4, 4))
