"""A Transformer in the decoding tab: its layers instead of the recurrent cards, its heads in the alignment, what-ifs as for the others."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from attnviz.edits import ForceToken, HideSource, SetContext
from attnviz.tabs.decoding_layout import Looks
from attnviz.tabs.decoding_wish import Way
from attnviz.tabs.decoding_words import BEFORE
from attnviz.trace import Choice, Site
from attnviz.views.step_words_card import WordRow
from tests.jobs.test_decode_transformer import lively, write
from tests.tabs.translating import LEFT, SEED, Hand, offer
from tests.translators import write_translator
from tests.windows import opened

STEP = 1


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A Transformer and a recurrent model of one task."""
    root = tmp_path_factory.mktemp("layered")
    write(root / "spelling-layers", lively(longest=20))
    return root / "spelling-layers", write_translator(root / "spelling-dot", "dot", SEED)


@pytest.fixture
def layered(qtbot: QtBot, folder: Path, folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Hand]:
    """The window with the Transformer's first answer in front."""
    offer(monkeypatch, folders)
    window = opened(qtbot, folder, tab="decoding", width=1280, height=800)
    yield Hand(qtbot, window)
    window.close()


def looks(hand: Hand, lane: int = 0) -> Looks:
    return hand.tab.widgets.looks[lane]


def click_head(hand: Hand, layer: int, place: int, head: int, column: int) -> None:
    card = hand.tab.widgets.layers.layers[layer][place]
    hand.qtbot.mouseClick(card, LEFT, pos=card.cells().cell((head, column)).center().toPoint())


def say_otherwise(hand: Hand, step: int) -> WordRow:
    """Click the best word that a step didn't take."""
    hand.go(step)
    card = hand.tab.widgets.layers.words
    place, word = next((place, word) for place, word in enumerate(card.words()) if not word.chosen)
    hand.qtbot.mouseClick(card, LEFT, pos=card.row(place).center().toPoint())
    hand.settle()
    return word


def test_its_step_is_shown_layer_by_layer(layered: Hand) -> None:
    """The layers stand where the recurrent cards do for others, and looking around asks nothing."""
    widgets, asked = layered.tab.widgets, len(layered.jobs)
    assert not layered.decoding.is_recurrent
    assert widgets.layers.isVisible()
    assert not widgets.cards.isVisible()
    assert widgets.step_panel.view is widgets.layers
    assert len(widgets.layers.layers) == 3
    layered.go(0)
    assert widgets.layers.accessibleDescription().startswith("step 1 of ")
    layered.qtbot.mouseClick(widgets.transport.buttons["on"], LEFT)
    assert widgets.layers.accessibleDescription().startswith("step 2 of ")
    assert len(layered.jobs) == asked


def test_a_chosen_head_is_what_the_alignment_shows(layered: Hand) -> None:
    """In the source or among the words; the selectors say which one it is."""
    choice, alignment = looks(layered).choice, looks(layered).alignment
    assert choice.isVisible()
    np.testing.assert_allclose(alignment.picture.values, layered.decoding.weights, atol=1e-6)
    click_head(layered, 1, 1, 2, 3)
    cross = layered.tab.trace.attention(1, Site.CROSS)
    np.testing.assert_allclose(alignment.picture.values, cross.weights(2), atol=1e-6)
    assert (choice.layer.currentText(), choice.head.currentText()) == ("layer 1", "head 2")
    assert choice.sites.checkedButton().text() == "Cross"
    click_head(layered, 0, 0, 3, 0)
    own = layered.tab.trace.attention(0, Site.DECODER)
    rows = np.tri(len(layered.decoding), dtype=bool)
    np.testing.assert_allclose(alignment.picture.values[rows], own.weights(3)[rows], atol=1e-6)
    assert choice.sites.checkedButton().text() == "Self"


def test_the_selectors_choose_the_head(layered: Hand) -> None:
    """One head is the cursor's too; a mean is nobody's head."""
    choice, alignment = looks(layered).choice, looks(layered).alignment
    layers = layered.tab.widgets.layers
    choice.head.setFocus()
    layered.qtbot.keyClick(choice.head, Qt.Key.Key_Down)
    cursor = layered.tab.cursor_at
    assert (cursor.site, cursor.layer, cursor.head) == (Site.CROSS, 2, 0)
    assert layers.layers[2][1].chosen == 0
    layered.qtbot.mouseClick(choice.sites.button(1), LEFT)
    assert layered.tab.cursor_at.site is Site.DECODER
    assert layers.layers[2][0].chosen == 0
    layered.qtbot.keyClick(choice.head, Qt.Key.Key_Up)
    assert choice.head.currentText() == "mean of heads"
    assert all(card.chosen is None for row in layers.layers for card in row[:2])
    own = layered.tab.trace.attention(2, Site.DECODER)
    mean = np.mean([own.weights(head) for head in range(4)], axis=0)
    rows = np.tri(len(mean), dtype=bool)
    np.testing.assert_allclose(alignment.picture.values[rows], mean[rows], atol=1e-6)
    click_head(layered, 1, 1, 3, 2)
    assert choice.reading.head == 3


def test_the_chosen_head_stays_with_another_source(layered: Hand) -> None:
    """The pointed token goes, the head doesn't."""
    click_head(layered, 1, 1, 2, 3)
    layered.type("cat")
    cursor = layered.tab.cursor_at
    assert (cursor.site, cursor.layer, cursor.head, cursor.key, cursor.pinned) == (Site.CROSS, 1, 2, None, False)
    found = layered.tab.trace.attention(1, Site.CROSS)
    np.testing.assert_allclose(looks(layered).alignment.picture.values, found.weights(2), atol=1e-6)


