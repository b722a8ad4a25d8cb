"""Cut, with a piece forbidden: what a person sees of the checkpoint's tokenizer before and after."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from tokenizers import Tokenizer

from attnviz.text.merge_edits import ForbidPiece
from attnviz.trace import Comparison, Cut, Shift
from attnviz.window import Window
from tests.badinputs.valid import write_json
from tests.text import bpe_subjects as subjects
from tests.windows import opened, sentences, settle, strong_folder

SENTENCE = "the cat [MASK] on the plain mat"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that nobody changes."""
    return strong_folder(tmp_path_factory.mktemp("forbid") / "tiny")


@pytest.fixture
def window(qtbot: QtBot, folder: Path, tmp_path: Path) -> Iterator[Window]:
    """The Cut page in front, with the checkpoint's own tokenizer."""
    made = opened(qtbot, folder, tmp_path / "settings.json", tab="tokenization", sentence=SENTENCE)
    made.tab.show_page(1)
    settle(qtbot, made)
    yield made
    made.close()


def choose(qtbot: QtBot, window: Window, piece: str) -> None:
    """Click a piece's chip."""
    chips = window.tab.cut.chips
    place = [shown.text for shown in chips.pieces].index(piece)
    qtbot.mouseClick(chips, Qt.MouseButton.LeftButton, pos=chips.chip_area(place).center().toPoint())


def forbid(qtbot: QtBot, window: Window, piece: str) -> None:
    """Choose a piece and press the button."""
    choose(qtbot, window, piece)
    qtbot.mouseClick(window.tab.cut.forbid, Qt.MouseButton.LeftButton)
    settle(qtbot, window)


def pieces(window: Window) -> list[str]:
    return [piece.text for piece in window.tab.cut.cut.stages[-1].pieces]


def by_library(folder: Path, *without: str) -> list[str]:
    found = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    for piece in without:
        del found["model"]["vocab"][piece]
    return Tokenizer.from_str(json.dumps(found)).encode(SENTENCE).tokens


def test_a_forbidden_piece_is_cut_otherwise_and_both_ways_are_shown(qtbot: QtBot, window: Window, folder: Path) -> None:
    """Chips of both ways side by side, the list, the words behind the mask, and what changed in a sentence."""
    page = window.tab.cut
    assert not page.both_ways.isVisible()
    forbid(qtbot, window, "cat")
    assert pieces(window) == by_library(folder, "cat")
    [before, after] = page.both_ways.trace.find(Comparison).rows
    assert [piece.text for piece in before.pieces] == by_library(folder)[1:-1]
    assert [piece.text for piece in after.pieces] == by_library(folder, "cat")[1:-1]
    assert page.both_ways.isVisible()
    [shift] = page.shift.shifts
    assert [row[1] for row in page.shift.rows] == [entry.label for entry in shift.before.entries[:5]]
    assert [row[3] for row in page.shift.rows] == [entry.label for entry in shift.after.entries[:5]]
    assert "→" in page.said.text()
    assert "rank" in page.said.text()


def test_a_word_that_was_clicked_on_the_masking_tab_is_predicted_here(qtbot: QtBot, window: Window) -> None:
    """The spans are shared: both masks have their before and after, and bringing the word back takes its own away."""
    page = window.tab.cut
    forbid(qtbot, window, "cat")
    assert len(page.shift.shifts) == 1
    start = SENTENCE.index("mat")
    window.show_tab("masking")
    settle(qtbot, window)
    window.tab.chips.toggled.emit(window.tab.trace.tokens().spans.index((start, start + 3)))
    settle(qtbot, window)
    window.show_tab("tokenization")
    settle(qtbot, window)
    assert [shift.before.original for shift in page.shift.shifts] == [None, "mat"]
    window.tab.wished.emit(window.scene.toggled((start, start + 3)))
    settle(qtbot, window)
    assert len(page.shift.shifts) == 1


