"""What a Transformer writes in the decoding tab, against whole forwards; its step in a small window, and other models after it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.jobs.test_decode_transformer import lively, write
from tests.tabs.translating import LEFT, SEED, Hand, offer
from tests.translators import write_translator
from tests.windows import opened

STEP, LONGEST = 1, 14


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A Transformer and a recurrent model of one task."""
    root = tmp_path_factory.mktemp("layers")
    write(root / "spelling-layers", lively(longest=LONGEST))
    return root / "spelling-layers", write_translator(root / "spelling-dot", "dot", SEED)


@pytest.fixture
def layered(qtbot: QtBot, folder: Path, folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[Hand]:
    """The window with the Transformer's first answer in front."""
    offer(monkeypatch, folders)
    window = opened(qtbot, folder, tab="decoding", width=1280, height=800)
    yield Hand(qtbot, window)
    window.close()


def greedy(hand: Hand, forced: dict[int, int]) -> list[int]:
    """The ids that the model writes, by whole forwards without a cache."""
    tokens = hand.tab.trace.tokens()
    assert tokens is not None
    model, made = lively(longest=LONGEST), [1]
    while len(made) <= LONGEST and made[-1] != 2:
        with torch.inference_mode():
            logits = model(torch.tensor([tokens.ids]), torch.tensor([made]))[0, -1]
        made.append(forced.get(len(made) - 1, int(logits.argmax())))
    return made[1:]


def say_otherwise(hand: Hand, step: int) -> int:
    """Click the best word that a step didn't take; returns its id."""
    hand.go(step)
    card = hand.tab.widgets.layers.words
    place, word = next((place, word) for place, word in enumerate(card.words()) if not word.chosen)
    hand.qtbot.mouseClick(card, LEFT, pos=card.row(place).center().toPoint())
    hand.settle()
    return word.token


def test_the_words_are_those_of_whole_forwards(layered: Hand) -> None:
    """By itself, and from a word on that a person chose: the cache and the earlier answer change nothing."""
    assert list(layered.decoding.tokens) == greedy(layered, {})
    token = say_otherwise(layered, STEP)
    assert list(layered.decoding.tokens) == greedy(layered, {STEP: token})
    assert list(layered.other.tokens) == greedy(layered, {})


def test_all_of_it_fits_into_a_small_window(layered: Hand) -> None:
    """At 1280 × 800 nothing of the step scrolls and the window does not grow, with one run and with two."""
    for lanes in (1, 2):
        QApplication.processEvents()
        assert len(layered.tab.lanes) == lanes
        assert (layered.window.width(), layered.window.height()) == (1280, 800)
        assert layered.tab.widgets.layers._area.verticalScrollBar().maximum() == 0
        say_otherwise(layered, STEP)


def test_another_model_brings_its_own_step(layered: Hand, folders: tuple[Path, Path]) -> None:
    """From the Transformer to a recurrent model and back, by the list of models: cards and choice come and go."""
    widgets, model = layered.tab.widgets, layered.tab.widgets.controls.model
    for folder, is_layered in ((folders[1], False), (folders[0], True)):
        model.setCurrentIndex(model.findData(str(folder)))
        layered.settle()
        assert (widgets.layers.isVisible(), widgets.cards.isVisible()) == (is_layered, not is_layered)
        assert widgets.step_panel.view is (widgets.layers if is_layered else widgets.cards)
        assert widgets.looks[0].choice.isVisible() == is_layered
        assert widgets.looks[0].alignment.picture is not None


def test_alone_again_the_transformers_step_is_shown(layered: Hand, folders: tuple[Path, Path]) -> None:
    """The recurrent lane was in front when it was taken away."""
    layered.compare(folders[1])
    layered.qtbot.mouseClick(layered.tab.widgets.lane_buttons.button(1), LEFT)
    assert layered.tab.widgets.cards.isVisible()
    layered.tab.widgets.controls.versus.setCurrentIndex(0)
    layered.settle()
    assert layered.tab.widgets.layers.isVisible()
    assert layered.tab.widgets.layers.trace is layered.tab.lanes[0][1]