def test_another_word_and_back(layered: Hand) -> None:
    """A click on a word that was not taken makes another output beside the first; undone, the first returns."""
    before = layered.decoding
    word = say_otherwise(layered, STEP)
    assert layered.tab.wish.edits == (ForceToken(STEP, word.token),)
    assert layered.decoding.tokens[STEP] == word.token
    assert layered.decoding.choices[STEP] is Choice.FORCED
    assert [name for name, _ in layered.tab.lanes] == ["spelling-layers", BEFORE]
    assert layered.other is before
    assert looks(layered, 1).isVisible()
    assert not looks(layered, 1).choice.isVisible(), "one choice holds for both"
    click_head(layered, 0, 1, 1, 2)
    for lane in (0, 1):
        found = layered.tab.lanes[lane][1].attention(0, Site.CROSS)
        np.testing.assert_allclose(looks(layered, lane).alignment.picture.values, found.weights(1), atol=1e-6)
    layered.qtbot.mouseClick(layered.tab.widgets.changes.undo_button, LEFT)
    layered.settle()
    assert layered.decoding.tokens == before.tokens
    assert len(layered.tab.lanes) == 1


def test_a_source_token_is_hidden_from_the_layers(layered: Hand) -> None:
    """Its menu in any layer; no head of any layer looks at it from then on."""
    layered.go(STEP)
    menu = layered.tab.widgets.layers.layers[1][1].menu_for(3)
    menu.actions()[0].trigger()
    menu.deleteLater()
    layered.settle()
    assert layered.tab.wish.edits == (HideSource(STEP, 3),)
    for layer in range(3):
        cross = layered.tab.trace.attention(layer, Site.CROSS)
        weights = np.array([cross.weights(head)[:, 3] for head in range(4)])
        assert not weights[:, STEP:].any()
        assert (weights[:, :STEP] > 0).all()


def test_what_it_has_no_single_one_of_is_told_in_the_list(layered: Hand) -> None:
    """A context for every head of every layer: the change waits, greyed, with the reason; the output is the same."""
    before = layered.decoding.tokens
    layered.tab._on_edit(SetContext(0, (0.0,) * 10, "zero vector"))
    layered.settle()
    item = layered.tab.widgets.changes.list.item(0)
    assert "every head" in item.text()
    assert "Not made" in item.toolTip()
    assert layered.decoding.tokens == before


def test_beside_a_recurrent_model_each_lane_has_its_own_step(layered: Hand, folders: tuple[Path, Path]) -> None:
    """Layers for the one, cards for the other, on one timeline; the choice of a head is the Transformer's alone."""
    layered.compare(folders[1])
    widgets = layered.tab.widgets
    assert widgets.layers.isVisible()
    click_head(layered, 1, 1, 2, 3)
    np.testing.assert_allclose(looks(layered, 1).alignment.picture.values, layered.other.weights, atol=1e-6)
    assert looks(layered).choice.isVisible()
    assert not looks(layered, 1).choice.isVisible()
    layered.qtbot.mouseClick(widgets.lane_buttons.button(1), LEFT)
    assert widgets.cards.isVisible()
    assert not widgets.layers.isVisible()
    assert widgets.step_panel.view is widgets.cards
    assert widgets.cards.weights.marked == 3, "a source token is the same in both"
    layered.qtbot.mouseClick(widgets.lane_buttons.button(0), LEFT)
    assert widgets.layers.isVisible()
    widgets.controls.choose(str(folders[1]))
    layered.settle()
    assert widgets.cards.isVisible()


def test_the_second_lane_may_be_the_layered_one(layered: Hand, folders: tuple[Path, Path]) -> None:
    """Then its panel has the choice."""
    layered.tab.widgets.controls.choose(str(folders[1]))
    layered.settle()
    assert not looks(layered).choice.isVisible()
    layered.compare(folders[0])
    assert looks(layered, 1).choice.isVisible()
    layered.qtbot.mouseClick(layered.tab.widgets.lane_buttons.button(1), LEFT)
    assert layered.tab.widgets.layers.isVisible()
    click_head(layered, 0, 1, 1, 2)
    found = layered.tab.lanes[1][1].attention(0, Site.CROSS)
    np.testing.assert_allclose(looks(layered, 1).alignment.picture.values, found.weights(1), atol=1e-6)


def test_the_beams_tree_stands_in_the_same_place(layered: Hand) -> None:
    """Searched by the Transformer; its best output is walked through layer by layer."""
    layered.choose_way(Way.BEAM)
    widgets = layered.tab.widgets
    layered.qtbot.mouseClick(widgets.page_buttons.button(1), LEFT)
    assert widgets.tree.isVisible()
    assert widgets.step_panel.view is widgets.tree
    assert not widgets.layers.isVisible()
    layered.qtbot.mouseClick(widgets.page_buttons.button(0), LEFT)
    assert widgets.layers.isVisible()
    assert widgets.layers.trace is layered.tab.trace


def test_all_can_be_reached_and_is_named(layered: Hand) -> None:
    """Selectors have names, tips and the keyboard; the step's numbers can be exported."""
    choice = looks(layered).choice
    controls = (*choice.sites.buttons(), choice.layer, choice.head)
    assert all(control.accessibleName() and control.toolTip() for control in controls)
    assert all(control.focusPolicy() & Qt.FocusPolicy.TabFocus for control in controls)
    assert looks(layered).panel.view.numbers().rows
    parts = {row[0] for row in layered.tab.widgets.step_panel.view.numbers().rows}
    assert {"self-attention", "cross-attention", "|added|", "logits"} <= parts
