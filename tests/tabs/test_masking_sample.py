"""The page "Mask like BERT", as a person uses it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from attnviz.jobs.predict_sampled import PredictSampled
from attnviz.models.library import Library
from attnviz.tabs.masking_controls import RECIPES
from attnviz.tabs.masking_sample import SamplePage
from attnviz.trace import Candidates, Cursor, LongRun, Masking, Sampled, Unit
from attnviz.views.placeholder import Placeholder
from attnviz.window import Window
from tests.badinputs.valid import write_bert_folder
from tests.records import run
from tests.windows import opened, sentences, settle

SENTENCE = "the cat sat on a mat and the dog sat on a plain mat 0 1 2 3"


@pytest.fixture
def page(qtbot: QtBot, window: Window) -> SamplePage:
    """The page in front, with a sentence of some length answered."""
    window.tab.paged.show_named("sample")
    window.header.sentence.setPlainText(SENTENCE)
    settle(qtbot, window)
    found = window.tab.paged.page
    assert isinstance(found, SamplePage)
    qtbot.waitUntil(lambda: found.scene.sentence == SENTENCE and found.is_settled)
    return found


def drawn(page: SamplePage) -> Sampled:
    found = page.chips.trace.find(Sampled)
    assert found is not None
    return found


def test_the_draw_and_its_predictions_are_shown(page: SamplePage) -> None:
    """BERT's rule first, and what the job answers for it."""
    expected = run(Library(), PredictSampled(page.scene.reference, SENTENCE, None, Masking(), 0, 0))
    assert drawn(page) == expected.find(Sampled)
    assert [row[0] for row in page.table.rows] == [str(found.position) for found in expected.every(Candidates)]
    assert page.shares.shares[0].wished == 0.15
    assert page.shares.trace.find(LongRun).draws == 2000
    assert len(page.coverage.numbers().rows) == 4 * 40
    assert "mean loss" in page._table_panel._subtitle.text()


def test_every_control_is_asked_for(qtbot: QtBot, page: SamplePage) -> None:
    """Rate, split, unit and seed: each change is another draw by that rule."""
    controls = page.controls
    controls.rate.setValue(50)
    controls.split.sliders[0].setValue(40)
    controls.unit.setCurrentIndex(1)
    controls.seed.setValue(9)
    qtbot.waitUntil(lambda: page.is_settled)
    assert drawn(page).masking == Masking(0.5, (0.4, 0.3, 0.3), Unit.WORD)
    assert drawn(page).seed == 9
    assert page.shares.shares[0].long_run == pytest.approx(0.5, abs=0.01)
    assert controls.recipe.currentText() == "your own"


def test_another_seed_is_rolled(qtbot: QtBot, page: SamplePage) -> None:
    """The button and its key change the visible seed; what was measured of many draws stays."""
    before, measured = drawn(page), page.measuring.job
    page.controls.rate.setValue(50)
    for roll in (page.controls.reroll.click, lambda: qtbot.keyClick(page, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)):  # fmt: skip
        seed = page.controls.seed.value()
        roll()
        assert page.controls.seed.value() != seed
        qtbot.waitUntil(lambda: page.is_settled)
        assert drawn(page).seed == page.controls.seed.value()
    assert drawn(page) != before
    assert page.measuring.job != measured


def test_static_masks_stay_and_dynamic_ones_change(qtbot: QtBot, page: SamplePage) -> None:
    """Epochs can be stepped through where they differ."""
    page.controls.rate.setValue(50)
    qtbot.waitUntil(lambda: page.is_settled)
    static = drawn(page).chosen
    assert not page.controls.epoch.isEnabled()
    assert "dynamic" in page.controls.epoch.toolTip()
    page.controls.times.setCurrentIndex(1)
    qtbot.waitUntil(lambda: page.is_settled)
    assert drawn(page).chosen == static
    page.controls.epoch.setValue(2)
    qtbot.waitUntil(lambda: page.is_settled)
    assert drawn(page).epoch == 1
    assert drawn(page).chosen != static
    page.controls.times.setCurrentIndex(0)
    qtbot.waitUntil(lambda: page.is_settled)
    assert drawn(page).chosen == static


@pytest.mark.parametrize("place", range(len(RECIPES)))
def test_recipes_set_the_controls(qtbot: QtBot, page: SamplePage, place: int) -> None:
    """A choice sets all of them; a change makes it one's own, and back again the recipe's."""
    recipe, controls = RECIPES[place], page.controls
    controls.rate.setValue(33)
    controls.recipe.setCurrentIndex(place)
    controls.recipe.activated.emit(place)
    qtbot.waitUntil(lambda: page.is_settled)
    assert drawn(page).masking == Masking(0.15, unit=recipe.unit)
    assert controls.dynamic is recipe.dynamic
    assert controls.recipe.currentIndex() == place


def test_a_pinned_token_is_looked_at_in_both_views(qtbot: QtBot, page: SamplePage) -> None:
    """A chip that is chosen is the table's current row, until Esc."""
    position = drawn(page).chosen[-1].position
    page.point(Cursor(query=position, pinned=True))
    assert page.table.table.currentIndex().row() == len(page.table.rows) - 1
    page.free()
    assert not page.chips.cursor_at.pinned
    assert page.table.table.selectionModel().selectedRows() == []


@pytest.mark.parametrize("rate", [0, 100])
def test_rates_at_the_ends(qtbot: QtBot, page: SamplePage, rate: int) -> None:
    """Nothing chosen, and everything."""
    page.controls.rate.setValue(rate)
    qtbot.waitUntil(lambda: page.is_settled)
    assert len(drawn(page).chosen) == drawn(page).candidates * rate // 100 == len(page.table.rows)
    page.grab()


def test_an_empty_sentence_is_no_error(qtbot: QtBot, window: Window, page: SamplePage) -> None:
    """The views say what to do."""
    window.header.sentence.setPlainText("")
    settle(qtbot, window)
    qtbot.waitUntil(lambda: page.is_settled and page.chips.tokens is None)
    assert page.table.rows == ()
    assert page.shares.shares == ()


def test_a_checkpoint_without_a_head_says_why(qtbot: QtBot, tmp_path: Path) -> None:
    """The page is there, and says what is missing."""
    window = opened(qtbot, write_bert_folder(tmp_path / "headless", heads=False))
    window.tab.paged.show_named("sample")
    assert window.tab.paged.page is None
    said = [found.sentence for found in window.tab.paged.findChildren(Placeholder) if found.isVisible()]
    assert any("masked-word head" in sentence for sentence in said)
    window.close()


def test_a_text_without_tokens_is_no_failure(qtbot: QtBot, window: Window, page: SamplePage) -> None:
    """A character that the tokenizer drops: nothing is drawn, and nothing complained about."""
    window.header.sentence.setPlainText("\ue000")
    qtbot.waitUntil(lambda: page.is_settled and page.chips.tokens is None)
    assert sentences(window) == []


def test_who_looks_elsewhere_waits_for_nothing(qtbot: QtBot, window: Window, page: SamplePage) -> None:
    """The page in front is left in mid-run, and asks again when it is seen again."""
    page.controls.rate.setValue(50)
    window.tab.paged.show_page(0)
    assert not page.predicting.is_busy
    assert not page.measuring.is_busy
    window.tab.paged.show_named("sample")
    qtbot.waitUntil(lambda: page.is_settled and drawn(page).masking.rate == 0.5)
    settle(qtbot, window)
