"""The time machine as a person uses it: learn, move through merges, cut, compare, change; and whatever goes wrong."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, Qt
from pytestqt.qtbot import QtBot
from tokenizers import Tokenizer

from attnviz.trace import Comparison, Curves, Cut, Learned, Timeline, Why
from attnviz.window import Window
from tests.windows import opened, sentences, settle, strong_folder

SENTENCE = "the lowest cat was slower"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that nobody changes."""
    return strong_folder(tmp_path_factory.mktemp("tokenization") / "tiny")


@pytest.fixture
def window(qtbot: QtBot, folder: Path, tmp_path: Path) -> Iterator[Window]:
    """The window with the tab in front and its sample learned."""
    made = opened(qtbot, folder, tmp_path / "settings.json", tab="tokenization", sentence=SENTENCE)
    yield made
    made.close()


def press(qtbot: QtBot, button) -> None:
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def learn(qtbot: QtBot, window: Window, text: str, merges: int = 12, alphabet: str = "characters") -> None:
    """Put a text in the box and press Learn."""
    corpus = window.tab.learn.corpus
    corpus.box.setPlainText(text)
    corpus.merges.setValue(merges)
    corpus.alphabet.setCurrentText(alphabet)
    corpus.alphabet.activated.emit(corpus.alphabet.currentIndex())
    press(qtbot, corpus.learn)
    settle(qtbot, window)


def cut_by_library(window: Window, text: str) -> list[str]:
    found = window.tab.learn.learning.trace.find(Learned)
    return Tokenizer.from_str(found.json).encode(text).tokens


def test_the_tab_is_full_of_content_when_it_is_first_shown(window: Window) -> None:
    """A sample is learned, the slider stands inside its history, and the sentence is cut as of there."""
    learn_page = window.tab.learn
    assert len(learn_page.merges) == 300
    assert 0 < learn_page.moment.done < 300
    assert learn_page.strip.timeline.text == SENTENCE
    assert learn_page.tree.nodes
    assert all(plot.numbers().rows for plot in (learn_page.per_word, learn_page.per_token))


def test_what_is_learned_is_what_the_library_cuts(qtbot: QtBot, window: Window) -> None:
    """After the last merge the chips are the pieces of ``tokenizers`` with the saved file."""
    press(qtbot, window.tab.learn.slider.buttons["last"])
    assert [chip.piece for chip in window.tab.learn.strip.chips] == cut_by_library(window, SENTENCE)


def test_an_own_text_is_learned_and_every_view_follows(qtbot: QtBot, window: Window) -> None:
    """Table, slider and curves are the new history's."""
    learn(qtbot, window, "low low lower lowest newest widest " * 20, merges=9)
    page = window.tab.learn
    assert len(page.merges) == page.slider.slider.maximum() == 9
    assert page.learning.trace.find(Curves).merges == 9
    assert page.merges[0].piece == "lo"


def test_a_piece_that_is_found_is_gone_to(qtbot: QtBot, window: Window) -> None:
    """The merge that made it is the last one done, and its tree is open."""
    page = window.tab.learn
    wanted = page.merges[57]
    page.wanted_piece.setText(wanted.piece)
    qtbot.keyClick(page.wanted_piece, Qt.Key.Key_Return)
    assert page.moment.done == 58
    assert page.tree.nodes[-1].piece == wanted.piece


def test_the_sentence_follows_as_one_types(qtbot: QtBot, window: Window) -> None:
    """Another sentence is cut at the same moment, without learning anew."""
    page = window.tab.learn
    done, job = page.moment.done, page.learning.job
    page.point(page.moment)
    window.set_sentence("the lowest cats were slower")
    settle(qtbot, window)
    assert page.strip.timeline.text == "the lowest cats were slower"
    assert page.learning.job == job
    press(qtbot, page.slider.buttons["last"])
    assert [chip.piece for chip in page.strip.chips] == cut_by_library(window, "the lowest cats were slower")
    assert done


