"""One step of a Transformer's decoder: the numbers are the records', columns align, heads and source tokens are chosen in place."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from pytestqt.qtbot import QtBot

from attnviz.trace import Cursor, Site, Trace
from attnviz.views.transformer_heads_card import HeadsCard
from attnviz.views.transformer_layout import LEAST_HEAD
from attnviz.views.transformer_step import TransformerStep
from tests.views.decodings import decoding_of
from tests.views.layered import layered_trace
from tests.views.sentences import hover, in_theme, svg_text
from tests.views.traces import press, shown

LEFT = Qt.MouseButton.LeftButton
STEP = 3
SIZE = (820, 470)
FORTY = "pneumonoultramicroscopicsilicovolcanocon"


def step_of(qtbot: QtBot, trace: Trace, cursor: Cursor | None = None, size: tuple[int, int] = SIZE) -> TransformerStep:
    return shown(qtbot, TransformerStep(), trace, cursor or Cursor(step=STEP), size)


def spot(card: HeadsCard, head: int, column: int) -> QPoint:
    return card.cells().cell((head, column)).center().toPoint()


def told(view: TransformerStep, part: str, layer: int | None) -> list[float]:
    return [float(row[5] or 0.0) for row in view.numbers().rows if row[:2] == (part, layer)]


@pytest.mark.parametrize("layer", [0, 1, 2])
def test_the_weights_are_torchs(qtbot: QtBot, layer: int) -> None:
    """Softmax(q kᵀ scale) by plain numpy in float64: over all source tokens, and over the words up to this one."""
    view = step_of(qtbot, layered_trace())
    for site, part, keys in ((Site.CROSS, "cross-attention", 6), (Site.DECODER, "self-attention", STEP + 1)):
        found = view.trace.attention(layer, site)
        assert found is not None
        scores = np.einsum("hd,hkd->hk", found.query[:, STEP].astype(float), found.key[:, :keys]) * found.scale
        weights = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
        np.testing.assert_allclose(told(view, part, layer), weights.ravel(), atol=1e-6)


def test_the_stream_is_the_hidden_states(qtbot: QtBot) -> None:
    """The input is layer 0's, the norms are those of the states before and after each layer and of their difference."""
    view = step_of(qtbot, layered_trace())
    states = [view.trace.hidden(layer, Site.DECODER).states[STEP].astype(float) for layer in range(4)]
    assert told(view, "embedding + position", None) == states[0].tolist()
    for layer in range(3):
        before, after = states[layer : layer + 2]
        expected = (before, after - before, after)
        for name, vector in zip(("|in|", "|added|", "|out|"), expected, strict=True):
            assert told(view, name, layer) == [pytest.approx(np.sqrt((vector**2).sum()), abs=1e-5)]
        cosine = before @ after / np.sqrt((before**2).sum() * (after**2).sum())
        assert view.layers[layer][2].cosine == pytest.approx(cosine, abs=1e-5)
    assert told(view, "logits", None) == decoding_of(view.trace).logits[STEP].tolist()


def test_bars_of_norms_share_one_axis(qtbot: QtBot) -> None:
    """No state and no change of one, of any layer at any step, is longer than the axis; one of them is as long."""
    view = step_of(qtbot, layered_trace())
    axes = [card._longest for *_, card in view.layers]
    longest = 0.0
    for step in range(6):
        view.draw(view.trace, Cursor(step=step))
        longest = max(longest, *(length for *_, card in view.layers for length in card.norms()))
    assert axes == [pytest.approx(longest, rel=1e-6)] * 3


@pytest.mark.parametrize("source", ["nationality", FORTY])
@pytest.mark.parametrize(("layers", "heads"), [(3, 4), (6, 8)])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_can_be_read_in_a_small_window(qtbot: QtBot, source: str, layers: int, heads: int, theme: str) -> None:
    """Source columns align in all layers, no line of a head is too thin, labels stand over them; only many layers scroll."""
    with in_theme(theme):
        view = step_of(qtbot, layered_trace(source, layers=layers, heads=heads))
        crosses = [row[1] for row in view.layers]
        assert len(crosses) == layers
        sides = {
            (card.mapTo(view, QPoint()).x() + card.cells().area.left(), card.cells().pitch, card.cells().columns)
            for card in crosses
        }
        assert len(sides) == 1
        assert all(card.cells().rise >= LEAST_HEAD for row in view.layers for card in row[:2])
        assert view._area.verticalScrollBar().isVisible() == (layers == 6)
        tops = [card.y() for card in crosses]
        assert tops == sorted(tops)
        assert view.rect().contains(view.words.geometry())
        assert len(crosses[0].column_labels().shown()) == len(source)
        drawn = svg_text(view)
    assert all(f"{name}-attention 0" in drawn for name in ("self", "cross"))
    assert "x₄ = emb(" in drawn
    assert "pos₄" in drawn
    assert "softmax → word" in drawn


