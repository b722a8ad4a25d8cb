"""The tab of experiments, as a person uses it: choose, run, cancel, come back, take the numbers along."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from attnviz.jobs import experiments
from attnviz.tabs import experiments as tab_module
from attnviz.tabs.experiments import ExperimentsTab
from attnviz.tabs.experiments_page import ExperimentPage
from attnviz.trace import Asked, Conclusion, Plot
from attnviz.views.plot_spot import Spot, spot_of
from attnviz.window import Window
from tests.tabs.experimenting import CLOSED, GATE, STEPWISE
from tests.windows import opened, sentences


@pytest.fixture
def window(qtbot: QtBot, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Window]:
    """The window with the tab of experiments in front, and one experiment on a leash beside the real ones."""
    offered = (*experiments.EXPERIMENTS, STEPWISE)
    monkeypatch.setattr(experiments, "EXPERIMENTS", offered)
    monkeypatch.setattr(tab_module, "EXPERIMENTS", offered)
    GATE.set()
    CLOSED.clear()
    made = opened(qtbot, tiny, tab="experiments", width=1280, height=800)
    yield made
    GATE.set()
    made.close()


@pytest.fixture
def tab(window: Window) -> ExperimentsTab:
    assert isinstance(window.tab, ExperimentsTab)
    return window.tab


@pytest.fixture
def page(tab: ExperimentsTab) -> ExperimentPage:
    """The experiment on a leash."""
    return tab.choose("stepwise")


def finish(qtbot: QtBot, page: ExperimentPage) -> None:
    GATE.set()
    qtbot.waitUntil(lambda: not page.running.is_busy, timeout=20_000)


def test_nothing_runs_by_itself(window: Window, tab: ExperimentsTab) -> None:
    """The first experiment is in front with a sentence that says what to do."""
    assert window.engine.current is None
    assert not tab.page.has_result
    assert not tab.page.figures.panels
    assert tab.page.empty.isVisible()
    assert "Press Run" in tab.page.empty.sentence
    assert tab.list.count() == len(tab_module.EXPERIMENTS)


def test_a_run_fills_the_figures_and_ends_with_its_conclusion(
    qtbot: QtBot, tab: ExperimentsTab, page: ExperimentPage
) -> None:
    """Progress and a part of the curve while it runs; then the whole, the conclusion and a mark in the list."""
    GATE.clear()
    qtbot.mouseClick(page.controls.run_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: page.controls.bar.isVisible() and page.controls.said.text() == "counting")
    assert not page.controls.run_button.isVisible()
    assert tab.list.standing(tab.list.currentRow()) == "running"
    assert not page.controls.controls["steps"].isEnabled()
    finish(qtbot, page)
    assert [name for _, name in page.figures.panels] == ["squares", "table", "map"]
    assert page.result.find(Plot, "squares").series[0].values.tolist() == [0, 1, 4]
    assert page.conclusion.text == "• 3 squares."
    assert tab.list.standing(tab.list.currentRow()) == "result"
    assert page.controls.run_button.isVisible()


def test_curves_grow_while_it_runs(qtbot: QtBot, page: ExperimentPage) -> None:
    """What has come in is drawn before the run is complete."""
    page.controls.put({"steps": 50})
    page.controls.run()
    qtbot.waitUntil(lambda: any(view.numbers().rows for view in page.figures.figures) or page.has_result)
    finish(qtbot, page)
    assert len(page.figures.figures[0].numbers().rows) == 50


def test_cancel_stops_it_at_once_and_keeps_the_result_before(qtbot: QtBot, page: ExperimentPage) -> None:
    """The generator is closed within 250 ms; what was measured before stands."""
    page.controls.run()
    finish(qtbot, page)
    before = page.result
    GATE.clear()
    CLOSED.clear()
    page.controls.put({"steps": 9})
    page.controls.run()
    qtbot.waitUntil(page.controls.cancel_button.isVisible)
    qtbot.waitUntil(lambda: page.running.progress is not None)
    began = time.perf_counter()
    qtbot.mouseClick(page.controls.cancel_button, Qt.MouseButton.LeftButton)
    assert not page.running.is_busy
    qtbot.waitUntil(CLOSED.is_set)
    assert time.perf_counter() - began < 0.25
    assert page.result is before
    assert page.conclusion.text == "• 3 squares."
    assert page.controls.run_button.isVisible()


def test_results_survive_another_experiment_and_another_tab(
    qtbot: QtBot, window: Window, tab: ExperimentsTab, page: ExperimentPage
) -> None:
    """They are what they were, and so are the controls."""
    page.controls.put({"steps": 4})
    page.controls.run()
    finish(qtbot, page)
    tab.list.setCurrentRow(0)
    assert tab.page is not page
    window.show_tab("masking")
    qtbot.waitUntil(lambda: window.is_settled, timeout=20_000)
    window.show_tab("experiments")
    tab.list.setCurrentRow(tab.list.count() - 1)
    assert tab.page is page
    assert page.conclusion.text == "• 4 squares."
    assert page.controls.values()["steps"] == 4
    assert len(page.figures.figures[0].numbers().rows) == 4


def test_a_run_waits_for_the_one_before_it(qtbot: QtBot, tab: ExperimentsTab, page: ExperimentPage) -> None:
    """The second says that it waits; when the first is complete it begins by itself."""
    GATE.clear()
    page.controls.run()
    qtbot.waitUntil(lambda: page.running.progress is not None)
    other = tab.choose("serial")
    other.controls.put({"longest": 16, "repeats": 3, "width": "64"})
    other.controls.run()
    assert tab.list.standing(tab.list.currentRow()) == "waiting"
    assert "before it" in other.empty.sentence
    assert other.controls.said.text() == "waiting"
    finish(qtbot, page)
    qtbot.waitUntil(lambda: other.has_result, timeout=30_000)
    assert tab.list.standing(tab.list.currentRow()) == "result"


def test_a_run_goes_on_while_another_tab_answers(qtbot: QtBot, window: Window, page: ExperimentPage) -> None:
    """A sentence is answered in the middle of a run, which is not disturbed."""
    GATE.clear()
    page.controls.run()
    qtbot.waitUntil(lambda: page.running.progress is not None)
    window.show_tab("masking")
    window.set_sentence("a [MASK] sat")
    qtbot.waitUntil(lambda: window.tab.is_settled and window.tab.trace.tokens() is not None, timeout=20_000)
    assert window.tab.trace.tokens().text == "a [MASK] sat"
    assert page.running.is_busy
    finish(qtbot, page)
    assert page.has_result


def test_the_quick_run_sets_what_it_runs(qtbot: QtBot, page: ExperimentPage) -> None:
    """The controls show the quick size afterwards, and the run names it."""
    qtbot.mouseClick(page.controls.quick_button, Qt.MouseButton.LeftButton)
    finish(qtbot, page)
    assert page.controls.values()["steps"] == 2
    assert dict(page.result.find(Asked).settings)["steps"] == "2"


def test_the_numbers_name_their_settings(qtbot: QtBot, page: ExperimentPage) -> None:
    """Each row of the CSV ends with the experiment and its settings, those of the run and not of the controls."""
    page.controls.put({"kind": "odd", "word": 'x, "y"', "seed": 7})
    page.controls.run()
    finish(qtbot, page)
    page.controls.put({"kind": "plain"})
    panel = next(iter(page.figures.panels.values()))
    panel.copy_numbers()
    rows = list(csv.DictReader(io.StringIO(QGuiApplication.clipboard().text())))
    assert [row["n²"] for row in rows] == ["0", "1", "4"]
    for row in rows:
        assert {name: row[name] for name in ("experiment", "steps", "kind", "word", "seed")} == {
            "experiment": "stepwise", "steps": "3", "kind": "odd", "word": 'x, "y"', "seed": "7",
        }  # fmt: skip


@pytest.mark.parametrize("suffix", ["svg", "png"])
def test_a_saved_picture_names_its_settings(qtbot: QtBot, page: ExperimentPage, tmp_path: Path, suffix: str) -> None:
    """The command stands under the picture, which is as large as it was; on the screen nothing has changed."""
    page.controls.run()
    finish(qtbot, page)
    panel = next(iter(page.figures.panels.values()))
    size = panel.figure.size()
    target = tmp_path / f"x.{suffix}"
    panel.save_picture(str(target))
    assert panel.figure.size() == size
    if suffix == "svg":
        text = target.read_text(encoding="utf-8")
        assert "attnviz experiment stepwise" in text
        assert "--seed 0" in text
    else:
        image = QImage(str(target))
        assert image.height() > 2 * size.height()


def test_the_slider_and_the_plots_point_at_the_same_moment(qtbot: QtBot, page: ExperimentPage) -> None:
    """Moving the slider marks that place in the plot; pinning a place in the plot moves the slider; Esc lets it be."""
    page.controls.run()
    finish(qtbot, page)
    plot, _, shown = page.figures.figures
    slider = next(iter(page.figures._sliders.values()))
    slider.slider.setValue(1)
    assert spot_of(plot.cursor_at).place == 1
    assert plot._marked() == (0, 1)
    plot.pointed.emit(Spot(place=0.0, series="square", pinned=True))
    assert shown.matrix.moment == 0
    assert slider.label.text() == "step 0"
    assert spot_of(plot.cursor_at).pinned
    page.free()
    assert spot_of(plot.cursor_at).place is None
    assert shown.matrix.moment == 0


def test_a_refused_run_says_why(qtbot: QtBot, window: Window, tab: ExperimentsTab) -> None:
    """A sentence with nothing to shuffle: one message, and the page is ready again."""
    page = tab.choose("positions")
    page.controls.put({"sentence": "cat"})
    page.controls.run()
    qtbot.waitUntil(lambda: not page.running.is_busy, timeout=20_000)
    assert any("at least two different words" in sentence for sentence in sentences(window))
    page.controls.put({"sentence": " "})
    page.controls.run()
    assert any("'sentence' must not be empty" in sentence for sentence in sentences(window))
    assert page.controls.run_button.isEnabled()
    assert not page.has_result


def test_a_real_experiment_runs_on_the_open_model(qtbot: QtBot, tab: ExperimentsTab) -> None:
    """Its settings name the checkpoint, and its numbers are there."""
    page = tab.choose("positions")
    page.controls.put({"sentence": "the cat [MASK] on a mat"})
    page.run_quick()
    qtbot.waitUntil(lambda: page.has_result, timeout=30_000)
    assert dict(page.result.find(Asked).settings)["checkpoint"] == "tiny"
    assert len(page.result.find(Conclusion).sentences) == 4
    assert all(view.numbers().rows for view in page.figures.figures)


def test_every_control_has_a_tooltip_and_a_name(tab: ExperimentsTab) -> None:
    """Of every experiment."""
    for row in range(tab.list.count()):
        tab.list.setCurrentRow(row)
        controls = tab.page.controls
        buttons: tuple[QWidget, ...] = (controls.run_button, controls.quick_button, controls.cancel_button)
        assert all(widget.toolTip() for widget in (*controls.controls.values(), *buttons))
        assert all(widget.accessibleName() for widget in controls.controls.values())


def test_without_a_model_the_button_says_why(tab: ExperimentsTab) -> None:
    """Nothing open: an experiment that needs a model can't be run, one that needs none can."""
    from attnviz.tabs.scene import Scene

    tab.set_scene(Scene())
    assert not tab.choose("positions").controls.run_button.isEnabled()
    assert "open one first" in tab.page.controls.run_button.toolTip()
    assert tab.choose("stepwise").controls.run_button.isEnabled()


def test_the_conclusion_can_be_copied(qtbot: QtBot, page: ExperimentPage) -> None:
    """With the command that makes the same run; before there is one there is nothing to copy."""
    assert not page.conclusion.isVisible()
    page.controls.run()
    finish(qtbot, page)
    qtbot.mouseClick(page.conclusion.copy_button, Qt.MouseButton.LeftButton)
    copied = QGuiApplication.clipboard().text()
    assert copied == f"• 3 squares.\n{page.result.find(Asked).command}"


def test_a_long_conclusion_scrolls_in_a_low_window(qtbot: QtBot, window: Window, page: ExperimentPage) -> None:
    """The pictures keep their room; in a high window all of it is seen."""
    page.controls.run()
    finish(qtbot, page)
    page.conclusion.sentences.say("\n".join(f"Sentence {number}." for number in range(16)))
    window.resize(1280, 600)
    qtbot.waitUntil(lambda: page.conclusion.sentences.verticalScrollBar().maximum() > 0)
    assert page.figures.height() > 20 * 8
    window.resize(1280, 1200)
    qtbot.waitUntil(lambda: page.conclusion.sentences.verticalScrollBar().maximum() == 0)
