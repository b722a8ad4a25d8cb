"""One decoder step as rows of cards: every number is the record's, and each card opens in place."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from attnviz.trace import Cursor, Decoding, Encoding, Trace
from attnviz.views.card_layout import ARROW
from attnviz.views.step_card import StepCard
from attnviz.views.step_cards import StepCards
from tests.views.decodings import characters, decoding_trace
from tests.views.sentences import hover, in_theme, svg_text
from tests.views.traces import press, shown

LEFT = Qt.MouseButton.LeftButton
KINDS = ("none", "dot", "general", "additive")


def cards_of(qtbot: QtBot, trace: Trace, step: int = 2, size: tuple[int, int] = (820, 470)) -> StepCards:
    return shown(qtbot, StepCards(), trace, Cursor(step=step), size)


def decoding_of(view: StepCards) -> Decoding:
    found = view.trace.find(Decoding)
    assert found is not None
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_the_numbers_are_the_records(qtbot: QtBot, kind: str) -> None:
    """Every vector of the step, number for number; what isn't there isn't listed."""
    view = cards_of(qtbot, decoding_trace(attention=kind))
    decoding, parts = decoding_of(view), {row[0] for row in view.numbers().rows}
    for name, array in (("state", decoding.hidden), ("reset", decoding.reset), ("logits", decoding.logits)):
        told = [row[3] for row in view.numbers().rows if row[0] == name]
        assert told == array[2].tolist()
    assert ("weights" in parts) == (kind != "none")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_cards_stand_in_the_order_of_computation(qtbot: QtBot, kind: str, theme: str) -> None:
    """Three rows in a small window, nothing scrolls, arrows have their room, and the titles are the field's symbols."""
    with in_theme(theme):
        view = cards_of(qtbot, decoding_trace(attention=kind))
        board, cards = view.board, view.board.cards
        assert len(cards) == (9 if kind == "none" else 12)
        assert board.size() == view.size()
        for left, right in pairwise(cards):
            if left.y() == right.y():
                assert right.x() - left.geometry().right() >= ARROW - 3
            else:
                assert right.y() > left.geometry().bottom()
        drawn = svg_text(view)
    assert all(symbol in drawn for symbol in ("emb(", "h₂", "GRU(x₃, h₂)", "softmax → word"))
    assert ("no attention" in drawn) == (kind == "none")


@pytest.mark.parametrize(
    ("kind", "formula"), [("dot", "e = h₃ · h̃"), ("general", "e = h₃ W h̃"), ("additive", "e = v · tanh(W h₃ + U h̃)")]
)
def test_the_scores_say_their_formula(qtbot: QtBot, kind: str, formula: str) -> None:
    """That of the model's kind."""
    assert formula in svg_text(cards_of(qtbot, decoding_trace(attention=kind)))


def test_without_attention_the_fixed_vector_is_shown(qtbot: QtBot) -> None:
    """One card in the place of four, and it says why."""
    view = cards_of(qtbot, decoding_trace(attention="none"))
    encoding = view.trace.find(Encoding)
    assert encoding is not None
    assert [row[3] for row in view.fixed.numbers().rows] == encoding.fixed.tolist()
    assert "sees the source only through its first state" in svg_text(view)
    assert view.joined.title == "h₃"


def test_the_step_is_clamped_to_the_decoding(qtbot: QtBot) -> None:
    """A cursor from a longer decoding shows the last step."""
    view = cards_of(qtbot, decoding_trace(steps=4), step=17)
    assert view.hidden.title == "h₄"
    view.draw(view.trace, Cursor(step=1, query=-3))
    assert view.hidden.title == "h₁"


@pytest.mark.parametrize("trace", [Trace(), Trace().plus(characters("nation"))])
def test_nothing_decoded_is_said(qtbot: QtBot, trace: Trace) -> None:
    """An empty state is a sentence, and keys and numbers do no harm."""
    view = cards_of(qtbot, trace)
    assert not view.board.isVisible()
    assert ("Type a source" in svg_text(view)) == (not trace.records)
    assert view.numbers().rows == ()
    press(view, Qt.Key.Key_Escape)


def test_records_of_another_source_are_not_mixed(qtbot: QtBot) -> None:
    """New tokens with an old decoding draw nothing but the sentence."""
    view = cards_of(qtbot, decoding_trace("nation").plus(characters("nationality")))
    assert "has not arrived" in svg_text(view)


@pytest.mark.parametrize("kind", ["none", "additive"])
def test_each_card_opens_in_place_and_closes(qtbot: QtBot, kind: str) -> None:
    """Larger than before, the others become chips that stay in sight, Esc leads back to the same layout."""
    view = cards_of(qtbot, decoding_trace(attention=kind))
    before = [card.geometry() for card in view.board.cards]
    for card in view.board.cards:
        press(card, Qt.Key.Key_E)
        assert view.opened is card
        assert card.width() > 0.9 * view.width()
        assert card.height() > 0.6 * view.height()
        others = [other for other in view.board.cards if other is not card]
        assert all(
            other.is_chip and other.isVisible() and not other.geometry().intersects(card.geometry()) for other in others
        )
        assert others[0].title in svg_text(view)
        qtbot.keyClick(card, Qt.Key.Key_Escape)
        assert view.opened is None
        assert [other.geometry() for other in view.board.cards] == before


