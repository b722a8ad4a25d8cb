"""The cards of a Transformer's step: opened in place, what-ifs staged on them, and whatever else arrives."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from attnviz.edits import DecodingEdit, ForceToken, HideSource
from attnviz.trace import Cursor, Decoding, Hidden, Site, Trace, frozen
from attnviz.views.head_cells import LETTERED
from attnviz.views.step_cards import StepCards
from attnviz.views.transformer_heads_card import HeadsCard
from attnviz.views.transformer_step import TransformerStep
from tests.views.decodings import characters, decoding_of, decoding_trace
from tests.views.layered import layered_trace
from tests.views.sentences import HOSTILE, svg_text
from tests.views.traces import press, shown

LEFT = Qt.MouseButton.LeftButton
STEP = 3
SIZE = (820, 470)
FORTY = "pneumonoultramicroscopicsilicovolcanocon"


def step_of(qtbot: QtBot, trace: Trace, cursor: Cursor | None = None, size: tuple[int, int] = SIZE) -> TransformerStep:
    return shown(qtbot, TransformerStep(), trace, cursor or Cursor(step=STEP), size)


def test_each_card_opens_in_place_and_closes(qtbot: QtBot) -> None:
    """Larger than before, the others stay in sight, and Esc leads back to the same places."""
    view = step_of(qtbot, layered_trace())
    before = [card.geometry() for card in view.cards]
    for card in view.cards:
        small = card.size()
        press(card, Qt.Key.Key_E)
        assert view.opened is card
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
    assert len(card.hidden_tokens) == 0


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
