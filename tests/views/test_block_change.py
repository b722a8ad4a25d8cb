"""A block under what-ifs never claims a formula that doesn't hold: what was set or dropped is said where it is seen."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from attnviz.edits import DropHead, SetRow
from attnviz.models.edited import AttentionChange, LayerChange
from attnviz.trace import Cursor
from attnviz.views.block_change import feed_dropped, head_changed, layer_skipped, set_by_hand
from attnviz.views.neuron_plot import equation
from attnviz.views.neuron_view import NeuronView
from tests.views.blocks import TRACES, bert_block, block_of, encoder_block, pane_of
from tests.views.sentences import svg_text
from tests.views.traces import shown

ROW = (0.5, 0.0, 0.0, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0)
BY_HAND = LayerChange(attention=AttentionChange(rows=(SetRow(0, 1, 2, ROW),)))
DROPPED = LayerChange(attention=AttentionChange(dropped=(DropHead(0, 1),)))


@pytest.mark.parametrize("kind", TRACES)
def test_nothing_is_said_of_an_unchanged_block(qtbot: QtBot, kind: str) -> None:
    """In every architecture, for every row."""
    make, cursor = TRACES[kind]
    moment = block_of(qtbot, make(), cursor).moment
    assert not head_changed(moment)
    assert not layer_skipped(moment)
    assert not any(set_by_hand(moment, query) for query in range(len(moment.queries)))
    assert "outer" not in moment.block.stages or not feed_dropped(moment)


def test_a_row_set_by_hand_stands_beside_its_softmax(qtbot: QtBot) -> None:
    """The table has both, the map what was used, and other rows are worked out as ever."""
    view = block_of(qtbot, bert_block(change=BY_HAND), Cursor(head=1, query=2))
    view.toggle(view.softmax)
    drawn, lines = svg_text(view), view.softmax.lines()
    assert "set by hand" in drawn
    assert lines.titles[-2:] == ("softmax", "used")
    assert [row[-1] for row in lines.rows] == ["0.500" if weight else "0.000" for weight in ROW]
    assert [row[-1] for row in view.numbers().rows] == list(ROW)
    assert view.softmax._says(view.moment, pane_of(view.softmax, "weight"), (2, 3)).endswith("0.5, set by hand")
    assert not head_changed(view.moment)
    view.draw(view.trace, Cursor(head=1, query=3))
    assert "set by hand" not in svg_text(view)
    assert view.softmax.lines().titles[-1] == "weight"


def test_a_neuron_pair_says_that_its_weight_was_set(qtbot: QtBot) -> None:
    """Only in the row that was."""
    trace = bert_block(change=BY_HAND)
    view = shown(qtbot, NeuronView(), trace, Cursor(head=1, query=2, key=3))
    assert equation(view.row)[-1] == ("0.500", "weight, set by hand")
    view.draw(trace, Cursor(head=1, query=3, key=3))
    assert equation(view.row)[-1][1] == "weight, of 9 keys"


def test_a_dropped_head_is_said_to_hand_on_nothing(qtbot: QtBot) -> None:
    """Its terms are still shown, but not as what sums to its context; other heads are as ever."""
    view = block_of(qtbot, bert_block(change=DROPPED))
    assert not view.values.panes()[0].picture.values.any()
    assert ">dropped<" in svg_text(view)
    view.toggle(view.values)
    drawn = svg_text(view)
    assert "summed by column" not in drawn
    assert "was dropped" in drawn
    view.draw(view.trace, Cursor(head=2))
    assert "summed by column" in svg_text(view)


def test_a_dropped_feed_forward_adds_nothing(qtbot: QtBot) -> None:
    """And no formula claims that it does."""
    drawn = svg_text(block_of(qtbot, bert_block(change=LayerChange(drops_feed_forward=True)), size=(1400, 900)))
    assert "dropped: nothing is added" in drawn
    assert "W₂ + b₂" not in drawn


@pytest.mark.parametrize("norm", ["post", "pre"])
def test_a_dropped_layer_is_said_where_it_ends(qtbot: QtBot, norm: str) -> None:
    """Post-norm at the last norm, whose reading works nothing out then; pre-norm at the last sum."""
    view = block_of(qtbot, encoder_block(norm, change=LayerChange(drops_layer=True)))
    assert layer_skipped(view.moment)
    assert "layer dropped" in svg_text(view)
    last = view.output_norm if norm == "post" else view.output_sum
    view.toggle(last)
    assert "layer dropped" in svg_text(view)
    if norm == "post":
        assert np.array_equal(pane_of(last, "LN").picture.values, view.moment.stage("input"))
        assert "√" not in last._says(view.moment, pane_of(last, "LN"), (1, 2))
