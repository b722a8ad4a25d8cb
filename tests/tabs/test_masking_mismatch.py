"""The page of the mismatch: one position for all its views, asked anew when sentence or seed change."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from attnviz.jobs.compare_treatments import CompareTreatments
from attnviz.models.library import Library
from attnviz.tabs.masking_mismatch import CANDIDATES, MismatchPage
from attnviz.trace import Mismatch
from attnviz.views.placeholder import Placeholder
from attnviz.window import Window
from tests.badinputs.valid import write_bert_folder
from tests.records import run
from tests.windows import opened, settle


@pytest.fixture
def page(qtbot: QtBot, window: Window) -> MismatchPage:
    """The page in front, with its answer."""
    window.set_sentence("the cat sat on a mat")
    window.tab.paged.show_named("mismatch")
    settle(qtbot, window)
    found = window.tab.paged.page
    assert isinstance(found, MismatchPage)
    return found


def standing(found: tuple[Mismatch, ...]) -> list[tuple[object, ...]]:
    return [
        (one.position, *((shown.shown, shown.candidates.rank, shown.shown_rank) for shown in one.treated))
        for one in found
    ]


def computed(page: MismatchPage) -> list[tuple[object, ...]]:
    """The same by the job alone."""
    scene = page.scene
    job = CompareTreatments(scene.reference, scene.text, scene.pair, page.seed.seed, CANDIDATES)
    return standing(run(Library(), job).every(Mismatch))


def test_the_page_shows_what_the_job_computes(page: MismatchPage) -> None:
    """Every word in the curves, the means over all, the first word in columns, and a sentence with numbers."""
    assert standing(page.trace.every(Mismatch)) == computed(page)
    assert len(page.curves.numbers().rows) == 3 * 6
    assert len(page.table.rows) == 3
    assert page.columns.shown.position == 1
    assert page.said.text().startswith("Over 6 word pieces")


def test_a_click_on_a_chip_shows_that_word(qtbot: QtBot, page: MismatchPage) -> None:
    """In the columns and in the curves; Esc frees it."""
    qtbot.mouseClick(page.chips, Qt.MouseButton.LeftButton, pos=page.chips.cell(3).center().toPoint())
    assert page.columns.shown.position == 3
    assert page.columns.shown.mask.candidates.original == "sat"
    assert page.curves._marked() == (0, 2)
    page.free()
    assert page.columns.shown.position == 1


def test_a_click_on_a_curve_shows_that_word(qtbot: QtBot, page: MismatchPage) -> None:
    """The chip and the columns follow."""
    plot = page.curves
    place = plot.field(plot.plot).point(plot.plot.series[2], 4).toPoint()
    qtbot.mouseClick(plot, Qt.MouseButton.LeftButton, pos=place)
    assert page.columns.shown.position == 5
    assert page.chips.cursor_at.query == 5
    assert page.spot.pinned


def test_another_seed_shows_other_random_words(qtbot: QtBot, window: Window, page: MismatchPage) -> None:
    """The masked and the kept predictions stay as they are."""
    before = page.trace.every(Mismatch)
    page.seed.number.setValue(9)
    settle(qtbot, window)
    after = page.trace.every(Mismatch)
    assert standing(after) == computed(page)
    assert [one.random.shown for one in before] != [one.random.shown for one in after]
    assert [one.mask.candidates.rank for one in before] == [one.mask.candidates.rank for one in after]


def test_another_sentence_is_another_answer(qtbot: QtBot, window: Window, page: MismatchPage) -> None:
    """A position that is gone is let go; nothing to mask and nothing at all are said."""
    qtbot.mouseClick(page.chips, Qt.MouseButton.LeftButton, pos=page.chips.cell(6).center().toPoint())
    window.set_sentence("a dog")
    settle(qtbot, window)
    assert standing(page.trace.every(Mismatch)) == computed(page)
    assert page.columns.shown.position == 1
    window.set_sentence("[MASK]")
    settle(qtbot, window)
    assert "nothing to mask" in page.said.text()
    window.set_sentence("")
    settle(qtbot, window)
    assert "Type a sentence" in page.said.text()
    assert page.table.rows == ()


def test_what_is_cut_is_said(qtbot: QtBot, window: Window, page: MismatchPage) -> None:
    """The beginning is predicted, and the window says that it is the beginning."""
    window.set_sentence("cat " * 100)
    settle(qtbot, window)
    assert len(page.trace.every(Mismatch)) == 62
    assert any("first 62 of 100 tokens" in message.sentence for message in window.messages.messages)


def test_pages_dont_wait_for_one_another(qtbot: QtBot, window: Window, page: MismatchPage) -> None:
    """Turning away stops what the page computes, and what the predictions compute; turning back asks anew."""
    window.set_sentence("cat " * 60)
    assert page.comparing.is_busy
    window.tab.paged.show_page(0)
    assert not page.comparing.is_busy
    assert window.tab._incoming is not None
    window.tab.paged.show_named("mismatch")
    assert window.tab._incoming is None
    assert page.comparing.is_busy
    settle(qtbot, window)
    assert len(page.trace.every(Mismatch)) == 60
    window.tab.paged.show_page(0)
    settle(qtbot, window)
    assert len(window.tab.trace.tokens()) == 62


def test_without_a_head_the_page_says_why(qtbot: QtBot, tmp_path: Path) -> None:
    """A checkpoint that predicts no words has nothing to compare."""
    window = opened(qtbot, write_bert_folder(tmp_path / "bare", heads=False))
    window.tab.paged.show_named("mismatch")
    assert window.tab.paged.page is None
    said = [label.sentence for label in window.tab.paged.findChildren(Placeholder) if label.isVisible()]
    assert any("no masked-word head" in sentence for sentence in said)
    window.close()
