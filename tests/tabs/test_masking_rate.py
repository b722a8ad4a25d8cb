"""The page of mask rates: curves that grow, what its controls measure, and how it stops."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from attnviz.jobs.measure_mask_rates import RATES, MeasureMaskRates
from attnviz.models.library import Library
from attnviz.tabs.masking_rate import RatePage
from attnviz.trace import RatePoint
from attnviz.views.placeholder import Placeholder
from attnviz.window import Window
from tests.badinputs.valid import write_bert_folder
from tests.records import run
from tests.windows import opened, settle


@pytest.fixture
def page(qtbot: QtBot, window: Window) -> RatePage:
    """The page in front, measuring the sentence above."""
    window.tab.paged.show_named("rate")
    found = window.tab.paged.page
    assert isinstance(found, RatePage)
    found.controls.text.setCurrentIndex(0)
    found.controls.changed.emit()
    settle(qtbot, window)
    return found


def points(page: RatePage) -> dict[float, tuple[int, int, int]]:
    return {point.rate: (point.texts, point.predictions, point.right) for point in page.trace.every(RatePoint)}


def measured(page: RatePage, **settings: int) -> dict[float, tuple[int, int, int]]:
    """The same measured by the job alone."""
    trace = run(Library(), MeasureMaskRates(page.scene.reference, page.scene.sentence, **settings))
    return {point.rate: (point.texts, point.predictions, point.right) for point in trace.every(RatePoint)}


def test_the_curves_are_what_the_job_measures(page: RatePage) -> None:
    """All rates, in every plot, in the table and in a sentence."""
    assert list(points(page)) == list(RATES)
    assert points(page) == measured(page)
    assert all(len(plot.numbers().rows) == len(RATES) for plot in page.plots)
    assert len(page.table.rows) == len(RATES)
    assert page.controls.said.text().startswith("At 15 % the model predicts")


def test_seed_and_passes_are_the_jobs(qtbot: QtBot, window: Window, page: RatePage) -> None:
    """Whatever is changed is measured at once."""
    page.controls.seed.number.setValue(5)
    settle(qtbot, window)
    assert points(page) == measured(page, seed=5)
    page.controls.passes.setValue(2)
    settle(qtbot, window)
    assert points(page) == measured(page, seed=5, passes=2)
    before = page.controls.seed.seed
    qtbot.mouseClick(page.controls.seed.again, Qt.MouseButton.LeftButton)
    settle(qtbot, window)
    assert page.controls.seed.seed != before
    assert points(page) == measured(page, seed=page.controls.seed.seed, passes=2)


def test_the_sentence_above_is_measured_as_it_is_typed(qtbot: QtBot, window: Window, page: RatePage) -> None:
    """Another sentence is another measurement; without words, the page says so; without any, what to do."""
    window.set_sentence("the dog sat on it")
    settle(qtbot, window)
    assert points(page) == measured(page)
    window.set_sentence("[MASK] [SEP]")
    settle(qtbot, window)
    assert points(page) == {}
    assert "nothing to mask" in page.controls.said.text()
    window.set_sentence("")
    settle(qtbot, window)
    assert "Type a sentence" in page.controls.said.text()
    assert page.table.rows == ()


def test_stopping_keeps_what_was_measured(qtbot: QtBot, window: Window, page: RatePage) -> None:
    """The points so far stay, the state says so, and nothing begins anew until it is wished."""
    page.controls.text.setCurrentIndex(1)
    page.controls.passes.setValue(200)
    page.controls.changed.emit()
    qtbot.waitUntil(lambda: len(page.measuring.incoming.every(RatePoint)) == len(RATES))
    qtbot.mouseClick(page.controls.run, Qt.MouseButton.LeftButton)
    settle(qtbot, window)
    kept = points(page)
    assert kept
    assert max(texts for texts, _, _ in kept.values()) < 200
    assert page.controls.state.text().endswith("stopped")
    window.tab.paged.show_page(0)
    settle(qtbot, window)
    window.tab.paged.show_named("rate")
    settle(qtbot, window)
    assert points(page) == kept
    qtbot.mouseClick(page.controls.run, Qt.MouseButton.LeftButton)
    assert page.measuring.is_busy
    assert page.controls.run.text() == "Stop"


def test_stopped_in_the_status_line_it_stays_so(qtbot: QtBot, window: Window, page: RatePage) -> None:
    """As with the page's own button; another seed is another question."""
    page.controls.text.setCurrentIndex(1)
    page.controls.passes.setValue(200)
    page.controls.changed.emit()
    qtbot.waitUntil(lambda: len(page.measuring.incoming.every(RatePoint)) == len(RATES))
    window.cancel()
    settle(qtbot, window)
    kept = points(page)
    page.ask()
    assert not page.measuring.is_busy
    assert points(page) == kept
    page.controls.seed.number.setValue(3)
    assert page.measuring.is_busy
    window.tab.paged.show_page(0)


def test_stopped_before_the_first_point_nothing_is_shown(qtbot: QtBot, window: Window, page: RatePage) -> None:
    """The numbers of another text would be taken for those of this one."""
    page.controls.text.setCurrentIndex(1)
    page.controls.changed.emit()
    page.controls.pressed.emit(False)
    settle(qtbot, window)
    assert points(page) == {}
    assert page.table.rows == ()


def test_who_looks_elsewhere_need_not_wait(qtbot: QtBot, window: Window, page: RatePage) -> None:
    """Another page in front stops the measuring; coming back begins it anew."""
    page.controls.text.setCurrentIndex(1)
    page.controls.passes.setValue(200)
    page.controls.changed.emit()
    qtbot.waitUntil(lambda: bool(page.measuring.incoming.every(RatePoint)))
    window.tab.paged.show_page(0)
    assert not page.measuring.is_busy
    settle(qtbot, window)
    window.tab.paged.show_named("rate")
    assert page.measuring.is_busy
    window.tab.paged.show_page(0)


def test_pointing_at_a_curve_shows_the_rate_everywhere(qtbot: QtBot, page: RatePage) -> None:
    """A click on a point pins its rate in the other plots and chooses its row; Esc frees."""
    plot = page.plots[0]
    place = plot.field(plot.plot).point(plot.plot.series[0], 5).toPoint()
    qtbot.mouseClick(plot, Qt.MouseButton.LeftButton, pos=place)
    assert page.spot.place == pytest.approx(40.0)
    assert all(other._marked() == (0, 5) for other in page.plots)
    assert page.table._chosen() == 5
    page.free()
    assert page.table._chosen() is None


def test_without_a_head_the_page_says_why(qtbot: QtBot, tmp_path: Path) -> None:
    """A checkpoint that predicts no words has no curve."""
    window = opened(qtbot, write_bert_folder(tmp_path / "bare", heads=False))
    window.tab.paged.show_named("rate")
    assert window.tab.paged.page is None
    said = [label.sentence for label in window.tab.paged.findChildren(Placeholder) if label.isVisible()]
    assert any("no masked-word head" in sentence for sentence in said)
    window.close()
