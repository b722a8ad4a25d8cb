"""The decoding tab as a person uses it: a source is decoded once, looking at it computes nothing, and what-ifs are lived through."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QMenu

from attnviz.edits import ForceToken, HideSource, SetContext, SetWeights
from attnviz.tabs.decoding_words import BEFORE
from attnviz.trace import Choice, Cursor, Decoding, Encoding
from tests.tabs.translating import LEFT, SEED, Hand, decoding_of
from tests.translators import tiny_model

STEP = 1


def greedy(ids: tuple[int, ...], forced: dict[int, int] | None = None) -> list[int]:
    """The ids that the general model writes, by a loop that knows nothing of ours."""
    model, forced = tiny_model("general", SEED), forced or {}
    encoded = model.encode(torch.tensor([ids]))
    state, made = encoded.fixed, [model.config.begin]
    while len(made) <= model.config.longest and made[-1:] != [model.config.end]:
        steps = model.steps(torch.tensor([[made[-1]]]), state, encoded)
        state = steps.hidden[:, 0]
        made.append(forced.get(len(made) - 1, int(steps.logits[0, 0].argmax())))
    return made[1:]


def ids_of(hand: Hand) -> tuple[int, ...]:
    tokens = hand.tab.trace.tokens()
    assert tokens is not None
    return tokens.ids


def item(hand: Hand, place: int = 0) -> Any:
    return hand.tab.widgets.changes.list.item(place)


def test_a_sample_is_decoded_when_the_tab_is_shown(hand: Hand) -> None:
    """The first sample of the task, by the first model, and the words are an independent loop's."""
    assert hand.tab.trace.tokens().text == "nationality"
    assert list(hand.decoding.tokens) == greedy(ids_of(hand))
    assert [name for name, _ in hand.tab.lanes] == ["spelling-general"]


def test_a_typed_source_is_decoded(hand: Hand) -> None:
    """Keys in the source's box bring other tokens and their output."""
    hand.type("cat")
    assert hand.tab.trace.tokens().text == "cat"
    assert list(hand.decoding.tokens) == greedy(ids_of(hand))


def test_the_play_head_begins_on_the_last_word(hand: Hand) -> None:
    """The end sign is no word; a source that was typed is new, and so is its play head."""
    assert hand.decoding.ended
    assert hand.tab.cursor_at == Cursor(step=len(hand.decoding) - 2)
    hand.go(0)
    hand.type("cat")
    assert hand.tab.cursor_at.step == len(hand.decoding) - 1 - hand.decoding.ended


def test_looking_around_moves_one_cursor_and_asks_nothing(hand: Hand) -> None:
    """Buttons, keys, a drag along the timeline and a click in the map: one cursor in all views, no job."""
    widgets, asked = hand.tab.widgets, len(hand.jobs)
    trace = hand.tab.trace
    hand.qtbot.mouseClick(widgets.transport.buttons["first"], LEFT)
    assert hand.tab.cursor_at.step == 0
    hand.qtbot.mouseClick(widgets.transport.buttons["on"], LEFT)
    assert hand.tab.cursor_at.step == 1
    hand.qtbot.keyClick(widgets.timeline, Qt.Key.Key_Right)
    assert hand.tab.cursor_at.step == 2
    spots = [widgets.timeline.chip_area(step).center().toPoint() for step in (2, 0, 3)]
    hand.qtbot.mousePress(widgets.timeline, LEFT, pos=spots[0])
    for spot, step in zip(spots[1:], (0, 3), strict=True):
        hand.qtbot.mouseMove(widgets.timeline, spot)
        assert hand.tab.cursor_at.step == step
    hand.qtbot.mouseRelease(widgets.timeline, LEFT, pos=spots[-1])
    shown = [view for view in hand.tab.views() if view.isVisible()]
    assert len(shown) == 3
    assert {view.cursor_at for view in shown} == {hand.tab.cursor_at}
    assert hand.tab.trace is trace
    assert len(hand.jobs) == asked