def test_changes_add_up_and_can_be_undone_and_made_again(qtbot: QtBot, window: Window, folder: Path) -> None:
    """Ctrl+Z takes back the last of two; taking both back says that nothing differs."""
    page = window.tab.cut
    forbid(qtbot, window, "cat")
    forbid(qtbot, window, "plain")
    assert pieces(window) == by_library(folder, "cat", "plain")
    for left in (("cat",), ()):
        qtbot.keyClick(page, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
        settle(qtbot, window)
        assert pieces(window) == by_library(folder, *left)
    assert page.said.text() == "The prediction is the same."
    qtbot.keyClick(page, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier)
    settle(qtbot, window)
    assert pieces(window) == by_library(folder, "cat")


def test_the_keyboard_alone_forbids_a_piece(qtbot: QtBot, window: Window, folder: Path) -> None:
    """Arrows choose, Delete forbids; in the sentence above, Delete is what it always was."""
    page = window.tab.cut
    page.chips.setFocus()
    for _ in range(3):
        qtbot.keyClick(page.chips, Qt.Key.Key_Right)
    assert page.chosen.text == "cat"
    qtbot.keyClick(page.chips, Qt.Key.Key_Delete)
    settle(qtbot, window)
    assert pieces(window) == by_library(folder, "cat")


def test_what_cannot_be_forbidden_says_why(qtbot: QtBot, window: Window) -> None:
    """Nothing chosen, a special token, a single character, and a tokenizer that is not the checkpoint's."""
    page = window.tab.cut
    assert "Click a piece" in page.forbid.toolTip()
    window.set_sentence("the x [MASK]")
    settle(qtbot, window)
    for piece, reason in (("[CLS]", "special token"), ("[MASK]", "special token"), ("x", "single character")):
        choose(qtbot, window, piece)
        assert not page.forbid.isEnabled()
        assert reason in page.forbid.toolTip()
    choose(qtbot, window, "the")
    assert page.forbid.isEnabled()
    page.choose("learned")
    settle(qtbot, window)
    assert not page.forbid.isEnabled()
    assert "own tokenizer" in page.forbid.toolTip()


def test_without_a_mask_only_the_cut_is_shown(qtbot: QtBot, window: Window) -> None:
    """The words wait for a mask, which may come later."""
    page = window.tab.cut
    window.set_sentence("the cat sat")
    settle(qtbot, window)
    forbid(qtbot, window, "cat")
    assert page.shift.rows == ()
    assert not page.said.isVisible()
    window.set_sentence(SENTENCE)
    settle(qtbot, window)
    assert page.predicting.trace.every(Shift)


def test_another_checkpoint_begins_without_changes(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    """They were made to the last one's tokenizer."""
    forbid(qtbot, window, "cat")
    window.open(str(strong_folder(tmp_path / "other", seed=8)))
    settle(qtbot, window)
    assert window.tab.cut.changes.edits == ()
    assert not window.tab.cut.both_ways.isVisible()
    assert "cat" in [piece.text for piece in next(iter(window.tab.cut.cutting.trace.every(Cut))).pieces]


def test_a_checkpoint_that_merges_loses_the_merges_of_a_piece(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    """A byte-pair tokenizer without a mask token: only the cut is shown, as the library cuts without the merge."""
    folder = strong_folder(tmp_path / "merging")
    found = json.loads(subjects.learned(subjects.ENGLISH * 3, 30).json)
    write_json(folder / "tokenizer.json", found)
    window.open(str(folder))
    window.set_sentence("low lower lowest")
    settle(qtbot, window)
    forbid(qtbot, window, "low")
    model = found["model"]
    model["merges"] = [merge for merge in model["merges"] if "low" not in {*merge, "".join(merge)}]
    del model["vocab"]["low"]
    assert pieces(window) == Tokenizer.from_str(json.dumps(found)).encode("low lower lowest").tokens
    assert window.tab.cut.both_ways.isVisible()
    assert not window.tab.cut.shift.isVisible()


def test_a_change_that_the_tokenizer_refuses_is_taken_back(qtbot: QtBot, window: Window, folder: Path) -> None:
    """A sentence says why; the last good cut stays."""
    page = window.tab.cut
    forbid(qtbot, window, "cat")
    page.changes.add(ForbidPiece("zebra"), "forbid zebra")
    settle(qtbot, window)
    assert page.changes.edits == (ForbidPiece("cat"),)
    assert any("no piece 'zebra'" in sentence for sentence in sentences(window))
    assert pieces(window) == by_library(folder, "cat")