def test_a_forbidden_merge_changes_the_cut_and_undo_brings_it_back(qtbot: QtBot, window: Window) -> None:
    """The change is listed, the text is shown cut both ways, and both ways are the library's."""
    learn(qtbot, window, "low low lower lowest " * 20, merges=9)
    window.set_sentence("low lower")
    settle(qtbot, window)
    page = window.tab.learn
    assert page.go_to("low")
    press(qtbot, page.changes.forbid)
    settle(qtbot, window)
    assert len(page.changes.edits) == 1
    assert page.changed_strip.isVisible()
    found = json.loads(page.learning.trace.find(Learned).json)
    found["model"]["merges"].remove(["lo", "w"])
    authority = Tokenizer.from_str(json.dumps(found)).encode("low lower").tokens
    assert [piece for piece, _ in page.changed_strip.timeline.pieces(9)] == authority
    qtbot.keyClick(page, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    settle(qtbot, window)
    assert page.changes.edits == ()
    assert not page.changed_strip.isVisible()


def test_cut_shows_the_open_checkpoints_tokenizer(qtbot: QtBot, window: Window, folder: Path) -> None:
    """The ids with special tokens are those of ``tokenizers`` on the checkpoint's file."""
    window.tab.show_page(1)
    settle(qtbot, window)
    cut = window.tab.cut.cutting.trace.every(Cut)[0]
    from attnviz.models.gate.paths import Folder
    from attnviz.text.tokenizer_file import read_tokenizer

    authority = Tokenizer.from_str(read_tokenizer(Folder(folder)).json).encode(SENTENCE)
    assert list(cut.ids) == authority.ids
    assert len(window.tab.cut.stages.rows) == len(cut.stages)


def test_cut_with_the_learned_one_and_step_through_its_merges(qtbot: QtBot, window: Window) -> None:
    """The arrow of the panel goes a stage back, and chips and rows show that stage."""
    window.tab.show_page(1)
    window.tab.cut.choose("learned")
    settle(qtbot, window)
    cut = window.tab.cut.cutting.trace.every(Cut)[0]
    assert cut.model == "BPE"
    window.tab.cut._back()
    window.tab.cut._back()
    assert window.tab.cut.chips.pieces == cut.at(len(cut.stages) - 3)


def test_compare_shows_learned_and_checkpoint_side_by_side(qtbot: QtBot, window: Window) -> None:
    """Two rows at once; a third joins from disk; one can be left out."""
    window.tab.show_page(2)
    settle(qtbot, window)
    assert [row.model for row in window.tab.compare.comparing.trace.find(Comparison).rows] == ["BPE", "WordPiece"]
    window.tab.compare.leave_out("learned")
    settle(qtbot, window)
    assert len(window.tab.compare.comparing.trace.find(Comparison).rows) == 1


def test_why_shows_what_learning_found(qtbot: QtBot, window: Window) -> None:
    """Numbers, curve and families of the same run."""
    window.tab.show_page(3)
    settle(qtbot, window)
    why = window.tab.learn.learning.trace.find(Why)
    assert window.tab.why.numbers.numbers().rows[0][1] == why.words
    assert window.tab.why.plot.numbers().rows
    assert window.tab.why.plot.area.height() > 100


def test_the_saved_tokenizer_loads_with_identical_ids(window: Window, tmp_path: Path) -> None:
    """The file and the merges as CSV; the library reads the one, and the other has a row a merge."""
    target, table = tmp_path / "tokenizer.json", tmp_path / "merges.csv"
    window.tab.learn.save.save_tokenizer(str(target))
    window.tab.learn.save.save_merges(str(table))
    assert Tokenizer.from_file(str(target)).encode(SENTENCE).tokens == cut_by_library(window, SENTENCE)
    assert len(table.read_text(encoding="utf-8").splitlines()) == 301


@pytest.mark.parametrize(
    ("text", "merges", "says"),
    [
        ("some text", 0, "number of merges"),
        ("some text", 10**9, "number of merges"),
        ("", 10, "empty"),
        ("   \n", 10, "empty"),
        ("aaaa aaa", 10, "one distinct character"),
    ],
)
def test_nonsense_is_refused_in_a_sentence_and_nothing_is_lost(
    qtbot: QtBot, window: Window, text: str, merges: int, says: str
) -> None:
    """X14: the message strip says why; the last history stays on the screen and works."""
    learn(qtbot, window, text, merges)
    assert any(says in sentence for sentence in sentences(window))
    assert len(window.tab.learn.merges) == 300
    press(qtbot, window.tab.learn.slider.buttons["last"])
    assert window.tab.learn.moment.done == 300


@pytest.mark.parametrize("content", [b"\x00\x01\x02binary", b"\xff\xfe\x00", None])
def test_a_file_that_is_no_text_is_refused(qtbot: QtBot, window: Window, tmp_path: Path, content: bytes | None) -> None:
    """Binary, not UTF-8, or 100 MB: one sentence, and the box keeps its text."""
    before = window.tab.learn.corpus.box.text
    path = tmp_path / "corpus.txt"
    with path.open("wb") as file:
        file.truncate(100 * 2**20) if content is None else file.write(content)
    window.tab.learn.corpus.opened.emit(str(path))
    settle(qtbot, window)
    assert len(sentences(window)) == 1
    assert window.tab.learn.corpus.box.text == before


def test_a_file_is_read_and_learned(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    """A long text is kept whole, and seen in part."""
    path = tmp_path / "long.txt"
    path.write_text("walk walked walking talk talked talking\n" * 1000, encoding="utf-8")
    window.tab.learn.corpus.opened.emit(str(path))
    settle(qtbot, window)
    assert len(window.tab.learn.corpus.box.text) == 40_000
    assert len(window.tab.learn.corpus.box.toPlainText()) == 20_000
    assert sentences(window)[0].startswith("After ")


def test_lone_surrogates_that_are_pasted_are_mended(qtbot: QtBot, window: Window) -> None:
    """X04: they become U+FFFD before anything is learned from them."""
    data = QMimeData()
    data.setText("low \ud800 lower")
    window.tab.learn.corpus.box.put("")
    window.tab.learn.corpus.box.insertFromMimeData(data)
    assert not any("\ud800" <= char <= "\udfff" for char in window.tab.learn.corpus.box.text)
    learn(qtbot, window, window.tab.learn.corpus.box.text, merges=2)
    assert len(window.tab.learn.merges) == 2


@pytest.mark.parametrize("content", ["", "{", "[]", '{"model": null}'])
def test_a_broken_tokenizer_is_refused_and_the_last_one_cuts_on(
    qtbot: QtBot, window: Window, tmp_path: Path, content: str
) -> None:
    """T01: one sentence; on both pages the file is no longer offered."""
    path = tmp_path / "tokenizer.json"
    path.write_text(content, encoding="utf-8")
    for page, opening in ((1, window.tab.cut.open), (2, window.tab.compare.open)):
        window.tab.show_page(page)
        settle(qtbot, window)
        opening(str(path))
        settle(qtbot, window)
        assert sentences(window)
        assert len(window.tab.sources.every) == 2
    assert window.tab.cut.cutting.trace.every(Cut)


def test_learning_is_cancelled_and_the_last_history_stays(qtbot: QtBot, window: Window) -> None:
    """Within 250 ms of the press nothing is asked any more; what was learned before is shown again."""
    page = window.tab.learn
    words = "\n".join(f"{number}word{number * 7919 % 1000} {number:x}" for number in range(60_000))
    page.corpus.put(words, "many")
    page.corpus.merges.setValue(20_000)
    press(qtbot, page.corpus.learn)
    qtbot.waitUntil(lambda: page.learning.progress is not None, timeout=10_000)
    press(qtbot, page.corpus.cancel)
    assert window.engine.current is None
    qtbot.waitUntil(lambda: not window.engine.stuck, timeout=5_000)
    assert len(page.merges) == 300
    assert window.tab.is_settled


def test_the_timeline_of_the_sentence_is_taken_over_when_it_changes(qtbot: QtBot, window: Window) -> None:
    """A one-letter edit gives the same timeline as a cut from the beginning."""
    page = window.tab.learn
    window.set_sentence(SENTENCE + "s")
    settle(qtbot, window)
    fresh = page.cutting.job
    found = page.cutting.trace.find(Timeline)
    from dataclasses import replace

    [again] = [record for record in replace(fresh, before=None).run(None) if isinstance(record, Timeline)]
    assert found.closes.tolist() == again.closes.tolist()
    assert found.spans.tolist() == again.spans.tolist()
