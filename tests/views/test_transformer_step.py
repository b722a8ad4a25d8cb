"""One step of a Transformer's decoder: the numbers are the records', columns align, heads and source tokens are chosen in place."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from pytestqt.qtbot import QtBot

from attnviz.edits import DecodingEdit, ForceToken, HideSource
from attnviz.trace import Cursor, Decoding, Hidden, Site, Trace, frozen
from attnviz.views.head_cells import LETTERED
from attnviz.views.step_cards import StepCards
from attnviz.views.transformer_heads_card import HeadsCard
from attnviz.views.transformer_layout import LEAST_HEAD
from attnviz.views.transformer_step import TransformerStep
from tests.views.decodings import characters, decoding_of, decoding_trace
from tests.views.layered import layered_trace
from tests.views.sentences import HOSTILE, hover, in_theme, svg_text
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
    return [row[5] for row in view.numbers().rows if row[:2] == (part, layer)]


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


def test_each_card_opens_in_place_and_closes(qtbot: QtBot) -> None:
    """Larger than before, the others stay in sight, and Esc leads back to the same places."""
    view = step_of(qtbot, layered_trace())
    before = [card.geometry() for card in view.cards]
    for card in view.cards:
        small = card.size()
        press(card, Qt.Key.Key_E)
        qtbot.waitUntil(lambda card=card: view.opened is card and card.isVisible())
        assert card.opened
        assert card.height() > 200
        assert card.width() * card.height() > 2 * small.width() * small.height()
        others = [other for other in view.cards if other is not card]
        assert all(other.is_chip or other is view.words for other in others)
        assert all(other.isVisible() for other in others)
        qtbot.keyClick(card, Qt.Key.Key_Escape)
        assert view.opened is None
        assert [other.geometry() for other in view.cards] == before


def test_an_opened_attention_letters_its_weights(qtbot: QtBot) -> None:
    """Every weight with two digits and every token over its column; closed, the cells are bare."""
    view = step_of(qtbot, layered_trace())
    card = view.layers[1][1]
    weight = f"{float(card.weights[2, 3]):.2f}"
    assert f">{weight}<" not in svg_text(card)
    view.toggle(card)
    assert card.cells().pitch >= LETTERED
    page = svg_text(card)
    assert f">{weight}<" in page
    assert all(f">{letter}<" in page for letter in "nation")
    assert "softmax(q₄ · k ÷ √6)" in page


def test_the_opened_stream_adds_up(qtbot: QtBot) -> None:
    """In + added = out, cell by cell, as its title says."""
    view = step_of(qtbot, layered_trace())
    card = view.layers[2][2]
    view.toggle(card)
    came, added, goes = (strip.values for strip in card.strips)
    np.testing.assert_allclose(came + added, goes, atol=1e-6)
    assert "out = in + added" in svg_text(card)


def test_many_layers_scroll_to_the_opened_card(qtbot: QtBot) -> None:
    """A card of the last layer, opened, is in sight."""
    view = step_of(qtbot, layered_trace(layers=12, heads=8))
    card = view.layers[11][0]
    view.toggle(card)
    qtbot.waitUntil(lambda: view._area.geometry().intersects(card.geometry().translated(card.parent().pos())))
    shown_part = card.visibleRegion().boundingRect()
    assert shown_part.height() > 0.6 * card.height()


def test_a_word_is_taken_instead(qtbot: QtBot) -> None:
    """A click on a word that the step didn't take."""
    view = step_of(qtbot, layered_trace())
    heard: list[DecodingEdit] = []
    view.word_chosen.connect(heard.append)
    place, word = next((place, word) for place, word in enumerate(view.words.words()) if not word.chosen)
    qtbot.mouseClick(view.words, LEFT, pos=view.words.row(place).center().toPoint())
    assert heard == [ForceToken(STEP, word.token)]


def test_a_source_token_is_hidden_and_seen_to_be(qtbot: QtBot) -> None:
    """The menu of a token stages it from this step on; under the edit its column says so."""
    view = step_of(qtbot, layered_trace())
    heard: list[DecodingEdit] = []
    view.source_hidden.connect(heard.append)
    menu = view.layers[0][1].menu_for(2)
    assert [action.text() for action in menu.actions()] == ["hide t (2) from step 4 on", "hide t (2) from all steps"]
    for action in menu.actions():
        action.trigger()
    menu.deleteLater()
    assert heard == [HideSource(STEP, 2), HideSource(0, 2)]
    mask = np.ones((6, 6), dtype=np.bool_)
    mask[STEP:, 2] = False
    cross = view.trace.attention(0, Site.CROSS)
    assert cross is not None
    view.draw(view.trace.plus(replace(cross, mask=mask)), view.cursor_at)
    card = view.layers[0][1]
    assert card.hidden_tokens == (2,)
    assert not card.weights[:, 2].any()
    assert "scaled −∞ → weight 0" in card.says(0, 2)
    view.draw(view.trace, Cursor(step=STEP - 1))
    assert card.hidden_tokens == ()


