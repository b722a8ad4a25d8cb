"""Several masks, as a person fills them: mask words, look at the three ways, scrub, put one in, read the score."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from attnviz.jobs.fill_all_masks import FillAllMasks
from attnviz.jobs.score_text import ScoreText
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.tabs.masking_several import SeveralPage
from attnviz.trace import Filling, FillStep, OwnProbability, PseudoLikelihood, Trace, Way
from attnviz.window import Window
from tests.badinputs.valid import write_bert_folder
from tests.masked_model import swayed_folder
from tests.views.traces import press
from tests.windows import opened, sentences, settle

SENTENCE = "the [MASK] [MASK] on a [MASK]"
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that nobody changes, in which each word sways the others."""
    return swayed_folder(tmp_path_factory.mktemp("several") / "tiny")


@pytest.fixture
def window(qtbot: QtBot, folder: Path) -> Iterator[Window]:
    """The page in front, its sentence filled and scored."""
    made = opened(qtbot, folder, sentence=SENTENCE, tab="masking", width=1280, height=800)
    made.tab.paged.show_named("several")
    settle(qtbot, made)
    yield made
    made.close()


@pytest.fixture
def page(window: Window) -> SeveralPage:
    found = window.tab.paged.page
    assert isinstance(found, SeveralPage)
    return found


def say(qtbot: QtBot, window: Window, sentence: str) -> None:
    window.set_sentence(sentence)
    settle(qtbot, window)


def test_the_page_shows_what_the_jobs_answer(window: Window, page: SeveralPage, folder: Path) -> None:
    """Three fillings with their measures, and the score, as without a window."""
    library, reference = Library(), Reference(str(folder), "cpu")
    fillings = Trace().plus(*FillAllMasks(reference, SENTENCE).run(library))
    scores = Trace().plus(*ScoreText(reference, SENTENCE).run(library))
    for way in Way:
        ours, theirs = page.ways.trace.find(Filling, way), fillings.find(Filling, way)
        assert ours is not None
        assert theirs is not None
        assert ours.ids == theirs.ids
        assert ours.left_to_right == pytest.approx(theirs.left_to_right, abs=1e-4)
        assert ours.pseudo == pytest.approx(theirs.pseudo, abs=1e-4)
    found, expected = page.bars.trace.find(PseudoLikelihood), scores.find(PseudoLikelihood)
    assert found is not None
    assert expected is not None
    assert found.log_probability == pytest.approx(expected.log_probability, abs=1e-4)
    assert f"{math.exp(-expected.log_probability / 3):.3g}" in page.score.text()
    assert "over 3 tokens" in page.score.text()
    assert window.messages.messages == ()


def test_all_steps_are_over_at_first_and_can_be_gone_through(qtbot: QtBot, page: SeveralPage) -> None:
    """The transport, the rows and the lines of the steps move one play head."""
    assert page.ways.cursor_at.step == page.steps.cursor_at.step == 2
    assert not page.transport.buttons["on"].isEnabled()
    qtbot.mouseClick(page.transport.buttons["first"], LEFT)
    assert page.ways.cursor_at.step == page.steps.cursor_at.step == 0
    qtbot.mouseClick(page.transport.buttons["on"], LEFT)
    assert page.ways.cursor_at.step == 1
    qtbot.mouseClick(page.steps, LEFT, pos=page.steps.cell(2, 2).center().toPoint())
    assert page.ways.cursor_at.step == 2
    press(page.ways, Qt.Key.Key_Up, Qt.Key.Key_Home)
    assert (page.steps.cursor_at.layer, page.steps.cursor_at.step) == (1, 0)
    assert page.steps_panel.title == "Step by step, left to right"
    page.free()


def test_words_are_masked_and_brought_back_by_a_click(qtbot: QtBot, window: Window, page: SeveralPage) -> None:
    """On the chips; the score is of the words, whether masked by a click or not."""
    say(qtbot, window, "the cat sat on a mat")
    assert page.filled.every(FillStep) == ()
    before = page.score.text()
    for position in (2, 6):
        qtbot.mouseClick(page.chips, LEFT, pos=page.chips.cell(position).center().toPoint())
        settle(qtbot, window)
    assert page.steps.masks == (2, 6)
    assert page.score.text() == before
    qtbot.mouseClick(page.chips, LEFT, pos=page.chips.cell(6).center().toPoint())
    settle(qtbot, window)
    assert 6 not in page.steps.masks


def test_a_typed_mask_is_edited_in_the_sentence(qtbot: QtBot, window: Window, page: SeveralPage) -> None:
    """It has no word that a click could bring back."""
    qtbot.mouseClick(page.chips, LEFT, pos=page.chips.cell(2).center().toPoint())
    settle(qtbot, window)
    assert window.header.sentence.toPlainText() == SENTENCE
    assert page.steps.masks == (2, 3, 6)