def test_a_chip_opens_by_click_and_the_slot_closes(qtbot: QtBot) -> None:
    """One click from a detail to another one, one click back."""
    view = cards_of(qtbot, decoding_trace())
    qtbot.mouseClick(view.gru._open_button, LEFT)
    assert view.gru.opened
    QTest.mouseClick(view.windowHandle(), LEFT, pos=view.words.mapTo(view, view.words.rect().center()))
    assert view.words.opened
    QTest.mouseClick(view.windowHandle(), LEFT, pos=view.embedding.mapTo(view, view.embedding.rect().center()))
    assert view.embedding.opened
    qtbot.mouseClick(view.board, LEFT, pos=QPoint(20, 12))
    assert view.opened is None


def test_the_opened_card_survives_a_step_but_not_its_model(qtbot: QtBot) -> None:
    """Scrubbing keeps it; where the next model doesn't attend, its cards are gone."""
    view = cards_of(qtbot, decoding_trace())
    view.toggle(view.scores)
    view.draw(view.trace, Cursor(step=4))
    assert view.opened is view.scores
    view.draw(decoding_trace(attention="none"), Cursor(step=4))
    assert view.opened is None
    assert not view.scores.isVisible()


def test_the_gates_add_up_to_the_state(qtbot: QtBot) -> None:
    """What the opened GRU shows fulfils the formula above it, cell by cell; and the reading is that cell's sum."""
    view = cards_of(qtbot, decoding_trace())
    view.toggle(view.gru)
    strips = {strip.meaning: strip.values for strip in view.gru.strips}
    made = (1 - strips["update"]) * strips["candidate"] + strips["update"] * strips["state before"]
    assert np.allclose(made, strips["state"], atol=1e-6)
    assert "h₃ = (1 − z₃) · n₃ + z₃ · h₂" in svg_text(view)
    told = view.gru._says((1, 5))
    assert told.startswith("z₃[5] = ")
    assert told.endswith(f"= {float(strips['state'][5]):.2f}".replace("-", "−"))


def test_hover_tells_index_and_value(qtbot: QtBot) -> None:
    """On a plate that stays inside the board and goes with the mouse."""
    view = cards_of(qtbot, decoding_trace())
    card, decoding = view.hidden, decoding_of(view)
    hover(qtbot, card, card.folds()[0].cell(7).center().toPoint())
    expected = f"h₃[7] = {float(decoding.hidden[2, 7]):.6g}".replace("-", "−")
    qtbot.waitUntil(lambda: view.board.readout.text() == expected)
    assert view.board.rect().contains(view.board.readout.geometry())
    qtbot.mouseMove(view.board, QPoint(2, 2))
    qtbot.waitUntil(lambda: not view.board.readout.isVisible())


def test_arrow_keys_tell_every_cell(qtbot: QtBot) -> None:
    """From cell to cell, from one strip into the next, never beyond the last."""
    view = cards_of(qtbot, decoding_trace())
    card: StepCard = view.joined
    card.setFocus()
    press(card, Qt.Key.Key_Home, Qt.Key.Key_End, Qt.Key.Key_Right)
    assert card.accessibleDescription().startswith("c₃[0]")
    press(card, Qt.Key.Key_End, Qt.Key.Key_Right, Qt.Key.Key_Right)
    assert card.accessibleDescription().startswith("c₃[7]")
    press(card, Qt.Key.Key_Home, Qt.Key.Key_Left)
    assert card.accessibleDescription().startswith("h₃[7]")


def test_scales_hold_for_all_steps(qtbot: QtBot) -> None:
    """Scrubbing never changes what a colour means."""
    view = cards_of(qtbot, decoding_trace())
    limits = set()
    for step in range(6):
        view.draw(view.trace, Cursor(step=step))
        limits.add(view.hidden.strips[0].limit)
    assert limits == {float(np.abs(np.concatenate([decoding_of(view).before, decoding_of(view).hidden])).max())}


def test_hostile_labels_stay_text(qtbot: QtBot) -> None:
    """No word and no token is markup."""
    trace = decoding_trace("<&>")
    drawn = svg_text(cards_of(qtbot, trace))
    assert "&lt;" in drawn
    assert "&amp;" in drawn


def test_cards_speak(qtbot: QtBot) -> None:
    """Each has a name that says its symbol and its size, and can be reached with the keyboard."""
    view = cards_of(qtbot, decoding_trace())
    assert all(card.accessibleName().startswith(card.title) for card in view.board.cards)
    assert all(card.focusPolicy() == Qt.FocusPolicy.StrongFocus for card in view.board.cards)
    assert view.accessibleDescription() == "step 3 of 6"