def test_weights_set_by_hand_are_those_that_are_drawn(qtbot: QtBot) -> None:
    """Whatever the scores say."""
    trace = layered_trace()
    cross = trace.attention(1, Site.CROSS)
    assert cross is not None
    given = cross.weights(2).copy()
    given[STEP] = np.eye(6)[5]
    view = step_of(qtbot, trace.plus(replace(cross, given={2: frozen(given)})))
    assert view.layers[1][1].weights[2].tolist() == [0, 0, 0, 0, 0, 1]
    np.testing.assert_allclose(view.layers[1][1].weights[1], cross.weights(1)[STEP], atol=1e-6)


@pytest.mark.parametrize("trace", [Trace(), Trace().plus(characters("nation")), decoding_trace()])
def test_without_a_transformers_step_there_is_a_sentence(qtbot: QtBot, trace: Trace) -> None:
    """Nothing arrived, only the source did, or the decoding is a recurrent one; keys do no harm."""
    view = step_of(qtbot, trace)
    assert not view.words.isVisible()
    assert ("Type a source" in svg_text(view)) == (not trace.records)
    assert view.numbers().rows == ()
    press(view, Qt.Key.Key_Escape)


def test_records_of_another_source_are_not_mixed(qtbot: QtBot) -> None:
    """New tokens with an old decoding draw nothing but the sentence; then the next one is drawn."""
    view = step_of(qtbot, layered_trace("nation").plus(characters("nationality")))
    assert "has not arrived" in svg_text(view)
    view.draw(layered_trace("nationality", layers=2), Cursor(step=STEP))
    assert view.words.isVisible()
    assert [row[1].cells().columns for row in view.layers] == [11, 11]


def test_the_cards_of_a_recurrent_step_leave_a_transformers_alone(qtbot: QtBot) -> None:
    """They say so instead of drawing half of it."""
    view = shown(qtbot, StepCards(), layered_trace(), Cursor(step=1), SIZE)
    assert not view.board.isVisible()
    assert view.numbers().rows == ()


def test_fewer_layers_than_before_close_what_was_opened(qtbot: QtBot) -> None:
    """The opened card survives a step, but not a model that hasn't its layer."""
    view = step_of(qtbot, layered_trace(layers=3))
    view.toggle(view.layers[2][1])
    view.draw(view.trace, Cursor(step=5))
    assert view.opened is view.layers[2][1]
    view.draw(layered_trace(layers=1, heads=2), Cursor(step=5))
    assert view.opened is None
    assert len(view.layers) == 1
    assert len([card for card in view.board.findChildren(HeadsCard) if card.isVisible()]) == 2


def test_a_state_that_is_no_number_is_drawn_and_said(qtbot: QtBot) -> None:
    """NaN in the stream breaks no picture."""
    trace = layered_trace()
    states = trace.hidden(1, Site.DECODER).states.copy()
    states[STEP, 0] = np.nan
    view = step_of(qtbot, trace.plus(Hidden(Site.DECODER, 1, frozen(states))))
    assert "not a number" in view.layers[0][2].accessibleDescription()
    svg_text(view)


def test_hostile_labels_stay_text(qtbot: QtBot) -> None:
    """No word and no token is markup, on the axis, in the readings and in the menu."""
    trace = layered_trace("<&>", steps=4)
    decoding = decoding_of(trace)
    vocabulary = (*HOSTILE, *decoding.vocabulary[len(HOSTILE) :])
    view = step_of(qtbot, trace.plus(replace(decoding, vocabulary=vocabulary, previous=(0, 1, 2, 4))))
    page = svg_text(view)
    assert "&lt;" in page
    assert "&amp;" in page
    assert "<b>x</b>" in view.layers[0][0].says(0, 0)
    menu = view.layers[0][1].menu_for(1)
    assert menu.actions()[0].text().startswith("hide && (1)")
    menu.deleteLater()


def test_cards_speak(qtbot: QtBot) -> None:
    """Each has a name that says what it is and its size, the keyboard reaches it, and the view tells the step."""
    view = step_of(qtbot, layered_trace())
    assert all(card.accessibleName().startswith(card.title) for card in view.cards)
    assert view.layers[1][0].accessibleName() == "self-attention 1, 4 heads × 4"
    assert view.layers[1][2].accessibleDescription().startswith("|in| ")
    assert all(card.focusPolicy() == Qt.FocusPolicy.StrongFocus for card in view.cards)
    assert view.accessibleDescription() == "step 4 of 6"
    found = view.trace.find(Decoding)
    assert found is not None
    assert len(view.cards) == 11