def test_a_filling_is_put_into_the_sentence(qtbot: QtBot, window: Window, page: SeveralPage) -> None:
    """That of the chosen way; the sentence has no masks then and is scored, and Ctrl+Z takes it back."""
    page.point(replace(page.cursor_at, layer=1))
    filling = page.filled.find(Filling, Way.LEFT_TO_RIGHT)
    assert filling is not None
    qtbot.mouseClick(page.put_in, LEFT)
    settle(qtbot, window)
    assert window.header.sentence.toPlainText() == filling.text
    assert window.scene.masked == ()
    assert page.filled.every(FillStep) == ()
    assert page.scored.every(OwnProbability)
    qtbot.keyClick(window.header.sentence, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.header.sentence.toPlainText() == SENTENCE)
    settle(qtbot, window)


def test_without_masks_the_page_says_what_to_do_and_scores(qtbot: QtBot, window: Window, page: SeveralPage) -> None:
    """Steps and transport have nothing to show."""
    say(qtbot, window, "the cat sat")
    assert not page.steps_panel.isVisible()
    assert not page.transport.isVisible()
    assert "click two or more" in page.ways._sentence()
    assert [own.position for own in page.bars.trace.every(OwnProbability)] == [1, 2, 3]
    say(qtbot, window, SENTENCE)
    assert page.steps_panel.isVisible()


def test_pieces_can_be_scored_without_those_that_follow(qtbot: QtBot, window: Window, page: SeveralPage) -> None:
    """Both ways of Salazar and of Kauf & Ivanova, each asked when it is chosen."""
    say(qtbot, window, "the xyz sat")
    alone = page.scored.find(PseudoLikelihood)
    page.scoring_box.setCurrentIndex(1)
    settle(qtbot, window)
    hidden = page.scored.find(PseudoLikelihood)
    assert alone is not None
    assert hidden is not None
    assert (alone.within_word, hidden.within_word) == (False, True)
    assert alone.log_probability != hidden.log_probability


def test_a_pair_has_two_sums(qtbot: QtBot, window: Window, page: SeveralPage) -> None:
    """Of each sentence and of both; masks of both are filled."""
    say(qtbot, window, "the [MASK]\nsat on [MASK]")
    assert page.steps.masks == (2, 6)
    assert "first sentence" in page.score.text()
    assert "masks are not scored" in page.score.text()


@pytest.mark.parametrize("text", ["", "  ", "\ue000"])
def test_an_empty_sentence_asks_for_one(qtbot: QtBot, window: Window, page: SeveralPage, text: str) -> None:
    """X01: an empty state, no error, and the next sentence is answered."""
    say(qtbot, window, text)
    assert page.filled.tokens() is None
    assert page.scored.tokens() is None
    assert window.messages.messages == ()
    say(qtbot, window, "a [MASK] [MASK]")
    assert page.steps.masks == (2, 3)


def test_only_masks_are_filled_and_nothing_is_scored(qtbot: QtBot, window: Window, page: SeveralPage) -> None:
    """There is no word; that is said in the panel, not as an error."""
    say(qtbot, window, "[MASK] [SEP] [MASK]")
    assert page.steps.masks == (1, 3)
    assert "no word to score" in page.bars._sentence()
    assert not page.score.isVisible()
    assert window.messages.messages == ()


def test_what_is_too_much_is_said_once(qtbot: QtBot, window: Window, page: SeveralPage) -> None:
    """X02, X10: a text beyond the model's positions, more than 32 masks."""
    say(qtbot, window, "[MASK] " * 40 + "cat " * 30_000)
    assert len(page.steps.masks) == 32
    said = [sentence.split()[0] for sentence in sentences(window)]
    assert {"Predicting", "Showing"} <= set(said)
    assert len(said) == len(set(said))


def test_another_page_need_not_wait_for_this_one(qtbot: QtBot, window: Window, page: SeveralPage) -> None:
    """What is under way is stopped when one looks elsewhere, and asked again when one comes back."""
    window.set_sentence("[MASK] cat " * 15)
    window.tab.paged.show_page(0)
    assert page.is_settled
    settle(qtbot, window)
    window.tab.paged.show_named("several")
    settle(qtbot, window)
    assert len(page.steps.masks) == 15


def test_f5_asks_again(qtbot: QtBot, window: Window, page: SeveralPage) -> None:
    """The same sentence, a fresh answer."""
    before = page.filled
    window.tab.ask_again()
    settle(qtbot, window)
    assert page.filled is not before
    assert page.filled.every(Filling)


def test_without_a_head_the_page_says_why(qtbot: QtBot, tmp_path: Path) -> None:
    """Disabled, with the reason and what to open instead."""
    bare = write_bert_folder(tmp_path / "bare", heads=False)
    window = opened(qtbot, bare, sentence=SENTENCE, tab="masking")
    window.tab.paged.show_named("several")
    settle(qtbot, window)
    assert window.tab.paged.page is None
    assert window.messages.messages == ()
    window.close()
