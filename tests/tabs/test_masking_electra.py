"""The page "ELECTRA", as a person uses it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from attnviz import places
from attnviz.jobs.spoil_and_detect import SpoilAndDetect
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.tabs.masking_electra import ElectraPage
from attnviz.trace import Candidates, Cursor, Detected, Spoiled, judgement
from attnviz.views.placeholder import Placeholder
from attnviz.window import Window
from tests.badinputs.valid import pieces, tokenizer_json, write_json
from tests.electras import write_discriminator
from tests.masked_model import MaskedModel, swayed_folder
from tests.records import run
from tests.windows import opened, sentences, settle

SENTENCE = "the cat sat on a mat with the dog sat on a plain mat in it"
MASK = 4
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of shipped checkpoints: a BERT and a discriminator of the same vocabulary."""
    made = tmp_path_factory.mktemp("shelf")
    swayed_folder(made / "bert")
    write_discriminator(made / "electra")
    return made


@pytest.fixture
def shelf(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(places, "checkpoints", lambda: root)
    return root


@pytest.fixture
def window(qtbot: QtBot, shelf: Path) -> Iterator[Window]:
    made = opened(qtbot, shelf / "bert", sentence=SENTENCE, tab="masking", width=1280, height=800)
    yield made
    made.close()


@pytest.fixture
def page(qtbot: QtBot, window: Window) -> ElectraPage:
    """The page in front, with its first game played."""
    return to_front(qtbot, window)


def to_front(qtbot: QtBot, window: Window) -> ElectraPage:
    window.tab.paged.show_named("electra")
    settle(qtbot, window)
    found = window.tab.paged.page
    assert isinstance(found, ElectraPage)
    return found


def rest(qtbot: QtBot, page: ElectraPage) -> Spoiled:
    """Wait for the answer; the text as it is shown."""
    qtbot.waitUntil(lambda: page.is_settled and page.chips.trace.find(Detected) is not None, timeout=20_000)
    found = page.chips.trace.find(Spoiled)
    assert found is not None
    return found


def click(qtbot: QtBot, page: ElectraPage, position: int) -> None:
    qtbot.mouseClick(page.chips, LEFT, pos=page.chips.cell(position).center().toPoint())
    rest(qtbot, page)


def names(page: ElectraPage) -> tuple[str, str]:
    return page.controls.generator.currentText(), page.controls.detector.currentText()


def reason_of(window: Window) -> str:
    """What stands where a page would be."""
    [reason] = [empty.sentence for empty in window.tab.findChildren(Placeholder) if empty.isVisible()]
    return reason


def test_the_open_model_generates_and_the_shipped_one_judges(qtbot: QtBot, page: ElectraPage, shelf: Path) -> None:
    """What is shown is what the job answers for 15 % and seed 0; the counts are those of its records."""
    spoiled = rest(qtbot, page)
    assert names(page) == ("bert", "electra")
    pair = Reference(str(shelf / "bert"), "cpu"), Reference(str(shelf / "electra"), "cpu")
    expected = run(Library(), SpoilAndDetect(*pair, SENTENCE))
    assert spoiled.tokens == expected.find(Spoiled).tokens
    assert spoiled.drawn == expected.find(Spoiled).drawn
    found = judgement(expected.find(Spoiled), expected.find(Detected))
    assert page.objectives.judged == found
    assert f"{found.replaced} of {found.judged} replaced" in page._chips_panel._subtitle.text()
    assert f"{len(spoiled.drawn)} of {found.judged} tokens" in page.said.text()


def test_rate_and_seed_are_asked_for(qtbot: QtBot, page: ElectraPage) -> None:
    """A higher rate keeps what a lower one masked; another seed masks elsewhere, and both are seen on the controls."""
    before = {one.position for one in rest(qtbot, page).drawn}
    page.controls.rate.setValue(60)
    more = {one.position for one in rest(qtbot, page).drawn}
    assert len(more) == 9  # of 15
    assert len(before - more) <= 1
    page.controls.seed.number.setValue(7)
    assert {one.position for one in rest(qtbot, page).drawn} != more
    seed = page.controls.seed.seed
    qtbot.mouseClick(page.controls.seed.again, LEFT)
    rest(qtbot, page)
    assert page.playing.job.seed == page.controls.seed.seed != seed


def test_a_click_asks_the_generator_about_a_word(qtbot: QtBot, page: ElectraPage, shelf: Path) -> None:
    """A word that wasn't masked is predicted with itself alone masked, to the authority's numbers; Esc lets go of it."""
    spoiled = rest(qtbot, page)
    position = next(place for place in range(1, 16) if place not in {one.position for one in spoiled.drawn})
    click(qtbot, page, position)
    [shown] = page.bars.shown
    tokens = page.chips.trace.tokens()
    ids = [MASK if place == position else number for place, number in enumerate(tokens.ids)]
    expected = MaskedModel(shelf / "bert").at(ids, position).exp()
    assert shown.position == position
    assert [entry.id for entry in shown.entries[:3]] == expected.topk(3).indices.tolist()
    assert shown.probability == pytest.approx(float(expected[tokens.ids[position]]), abs=1e-5)
    assert f"Generator at {position}, “{tokens.labels[position]}”" in page._bars_panel.title
    qtbot.keyClick(page.chips, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not page.cursor_at.pinned)
    assert page.selected != position


def test_a_masked_word_shows_what_was_predicted_in_the_game(qtbot: QtBot, page: ElectraPage) -> None:
    """The same record, without another question."""
    drawn = rest(qtbot, page).drawn
    asked = page.looking.job
    click(qtbot, page, drawn[-1].position)
    assert page.bars.shown[0].probability == page.trace.find(Candidates, drawn[-1].position).probability
    assert page.looking.job == asked


def test_a_candidate_is_put_in_and_taken_back(qtbot: QtBot, page: ElectraPage) -> None:
    """A click on a bar replaces the word, Undo brings back what was there."""
    before = rest(qtbot, page)
    position = before.drawn[0].position
    click(qtbot, page, position)
    row = next(
        place for place, entry in enumerate(page.bars.shown[0].entries[:5])
        if entry.id >= 5 and entry.id < len(pieces()) and entry.id != before.tokens.ids[position]
    )  # fmt: skip
    entry = page.bars.shown[0].entries[row]
    qtbot.mouseClick(page.bars, LEFT, pos=page.bars.row(0, row).center().toPoint())
    after = rest(qtbot, page)
    assert after.tokens.ids[position] == entry.id
    assert after.by_hand == (position,)
    assert page.words == ((position, entry.token),)
    assert page.controls.undo.isEnabled()
    qtbot.mouseClick(page.controls.undo, LEFT)
    assert rest(qtbot, page).tokens == before.tokens
    assert not page.controls.undo.isEnabled()


def test_any_word_is_put_in_by_typing(qtbot: QtBot, page: ElectraPage) -> None:
    """Enter puts it where one looks; a word of several pieces stands there whole, and the pin stays with it."""
    rest(qtbot, page)
    click(qtbot, page, 9)
    qtbot.keyClicks(page.word, "dogs")
    qtbot.keyClick(page.word, Qt.Key.Key_Return)
    after = rest(qtbot, page)
    assert after.tokens.pieces[9:11] == ("dog", "##s")
    assert page.word.text() == ""
    qtbot.keyClicks(page.word, "on a")
    page.put_word(2, "on a")  # before it, so that what is pinned moves
    moved = rest(qtbot, page)
    assert moved.tokens.pieces[10:12] == ("dog", "##s")
    assert page.cursor_at == Cursor(query=10, pinned=True)
    assert page.selected == 9


def test_a_word_that_can_not_stand_there_is_taken_back(qtbot: QtBot, window: Window, page: ElectraPage) -> None:
    """The sentence says why; the game goes on as it was."""
    before = rest(qtbot, page)
    page.put_word(2, "[MASK]")
    qtbot.waitUntil(lambda: any("judged by nobody" in sentence for sentence in sentences(window)))
    assert rest(qtbot, page).tokens == before.tokens
    assert page.words == ()
    assert not page.controls.undo.isEnabled()


def test_the_way_back_to_the_original_text(qtbot: QtBot, page: ElectraPage) -> None:
    """No mask, no word put in; a word can then be replaced by hand alone, and Undo leads back twice."""
    page.put_word(2, "dog")
    rest(qtbot, page)
    qtbot.mouseClick(page.controls.empty, LEFT)
    original = rest(qtbot, page)
    assert page.controls.rate.value() == 0
    assert original.tokens.ids == page.trace.tokens().ids
    assert not page.controls.empty.isEnabled()
    assert "Nothing is replaced" in page.said.text()
    page.put_word(2, "mat")
    assert sum(rest(qtbot, page).replaced) == 1
    for _ in range(2):
        qtbot.mouseClick(page.controls.undo, LEFT)
        rest(qtbot, page)
    assert page.controls.rate.value() == 15
    assert page.words == ((2, "dog"),)


def test_the_own_word_put_in_is_no_replacement(qtbot: QtBot, page: ElectraPage) -> None:
    """Where the generator drew another one, putting the original in makes it original again."""
    page.controls.rate.setValue(100)
    position = next(one.position for one in rest(qtbot, page).drawn if not one.is_original)
    page.put_word(position, page.trace.tokens().pieces[position])
    assert not rest(qtbot, page).replaced[position]


def test_another_text_is_played_without_the_old_words(qtbot: QtBot, window: Window, page: ElectraPage) -> None:
    """Positions of one text say nothing of another."""
    page.put_word(2, "dog")
    rest(qtbot, page)
    window.set_sentence("a plain sentence")
    qtbot.waitUntil(
        lambda: page.playing.trace.tokens() is not None and page.playing.trace.tokens().text == "a plain sentence"
    )
    assert page.words == ()
    assert len(rest(qtbot, page).tokens) == 5


def test_an_empty_text_is_asked_for(qtbot: QtBot, window: Window, page: ElectraPage) -> None:
    """Nothing, blanks or characters that vanish: an empty state and no error."""
    rest(qtbot, page)
    for text in ("", "  ", "\ue000"):
        window.set_sentence(text)
        settle(qtbot, window)
        assert page.chips.tokens is None
        assert page.said.text() == ""
        assert not page.word.isEnabled()
        assert sentences(window) == []


def test_only_special_tokens_are_said_to_be_that(qtbot: QtBot, window: Window, page: ElectraPage) -> None:
    """Nothing to play with, and no error."""
    window.set_sentence("[SEP] [MASK]")
    settle(qtbot, window)
    assert "special tokens only" in page.said.text()
    assert page.objectives.judged.precision is None


def test_a_long_text_is_cut_and_that_is_said(qtbot: QtBot, window: Window, page: ElectraPage) -> None:
    """The window says how much is played with."""
    window.set_sentence("cat " * 5_000)
    settle(qtbot, window)
    assert len(rest(qtbot, page).tokens) == 64
    assert any("first 62 of" in sentence for sentence in sentences(window))


def test_an_open_discriminator_judges(qtbot: QtBot, root: Path, shelf: Path, tmp_path: Path) -> None:
    """It can't predict masks, so the shipped BERT generates; the page works all the same."""
    folder = write_discriminator(tmp_path / "mine", 8)
    window = opened(qtbot, folder, sentence=SENTENCE, tab="masking")
    try:
        assert "can't predict masked words" in reason_of(window)
        page = to_front(qtbot, window)
        rest(qtbot, page)
        assert names(page) == ("bert", "mine")
    finally:
        window.close()


def test_a_model_of_another_vocabulary_leaves_the_game_to_those_that_ship(
    qtbot: QtBot, shelf: Path, tmp_path: Path
) -> None:
    """Said beside the boxes, without an error; chosen again by hand it is refused again."""
    folder = shutil.copytree(shelf / "bert", tmp_path / "stranger")
    vocabulary = {piece: number for number, piece in enumerate([*pieces()[:-2], pieces()[-1], pieces()[-2]])}
    write_json(folder / "tokenizer.json", tokenizer_json(model_vocab=vocabulary))
    window = opened(qtbot, folder, sentence=SENTENCE, tab="masking")
    try:
        page = to_front(qtbot, window)
        rest(qtbot, page)
        assert names(page) == ("bert", "electra")
        assert "different vocabularies" in page.controls.said.text()
        assert sentences(window) == []
        assert page.controls.generator.itemText(0) == "stranger"
    finally:
        window.close()
