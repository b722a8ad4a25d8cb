"""The readout of one cell: each stage is computed by the record, and nothing is shown that wasn't computed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from pytestqt.qtbot import QtBot

from attnviz.trace import Cursor, Trace, frozen
from attnviz.views.cell_card import CellCard
from attnviz.views.cell_reading import read_row, scale_name
from tests.views.traces import WORDS, attention_of, shown, tokens_of, trace_of


def test_every_stage_of_the_cell_is_given(qtbot: QtBot) -> None:
    """q·k, the scale, the score and the weight are torch's numbers."""
    trace = trace_of()
    view = shown(qtbot, CellCard(), trace, Cursor(1, 2, 2, 4, pinned=True))
    attention = trace.attention(1)
    assert attention is not None
    query, key = torch.tensor(attention.query[2]), torch.tensor(attention.key[2])
    product = float(query[2] @ key[4])
    weights = torch.softmax(query[2] @ key.T / 8**0.5, dim=-1)
    assert view.shown("q·k") == f"{product:.3f}".replace("-", "−")
    assert view.shown("scale") == "÷ √8"
    assert view.shown("score") == f"{product / 8**0.5:.3f}".replace("-", "−")
    assert view.shown("weight") == f"{float(weights[4]):.3f}"
    assert "capital" in view.shown("query")
    assert "(4)" in view.shown("key")
    assert view.shown("bias") == ""


def test_the_entropy_of_a_row_is_that_of_its_distribution() -> None:
    """An independent authority agrees, and the even spread bounds it."""
    attention = attention_of(9)
    row = read_row(attention, 1, 3)
    expected = torch.distributions.Categorical(probs=torch.tensor(attention.weights(1)[3])).entropy()
    assert row.entropy == pytest.approx(float(expected), abs=1e-5)
    assert row.entropy <= row.uniform == pytest.approx(np.log(9))


def test_a_query_alone_gives_its_row_and_no_cell(qtbot: QtBot) -> None:
    """Not computed is not drawn."""
    view = shown(qtbot, CellCard(), trace_of(), Cursor(1, 2, query=2))
    assert view.shown("row entropy").endswith(f"nats ({np.log(9):.2f})")
    assert view.shown("weight") == view.shown("q·k") == ""
    assert "weight" not in [row[0] for row in view.numbers().rows]


def test_a_masked_cell_says_so(qtbot: QtBot) -> None:
    """A score of −∞ has weight 0."""
    causal = replace(attention_of(9), mask=np.tril(np.ones((9, 9), bool)))
    view = shown(qtbot, CellCard(), Trace().plus(tokens_of(WORDS), causal), Cursor(0, 0, 1, 5))
    assert view.shown("score") == "−∞, masked"
    assert view.shown("weight") == "0.000"


def test_a_bias_is_shown_where_the_model_has_one(qtbot: QtBot) -> None:
    """The row appears with its value."""
    biased = replace(attention_of(9), bias=frozen(np.full((3, 9, 9), -1.25)))
    view = shown(qtbot, CellCard(), Trace().plus(tokens_of(WORDS), biased), Cursor(0, 0, 1, 5))
    assert view.shown("bias") == "−1.250"


def test_an_unusual_scale_is_given_as_a_factor() -> None:
    """Only one over the root of the width is written as a root."""
    assert scale_name(32**-0.5, 32) == "÷ √32"
    assert scale_name(1.0, 64) == "× 1"


@pytest.mark.parametrize("cursor", [Cursor(9, 0, 0, 0), Cursor(0, 9, 0, 0)])
def test_a_head_that_does_not_exist_has_no_numbers(qtbot: QtBot, cursor: Cursor) -> None:
    """A cursor beyond the model is no cell and no head."""
    view = shown(qtbot, CellCard(), trace_of(), cursor)
    assert view.shown("weight") == ""
    assert view.numbers().rows == ()


@pytest.mark.parametrize("cursor", [Cursor(), Cursor(0, 0, 99, 99)])
def test_pointing_nowhere_shows_the_whole_head(qtbot: QtBot, cursor: Cursor) -> None:
    """Without a cell, the averages of the overview stand there and in the table."""
    trace = trace_of()
    view = shown(qtbot, CellCard(), trace, cursor)
    assert view.shown("weight") == ""
    expected = [float(value) for value in trace.overview(0).summary[0]]
    assert [value for _, value in view.numbers().rows][2:] == expected
    assert view.shown("mean entropy") == f"{expected[0]:.2f} nats"


def test_markup_in_a_token_is_not_interpreted(qtbot: QtBot) -> None:
    """Labels are plain text."""
    view = shown(qtbot, CellCard(), trace_of(("<b>x</b>", "y"), heads=1), Cursor(0, 0, 0, 1))
    assert "<b>x</b>" in view.shown("query")