def test_playing_goes_to_the_end_and_stops(hand: Hand, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the first step when it stands at the last, every step once, no job."""
    widgets, asked = hand.tab.widgets, len(hand.jobs)
    heard: list[int] = []
    widgets.transport._clock.setInterval(1)
    widgets.transport.moved.connect(heard.append)
    hand.qtbot.mouseClick(widgets.transport.buttons["last"], LEFT)
    heard.clear()
    hand.qtbot.mouseClick(widgets.transport.buttons["play"], LEFT)
    assert widgets.transport.playing
    hand.qtbot.waitUntil(lambda: not widgets.transport.playing, timeout=10_000)
    assert heard == list(range(len(hand.decoding)))
    assert len(hand.jobs) == asked


def test_another_word_makes_another_output_beside_the_first(hand: Hand) -> None:
    """A click on a word that was not taken: decoded on from there, by one job that keeps what was before."""
    before, asked = hand.decoding, len(hand.jobs)
    word = hand.say_otherwise(STEP)
    assert hand.tab.wish.edits == (ForceToken(STEP, word.token),)
    assert list(hand.decoding.tokens) == greedy(ids_of(hand), {STEP: word.token})
    assert hand.decoding.choices[STEP] is Choice.FORCED
    [job] = hand.jobs[asked:]
    assert job.earlier.trace.find(Decoding) is before
    assert [name for name, _ in hand.tab.lanes] == ["spelling-general", BEFORE]
    assert hand.other is before
    timeline = hand.tab.widgets.timeline
    differing = [a != b for a, b in zip(hand.decoding.tokens, before.tokens, strict=False)]
    assert differing[STEP]
    assert {step for step in timeline.differing if step < len(differing)} == {
        step for step, differs in enumerate(differing) if differs
    }
    assert hand.tab.cursor_at.step == STEP, "a what-if leaves the play head where it is"
    assert hand.tab.widgets.looks[1].isVisible()


def test_changes_are_undone_redone_switched_off_and_removed(hand: Hand) -> None:
    """Whichever way a change is taken back, the first output returns; made again it is the same again."""
    before = hand.decoding.tokens
    hand.say_otherwise(STEP)
    after = hand.decoding.tokens
    changes = hand.tab.widgets.changes

    def expect(tokens: tuple[int, ...]) -> None:
        hand.settle()
        assert hand.decoding.tokens == tokens
        assert len(hand.tab.lanes) == (1 if tokens == before else 2)

    hand.qtbot.mouseClick(changes.undo_button, LEFT)
    expect(before)
    hand.qtbot.mouseClick(changes.redo_button, LEFT)
    expect(after)
    item(hand).setCheckState(Qt.CheckState.Unchecked)
    expect(before)
    assert len(changes.entries) == 1
    item(hand).setCheckState(Qt.CheckState.Checked)
    expect(after)
    changes.list.setCurrentRow(0)
    hand.qtbot.mouseClick(changes.remove_button, LEFT)
    expect(before)
    assert not changes.edits
    hand.tab.widgets.timeline.setFocus()
    hand.qtbot.keyClick(hand.tab.widgets.timeline, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    expect(after)


def test_weights_are_dragged_and_applied(hand: Hand) -> None:
    """The applied weights are the step's, and the context their weighted sum."""
    hand.go(STEP)
    card = hand.tab.widgets.cards.weights
    start = QPoint(int(card.bar_scale().at(0.0)) + 2, hand.spot(2).y())
    end = QPoint(round(card.bar_scale().at(0.8)), start.y())
    hand.qtbot.mousePress(card, LEFT, pos=start)
    hand.qtbot.mouseMove(card, start + QPoint(30, 0))
    hand.qtbot.mouseMove(card, end)
    hand.qtbot.mouseRelease(card, LEFT, pos=end)
    hand.qtbot.mouseClick(card.apply_button, LEFT)
    hand.settle()
    [edit] = hand.tab.wish.edits
    assert isinstance(edit, SetWeights)
    assert edit.weights[2] == pytest.approx(0.8, abs=0.02)
    np.testing.assert_allclose(hand.decoding.weights[STEP], edit.weights, atol=1e-6)
    states = hand.tab.trace.find(Encoding).states
    np.testing.assert_allclose(hand.decoding.context[STEP], edit.weights @ states, atol=1e-5)
    assert "weights by hand" in item(hand).text()


def take(menu: QMenu, beginning: str) -> None:
    next(action for action in menu.actions() if action.text().startswith(beginning)).trigger()
    menu.deleteLater()


def test_a_source_token_is_hidden(hand: Hand) -> None:
    """From the step on it gets no attention; before, it did."""
    hand.go(STEP)
    take(hand.tab.widgets.cards.weights.menu_for(3), "hide i (3) from step 2 on")
    hand.settle()
    assert hand.tab.wish.edits == (HideSource(STEP, 3),)
    assert (hand.decoding.weights[STEP:, 3] == 0).all()
    assert (hand.decoding.weights[:STEP, 3] > 0).all()
    assert item(hand).text() == "hide i (3) from step 2 on"


def test_the_context_is_replaced(hand: Hand) -> None:
    """By the zero vector, which is what the step then reads."""
    hand.go(STEP)
    take(hand.tab.widgets.cards.context.replacements(), "replace c by the zero")
    hand.settle()
    [edit] = hand.tab.wish.edits
    assert isinstance(edit, SetContext)
    assert not hand.decoding.context[STEP].any()
    assert item(hand).text() == "step 2: context = zero vector"


def test_a_change_that_no_longer_fits_waits(hand: Hand) -> None:
    """Greyed with the reason under a shorter source, made again when the first source is back."""
    hand.go(0)
    take(hand.tab.widgets.cards.weights.menu_for(8), "hide i (8) from all steps")
    hand.settle()
    hidden = hand.decoding
    hand.type("cat")
    assert "the source has tokens 0 to 2" in item(hand).text()
    assert "Not made" in item(hand).toolTip()
    assert list(hand.decoding.tokens) == greedy(ids_of(hand))
    assert hand.decoding.changed == ()
    hand.type("nationality")
    assert item(hand).text() == "hide i (8) in all steps"
    assert hand.decoding.tokens == hidden.tokens
    np.testing.assert_array_equal(hand.decoding.weights, hidden.weights)


def test_every_step_can_be_looked_at_in_both_runs(hand: Hand) -> None:
    """The lane's button shows the steps of the run before; another what-if goes back to the first."""
    hand.say_otherwise(STEP)
    hand.qtbot.mouseClick(hand.tab.widgets.lane_buttons.button(1), LEFT)
    assert hand.tab.trace.find(Decoding) is hand.other
    assert hand.tab.widgets.cards.trace is hand.tab.lanes[1][1]
    hand.say_otherwise(0)
    assert hand.tab.lane == 0
    assert {edit.step for edit in hand.tab.wish.edits} == {0, STEP}
    assert decoding_of(hand.tab.trace) is hand.decoding


def test_two_runs_fit_into_a_small_window(hand: Hand) -> None:
    """At 1280 × 800 all cards of a step are seen beside both maps and both lanes, and the window does not grow."""
    hand.say_otherwise(STEP)
    QApplication.processEvents()
    widgets = hand.tab.widgets
    assert (hand.window.width(), hand.window.height()) == (1280, 800)
    assert widgets.cards._area.verticalScrollBar().maximum() == 0
    for lane in (0, 1):
        for step in range(len(hand.decoding)):
            assert widgets.timeline.rect().contains(widgets.timeline.chip_area(step, lane).toAlignedRect())


def test_without_a_source_nothing_is_shown_as_its_answer(hand: Hand) -> None:
    """The old matrix and words go; with a source they come back."""
    hand.tab.take("")
    hand.qtbot.waitUntil(lambda: hand.window.engine.current is None)
    assert hand.tab.trace.find(Decoding) is None
    hand.tab.take("abc")
    hand.qtbot.waitUntil(lambda: hand.tab.trace.find(Decoding) is not None)
    assert hand.tab.trace.tokens().text == "abc"