def test_words_to_come_are_not_there(qtbot: QtBot) -> None:
    """The first step sees the sign of the beginning alone; every step one word more, in the same place."""
    view = step_of(qtbot, layered_trace())
    card = view.layers[0][0]
    lefts = []
    for step in range(6):
        view.draw(view.trace, Cursor(step=step))
        assert card.weights.shape == (4, step + 1)
        np.testing.assert_allclose(card.weights.sum(axis=1), 1, atol=1e-5)
        assert card.cells().column_at(QPointF(spot(card, 0, step))) == step
        beyond = card.cells().filled.right() + 1
        assert card.cells().column_at(QPointF(beyond, spot(card, 0, 0).y())) is None
        lefts.append(card.cells().cell((0, 0)).left())
    assert len(set(lefts)) == 1


@pytest.mark.parametrize(("place", "site"), [(0, Site.DECODER), (1, Site.CROSS)])
def test_a_click_chooses_a_head(qtbot: QtBot, place: int, site: Site) -> None:
    """Site, layer and head of the cursor; in the source the token is pinned too, and a second click lets it go."""
    view = step_of(qtbot, layered_trace())
    card = view.layers[1][place]
    qtbot.mouseClick(card, LEFT, pos=spot(card, 2, 1))
    cursor = view.cursor_at
    assert (cursor.site, cursor.layer, cursor.head, cursor.step) == (site, 1, 2, STEP)
    assert (cursor.key, cursor.pinned) == ((1, True) if site is Site.CROSS else (None, False))
    assert [row[place].chosen for row in view.layers] == [None, 2, None]
    qtbot.mouseClick(card, LEFT, pos=spot(card, 2, 1))
    assert (view.cursor_at.key, view.cursor_at.pinned, view.cursor_at.head) == (None, False, 2)


def test_a_click_beside_the_cells_chooses_the_head_alone(qtbot: QtBot) -> None:
    """The number of a head is its line."""
    view = step_of(qtbot, layered_trace())
    card = view.layers[0][1]
    qtbot.mouseClick(card, LEFT, pos=QPoint(8, spot(card, 3, 0).y()))
    assert view.cursor_at == Cursor(step=STEP, site=Site.CROSS, head=3)


def test_pointing_at_a_source_token_lights_it_in_all_layers(qtbot: QtBot) -> None:
    """For a moment, and in no self-attention."""
    view = step_of(qtbot, layered_trace())
    card = view.layers[2][1]
    hover(qtbot, card, spot(card, 0, 4))
    assert view.cursor_at.key == 4
    assert [row[1].marked for row in view.layers] == [4, 4, 4]
    assert [row[0].marked for row in view.layers] == [None] * 3
    qtbot.mouseMove(card, QPoint(40, 5))
    assert view.cursor_at.key is None


@pytest.mark.parametrize("place", [0, 1])
def test_hover_tells_the_way_from_product_to_weight(qtbot: QtBot, place: int) -> None:
    """q·k, the scaled score and the weight of the cell, on a plate inside the view."""
    view = step_of(qtbot, layered_trace())
    card = view.layers[1][place]
    hover(qtbot, card, spot(card, 3, 2))
    found = card.attention
    product = float(found.query[3, STEP] @ found.key[3, 2])
    expected = (product, product * found.scale, float(found.weights(3)[STEP, 2]))
    said = view.readout.text()
    assert said.startswith("layer 1 · head 3 · ")
    numbers = [float(part.split()[-1].replace("−", "-")) for part in said.split("   ")[1].split(" → ")]
    assert numbers == [pytest.approx(value, rel=1e-4) for value in expected]
    assert view.rect().contains(view.readout.geometry())


def test_arrow_keys_walk_over_heads_and_tokens(qtbot: QtBot) -> None:
    """Down is the next head, right the next token, never beyond the last; each is said."""
    view = step_of(qtbot, layered_trace())
    card = view.layers[1][1]
    card.setFocus()
    press(card, Qt.Key.Key_Home, Qt.Key.Key_Down, Qt.Key.Key_Down, Qt.Key.Key_Right)
    cursor = view.cursor_at
    assert (cursor.site, cursor.layer, cursor.head, cursor.key, cursor.pinned) == (Site.CROSS, 1, 2, 1, True)
    assert card.accessibleDescription() == card.says(2, 1)
    press(card, *[Qt.Key.Key_Down] * 9, Qt.Key.Key_End, Qt.Key.Key_Right)
    assert (view.cursor_at.head, view.cursor_at.key) == (3, 5)
    press(card, Qt.Key.Key_Escape)
    assert (view.cursor_at.key, view.cursor_at.pinned) == (None, False)
