"""The pictures of an experiment in their grid: side by side where there is room, and never too low to be read."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from attnviz.tabs.experiments_figures import FigureGrid
from attnviz.trace import Asked, Trace
from tests.tabs.experimenting import GATE, Stepwise


@pytest.fixture
def grid(qtbot: QtBot) -> FigureGrid:
    """A complete run of a curve, a table and a matrix at three moments."""
    GATE.set()
    asked = Asked(
        "stepwise", "Stepwise", "How large?", "n²", (("seed", "0"),), "attnviz experiment stepwise", Stepwise.figures
    )
    made = FigureGrid()
    qtbot.addWidget(made)
    made.draw(Trace().plus(asked, *Stepwise().measure(None)))  # type: ignore[arg-type] # it asks no model
    made.show()
    return made


def test_pictures_stand_side_by_side_where_there_is_room(qtbot: QtBot, grid: FigureGrid) -> None:
    """Two of them in a wide page, below each other in a narrow one; tables come after them, and nothing is cut off."""
    squares, table, matrix = grid.panels.values()
    grid.resize(900, 700)
    qtbot.waitUntil(lambda: squares.y() == matrix.y() < table.y())
    assert grid.widget().width() <= grid.viewport().width()
    grid.resize(500, 700)
    qtbot.waitUntil(lambda: squares.y() < matrix.y() < table.y())
    assert grid.widget().width() <= grid.viewport().width()


def test_pictures_are_low_only_where_then_nothing_has_to_scroll(qtbot: QtBot, grid: FigureGrid) -> None:
    """In a low page they scroll at a height that can be read; in a high one they fill it."""
    squares = next(iter(grid.panels.values()))
    grid.resize(900, 300)
    qtbot.waitUntil(lambda: squares.height() >= 30 * 8 and grid.verticalScrollBar().maximum() > 0)
    grid.resize(900, 900)
    qtbot.waitUntil(lambda: squares.height() > 50 * 8 and grid.verticalScrollBar().maximum() == 0)


def test_pictures_stand_in_the_order_of_the_experiment(grid: FigureGrid) -> None:
    """Whatever arrives first: the same records the other way round give the same page."""
    names = [name for _, name in grid.panels]
    turned = Trace().plus(*reversed(list(grid._trace.records.values())))
    grid.draw(turned)
    assert [name for _, name in grid.panels] == names == list(Stepwise.figures)


def test_a_slider_goes_through_the_moments(grid: FigureGrid) -> None:
    """It stands at the newest; moved back it shows an earlier one."""
    shown = grid.figures[2]
    slider = next(iter(grid._sliders.values()))
    assert slider.slider.maximum() == 2
    assert shown.matrix.values[0, 0] == 3
    slider.slider.setValue(0)
    assert shown.matrix.values[0, 0] == 1
    assert slider.label.text() == "step 0"
