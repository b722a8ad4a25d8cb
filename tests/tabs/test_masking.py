"""The main job, as a person does it: type, mask, look, choose."""

from __future__ import annotations

from pathlib import Path

import torch
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot
from safetensors.torch import load_file
from transformers import BertConfig, BertForPreTraining

from attnviz.models.gate.paths import Folder
from attnviz.tabs.scene import Scene, put_in
from attnviz.text.codec import Codec
from attnviz.text.tokenizer_file import read_tokenizer
from attnviz.trace import Candidates, OwnProbability
from attnviz.window import Window


def settle(qtbot: QtBot, window: Window) -> None:
    qtbot.waitUntil(lambda: window.is_settled, timeout=20_000)


def click_chip(qtbot: QtBot, window: Window, position: int) -> None:
    chips = window.tab.chips
    qtbot.mouseClick(chips, Qt.MouseButton.LeftButton, pos=chips.cell(position).center().toPoint())
    settle(qtbot, window)


def expected_probabilities(folder: Path, ids: list[int], position: int) -> torch.Tensor:
    """An independent forward: transformers on the same ids."""
    model = BertForPreTraining(BertConfig.from_json_file(folder / "config.json")).eval()
    model.load_state_dict(load_file(folder / "model.safetensors"), strict=False)
    with torch.inference_mode():
        return model(torch.tensor([ids])).prediction_logits[0, position].softmax(-1)


def test_the_example_is_predicted_when_the_window_opens(window: Window, folder) -> None:
    """The mask of the first sentence has its candidates, with the authority's probabilities."""
    trace = window.tab.trace
    tokens = trace.tokens()
    assert tokens.pieces == ("[CLS]", "the", "cat", "[MASK]", "on", "a", "mat", "[SEP]")
    found = trace.find(Candidates, 3)
    expected = expected_probabilities(folder, list(tokens.ids), 3)
    for entry in found.entries:
        assert abs(entry.probability - float(expected[entry.id])) < 1e-5
    assert [entry.id for entry in found.entries][:3] == expected.topk(3).indices.tolist()


def test_a_larger_window_shows_more_candidates(qtbot: QtBot, window: Window, folder) -> None:
    """One mask: the panel is filled from the same answer, most probable first."""
    window.resize(1280, 720)
    trace, few = window.tab.trace, len(window.tab.bars.shown[0].entries)
    window.resize(1280, 1200)
    qtbot.waitUntil(lambda: len(window.tab.bars.shown[0].entries) >= few + 8)
    found = [entry.id for entry in window.tab.bars.shown[0].entries]
    probabilities = expected_probabilities(folder, list(trace.tokens().ids), 3)[found]
    assert bool((probabilities.diff() <= 1e-6).all())
    assert window.tab.trace is trace


def test_predictions_follow_as_one_types(qtbot: QtBot, window: Window) -> None:
    """Keys typed into the sentence change the tokens and the candidates."""
    box = window.header.sentence
    before = window.tab.trace.find(Candidates, 3)
    box.selectAll()
    qtbot.keyClicks(box, "a dog [MASK] in the mat")
    qtbot.waitUntil(lambda: window.is_settled and window.tab.trace.tokens().pieces[2] == "dog", timeout=20_000)
    after = window.tab.trace.find(Candidates, 3)
    assert after is not None
    assert after != before


def test_a_click_masks_a_word_and_a_second_brings_it_back(qtbot: QtBot, window: Window, folder) -> None:
    """The chip toggles; while masked, the original word's rank and probability are known and right."""
    click_chip(qtbot, window, 2)
    trace = window.tab.trace
    assert trace.tokens().masks == (2, 3)
    found = trace.find(Candidates, 2)
    expected = expected_probabilities(folder, list(trace.tokens().ids), 2)
    original = trace.tokens().originals[2]
    assert found.original == "cat"
    assert abs(found.probability - float(expected[original])) < 1e-5
    assert found.rank == int((expected > expected[original]).sum()) + 1
    click_chip(qtbot, window, 2)
    assert window.tab.trace.tokens().masks == (3,)
    assert window.header.sentence.toPlainText() == "the cat [MASK] on a mat"


def test_a_chosen_candidate_goes_into_the_sentence(qtbot: QtBot, window: Window) -> None:
    """A click on a bar puts the word where the mask was, and Ctrl+Z takes it back."""
    bars = window.tab.bars
    word = window.tab.trace.find(Candidates, 3).entries[0].label
    expected = f"the cat{word[2:]} on a mat" if word.startswith("##") else f"the cat {word} on a mat"
    qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=bars.row(0, 0).center().toPoint())
    qtbot.waitUntil(lambda: "[MASK]" not in window.header.sentence.toPlainText())
    assert window.header.sentence.toPlainText() == expected
    settle(qtbot, window)
    qtbot.keyClick(window.header.sentence, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.header.sentence.toPlainText() == "the cat [MASK] on a mat")
    settle(qtbot, window)


