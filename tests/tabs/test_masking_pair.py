"""Next sentence, as a person uses it: type two sentences, read both orders, swap them, try the pairs that ship."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from attnviz.tabs.masking_pair import NEEDS_TWO, PairPage
from attnviz.tabs.pair_samples import read, samples
from attnviz.trace import PairJudgement, Tokens, Verdict
from attnviz.views.placeholder import Placeholder
from attnviz.views.verdict_view import VerdictView
from attnviz.views.view import View
from attnviz.window import Window
from tests.badinputs.valid import write_bert_folder
from tests.pair_model import PairModel
from tests.windows import opened, sentences, settle, strong_folder

PAIR = ("the cat sat on a mat", "it is a plain dog")
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return strong_folder(tmp_path_factory.mktemp("pair") / "tiny")


@pytest.fixture
def window(qtbot: QtBot, folder: Path) -> Iterator[Window]:
    """The page in front, its pair judged."""
    made = opened(qtbot, folder, sentence="\n".join(PAIR), tab="masking", width=1280, height=800)
    made.tab.paged.show_named("pair")
    settle(qtbot, made)
    yield made
    made.close()


@pytest.fixture
def page(window: Window) -> PairPage:
    found = window.tab.paged.page
    assert isinstance(found, PairPage)
    return found


def logits(view: View) -> list[float]:
    found = view.trace.find(PairJudgement)
    assert found is not None
    return [float(logit) for logit in found.logits]


def expected(folder: Path, view: View) -> list[float]:
    found = view.trace.find(Tokens, "encoder")
    assert found is not None
    return PairModel(folder).logits(found.ids, found.segments)


def test_it_begins_with_the_sentence_above_judged_in_both_orders(page: PairPage, folder: Path) -> None:
    """Both as transformers judges them."""
    assert page.pair == PAIR
    for view, order in ((page.forwards, PAIR), (page.backwards, PAIR[::-1])):
        tokens = view.trace.tokens()
        assert tokens is not None
        assert (tokens.text, tokens.pair) == order
        assert logits(view) == pytest.approx(expected(folder, view), abs=1e-4)
    assert logits(page.forwards) != pytest.approx(logits(page.backwards), abs=1e-4)


def test_every_step_of_the_way_has_its_numbers(page: PairPage) -> None:
    """All of the same order, the one that is read on top."""
    for view in page.path:
        assert view.trace.find(PairJudgement) is page.forwards.judgement
        assert view.numbers().rows


def test_swapping_exchanges_the_answers(qtbot: QtBot, window: Window, page: PairPage) -> None:
    """What stood at the right stands at the left."""
    before = logits(page.forwards), logits(page.backwards)
    qtbot.mouseClick(page.swap, LEFT)
    settle(qtbot, window)
    assert page.pair == PAIR[::-1]
    assert logits(page.forwards) == pytest.approx(before[1], abs=1e-5)
    assert logits(page.backwards) == pytest.approx(before[0], abs=1e-5)


def test_typing_judges_anew(qtbot: QtBot, window: Window, page: PairPage, folder: Path) -> None:
    """As the sentences then are."""
    page.second.end(False)
    qtbot.keyClicks(page.second, " it")
    settle(qtbot, window)
    tokens = page.forwards.trace.tokens()
    assert tokens is not None
    assert tokens.pair == f"{PAIR[1]} it"
    assert logits(page.forwards) == pytest.approx(expected(folder, page.forwards), abs=1e-4)


def test_an_empty_sentence_leaves_no_numbers(qtbot: QtBot, window: Window, page: PairPage) -> None:
    """What to do is said in place of them, no message comes, and typing brings them back."""
    page.second.clear()
    settle(qtbot, window)
    assert page.forwards.judgement is None
    assert all(not view.numbers().rows for view in page.path)
    assert page.forwards.why_not == NEEDS_TWO
    assert sentences(window) == []
    qtbot.keyClicks(page.second, "a dog")
    settle(qtbot, window)
    assert page.forwards.judgement is not None
    assert page.forwards.why_not == ""


def test_a_long_pair_is_cut_and_that_is_said(qtbot: QtBot, window: Window, page: PairPage, folder: Path) -> None:
    """Once, though both orders are judged."""
    page.first.setText("the cat " * 200)
    settle(qtbot, window)
    assert logits(page.forwards) == pytest.approx(expected(folder, page.forwards), abs=1e-4)
    assert [notice.topic for notice in page.notices] == ["truncated"]


def test_the_shipped_pairs_are_judged_and_a_click_loads_one(qtbot: QtBot, window: Window, page: PairPage) -> None:
    """With the probability that it has in the list."""
    assert len(page.table.trace.every(Verdict)) == len(samples())
    page.table.table.selectRow(5)
    settle(qtbot, window)
    assert page.pair == samples()[5][1:]
    verdict, found = page.table.verdict(5), page.forwards.judgement
    assert verdict is not None
    assert found is not None
    assert found.is_next == pytest.approx(verdict.is_next, abs=1e-5)


def test_another_pair_above_is_taken_over_and_a_single_sentence_is_not(
    qtbot: QtBot, window: Window, page: PairPage
) -> None:
    """One's own sentences stay as long as nobody asks for others."""
    window.set_sentence("the dog")
    settle(qtbot, window)
    assert page.pair == PAIR
    window.set_sentence("a cat\nthe mat")
    settle(qtbot, window)
    assert page.pair == ("a cat", "the mat")


def test_one_head_is_shown_everywhere(page: PairPage) -> None:
    """The map and the shares follow the choice."""
    assert [page.heads.itemText(place) for place in range(page.heads.count())] == ["mean of heads", "head 0", "head 1"]
    mean = page.focus.numbers().rows, page.shares.numbers().rows
    page.heads.setCurrentIndex(2)
    assert (page.focus.head, page.shares.head) == (1, 1)
    assert page.focus.numbers().rows != mean[0]
    assert page.shares.numbers().rows != mean[1]


def test_without_the_head_the_page_says_why(qtbot: QtBot, tmp_path: Path) -> None:
    """And what to open."""
    window = opened(qtbot, write_bert_folder(tmp_path / "bare", heads=False), tab="masking")
    window.tab.paged.show_named("pair")
    settle(qtbot, window)
    assert window.tab.paged.page is None
    said = [label.sentence for label in window.tab.paged.findChildren(Placeholder) if label.isVisible()]
    assert any("no next-sentence head" in sentence for sentence in said)
    window.close()


def test_the_shipped_pairs_are_of_every_kind() -> None:
    """Next, random, swapped and same topic, equally many; swapped ones are those of next."""
    kinds = [pair.kind for pair in samples()]
    assert {kind: kinds.count(kind) for kind in kinds} == dict.fromkeys(("next", "random", "swapped", "same topic"), 4)
    neighbours = {(pair.first, pair.second) for pair in samples() if pair.follows}
    assert {(pair.second, pair.first) for pair in samples() if pair.kind == "swapped"} == neighbours


def test_a_file_that_is_gone_leaves_the_list_empty(qtbot: QtBot, tmp_path: Path) -> None:
    """Two sentences can still be typed."""
    assert read(tmp_path / "gone.txt") == ()
    view = VerdictView("claim")
    qtbot.addWidget(view)
    view.say(NEEDS_TWO)
    assert view.why_not == NEEDS_TWO
