"""The page "512", as a person uses it."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from attnviz.jobs.read_long import ReadLong
from attnviz.models.library import Library
from attnviz.tabs.masking_long import LongPage
from attnviz.trace import Candidates, Windows
from attnviz.window import Window
from tests.records import run
from tests.windows import settle

SENTENCE = "the cat sat on a mat " * 20 + "the [MASK] sat on a mat"


@pytest.fixture
def page(qtbot: QtBot, window: Window) -> LongPage:
    """The page in front, with a text of twice the model's length answered."""
    window.tab.paged.show_named("long")
    found = window.tab.paged.page
    assert isinstance(found, LongPage)
    window.header.sentence.setPlainText(SENTENCE)
    settle(qtbot, window)
    qtbot.waitUntil(lambda: found.scene.sentence == SENTENCE and found.is_settled)
    return found


def subtitle(page: LongPage) -> str:
    return str(page._text_panel._subtitle.text())


def test_first_the_rest_is_cut_off(page: LongPage) -> None:
    """In numbers, in the table and with the way out disabled for a reason."""
    assert subtitle(page).startswith("126 tokens · the model reads 64 at once, 2 of them special · 64 are cut off")
    assert page.table.rows[0][4] == "cut off: not read"
    assert not page.stride.isEnabled()
    assert "choose windows" in page.stride.toolTip()


def test_windows_answer_the_mask(qtbot: QtBot, page: LongPage) -> None:
    """With the stride that is set, as the job answers; the strides are those of the model."""
    page.way.setCurrentIndex(1)
    qtbot.waitUntil(lambda: page.is_settled)
    assert page.stride.maximum() == 62
    page.stride.setValue(20)
    qtbot.waitUntil(lambda: page.is_settled)
    expected = run(Library(), ReadLong(page.scene.reference, SENTENCE, (), 20))
    assert page.reading.trace.find(Windows) == expected.find(Windows)
    assert page.reading.trace.every(Candidates) == expected.every(Candidates)
    assert "all of them read" in subtitle(page)
    assert len(page.bars.numbers().rows) == len(expected.find(Windows).windows)


def test_one_look_for_all_views_until_esc(qtbot: QtBot, page: LongPage) -> None:
    """A row of the table is a window of the bars and a word of the text."""
    page.way.setCurrentIndex(1)
    qtbot.waitUntil(lambda: page.is_settled)
    page.table.table.selectRow(0)
    answering = dict(page.reading.trace.find(Windows).answers)
    assert page.look.query in answering
    assert page.look.window == answering[page.look.query]
    assert {view.cursor_at for view in page.views()} == {page.look}
    page.free()
    assert page.look.window is None
    assert not page.look.pinned


def test_a_line_break_belongs_to_the_text(qtbot: QtBot, window: Window, page: LongPage) -> None:
    """What is pasted in several lines is one text here, not a pair."""
    window.header.sentence.setPlainText(SENTENCE.replace(" the [MASK]", "\nthe [MASK]"))
    qtbot.waitUntil(lambda: "\n" in page.scene.sentence and page.is_settled)
    assert subtitle(page).startswith("126 tokens")
    assert len(page.reading.trace.tokens().masks) == 1


def test_a_sample_is_at_hand(qtbot: QtBot, window: Window, page: LongPage) -> None:
    """A long text with words masked, in the sentence above."""
    page.sample.click()
    qtbot.waitUntil(lambda: page.scene.sentence != SENTENCE and page.is_settled)
    assert len(window.header.sentence.toPlainText()) > 4000
    assert len(page.scene.masked) == 4
    assert len(page.table.rows) >= 4


def test_an_empty_and_a_short_text(qtbot: QtBot, window: Window, page: LongPage) -> None:
    """Nothing to read, and all of it."""
    window.header.sentence.setPlainText("")
    qtbot.waitUntil(lambda: not page.scene.sentence and page.is_settled)
    assert page.text.reading is None
    window.header.sentence.setPlainText("the cat [MASK]")
    qtbot.waitUntil(lambda: page.scene.sentence == "the cat [MASK]" and page.is_settled)
    assert "all of it fits" in subtitle(page)
    assert page.table.rows[0][1] == "1"