def test_without_a_mask_every_word_is_masked_alone(qtbot: QtBot, window: Window, folder) -> None:
    """Each word's own probability equals the authority's with that one word masked."""
    window.set_sentence("the cat sat on a mat")
    settle(qtbot, window)
    trace = window.tab.trace
    words = trace.every(OwnProbability)
    assert [word.position for word in words] == [1, 2, 3, 4, 5, 6]
    ids = list(trace.tokens().ids)
    mask_id = Codec(read_tokenizer(Folder(folder))).mask
    for word in words:
        masked = [mask_id if place == word.position else number for place, number in enumerate(ids)]
        expected = expected_probabilities(folder, masked, word.position)
        assert abs(word.probability - float(expected[ids[word.position]])) < 1e-5
        assert [entry.id for entry in word.expected][:2] == expected.topk(2).indices.tolist()


def test_an_empty_sentence_asks_for_one_and_runs_nothing(qtbot: QtBot, window: Window) -> None:
    """X01: nothing, white space or characters that vanish: an empty state, no error, no forward."""
    for text in ("", "   ", "\t\n", "\ue000"):
        window.set_sentence(text)
        settle(qtbot, window)
        assert window.tab.trace.tokens() is None
        assert window.messages.messages == ()
    window.set_sentence("the cat [MASK]")
    settle(qtbot, window)
    assert window.tab.trace.tokens() is not None


def test_too_long_a_text_says_what_is_shown(qtbot: QtBot, window: Window) -> None:
    """X02: the text is cut at the model's positions, and the window says how much of it is shown."""
    window.set_sentence("cat " * 62 + "[MASK]")
    settle(qtbot, window)
    assert len(window.tab.trace.tokens()) == 64
    [message] = window.messages.messages
    assert message.sentence.startswith("Showing the first 62 of 63 tokens")
    window.set_sentence("the cat")
    settle(qtbot, window)
    assert window.messages.messages == ()


def test_more_than_32_masks_are_predicted_in_part_and_said(qtbot: QtBot, window: Window) -> None:
    """X10: the first 32 masks get candidates, with a notice."""
    window.set_sentence("[MASK] " * 40)
    settle(qtbot, window)
    assert len(window.tab.trace.every(Candidates)) == 32
    assert any("first 32 of 40" in message.sentence for message in window.messages.messages)


def test_a_pair_is_two_segments(qtbot: QtBot, window: Window) -> None:
    """A second line is the second sentence."""
    window.set_sentence("the cat\nsat on [MASK]")
    settle(qtbot, window)
    tokens = window.tab.trace.tokens()
    assert tokens.segments == (0, 0, 0, 0, 1, 1, 1, 1)
    assert tokens.spans[4] == (8, 11)
    click_chip(qtbot, window, 4)
    assert window.scene.masked == ((8, 11),)


def test_the_keyboard_alone_masks_a_word(qtbot: QtBot, window: Window) -> None:
    """Arrow keys walk the chips, Space masks."""
    chips = window.tab.chips
    chips.setFocus()
    for _ in range(2):
        qtbot.keyClick(chips, Qt.Key.Key_Right)
    qtbot.keyClick(chips, Qt.Key.Key_Space)
    settle(qtbot, window)
    assert len(window.tab.trace.tokens().masks) == 2


def test_hover_is_temporary_click_pins_and_escape_frees(qtbot: QtBot, window: Window) -> None:
    """One cursor for all views of the tab."""
    focus = window.tab.focus
    qtbot.mouseMove(focus, QPoint(2, 2))
    area = focus.cell(2).center().toPoint()
    qtbot.mouseMove(focus, area)
    qtbot.waitUntil(lambda: window.tab.cursor_at.key == 2)
    assert not window.tab.cursor_at.pinned
    qtbot.mouseClick(focus, Qt.MouseButton.LeftButton, pos=area)
    assert window.tab.cursor_at.pinned
    assert window.tab.chips.cursor_at == window.tab.cursor_at
    qtbot.keyClick(focus, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not window.tab.cursor_at.pinned)


def test_putting_a_word_in_keeps_the_other_masks(shipped: Path) -> None:
    """A replaced piece shifts the masks behind it; a continuation joins the word before."""
    codec = Codec(read_tokenizer(Folder(shipped)))
    scene = Scene(sentence="the tokenization of words", masked=((4, 16), (20, 25)))
    tokens = codec.encode(scene.text, masked=scene.masked)
    assert tokens.original_labels[2:4] == ("token", "##ization")
    other = put_in(scene, tokens, 2, "modern")
    assert other.sentence == "the modernization of words"
    assert other.masked == ((10, 17), (21, 26))
    joined = put_in(scene, tokens, 3, "##s")
    assert joined.sentence == "the tokens of words"
    assert joined.masked == ((4, 9), (14, 19))
    apart = put_in(scene, tokens, 3, "was")
    assert apart.sentence == "the token was of words"
