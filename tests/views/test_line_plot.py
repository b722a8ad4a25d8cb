"""Curves of measurements: every point where its numbers say, on linear and logarithmic axes, with its uncertainty."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from attnviz.trace import Axis, Mark, Plot, Series, Trace, measured
from attnviz.views.axis_scale import scale_of
from attnviz.views.line_paint import runs, thinned
from attnviz.views.line_plot import LinePlot
from attnviz.views.plot_spot import Spot
from tests.views.sentences import hover, in_theme, svg_text
from tests.views.traces import press, shown

PLACES = (5, 15, 40, 80)
ROOM = (480, 320)


def curve(name: str, *values: float, spread: float = 2.0) -> Series:
    middle = measured(values)
    counts = measured(np.arange(len(values)) * 100.0 + 100.0)
    return Series(name, measured(PLACES), middle, middle - spread, middle + spread, (("predictions", counts),))


def plot(*series: Series, up: Axis | None = None) -> Plot:
    up = up or Axis("accuracy", "%", low=0.0, high=100.0)
    return Plot("accuracy", Axis("masked", "%", low=0.0, high=100.0), up, series, (Mark(15.0, "usual"),))


def at(view: LinePlot, series: int, index: int) -> QPoint:
    return view.field(view.plot).point(view.plot.series[series], index).toPoint()


def test_a_point_stands_where_its_numbers_say(qtbot: QtBot) -> None:
    """On linear axes a share of the way from end to end is the same share of the area."""
    view = shown(qtbot, LinePlot("accuracy", "wait"), Trace().plus(plot(curve("one", 60, 50, 40, 10))), size=ROOM)
    field = view.field(view.plot)
    point = field.point(view.plot.series[0], 2)
    assert point.x() == pytest.approx(field.area.left() + 0.4 * field.area.width())
    assert point.y() == pytest.approx(field.area.bottom() - 0.4 * field.area.height())


def test_on_a_logarithmic_axis_equal_ratios_are_equal_steps() -> None:
    """What isn't above zero has no place on it; ends that the axis doesn't set lie where the numbers end."""
    scale = scale_of(Axis("steps"), [measured([1, 10, 100, 0, -3])], logarithmic=True, padded=False)
    shares = scale.shares(measured([1, 10, 100, 0]))
    assert shares[:3] == pytest.approx([0, 0.5, 1])
    assert math.isnan(shares[3])
    assert [value for value, _ in scale.ticks(7)] == [1, 2, 5, 10, 20, 50, 100]
    assert [number for _, number in scale.ticks(3)] == ["1", "10", "100"]


@pytest.mark.parametrize("logarithmic", [False, True])
@pytest.mark.parametrize("values", [[], [3.0], [0.0], [-2.0, -2.0], [math.nan, math.inf], [1e-200, 1e200], [7.1, 7.2]])
def test_every_axis_has_room_and_few_numbers(values: list[float], *, logarithmic: bool) -> None:
    """Nothing, one value, equal ones, huge spans: the ends differ, the numbers lie between them and are not many."""
    scale = scale_of(Axis("x"), [measured(values)], logarithmic=logarithmic, padded=True)
    assert scale.low < scale.high
    ticks = scale.ticks(6)
    assert len(ticks) <= 8
    assert all(-1e-6 <= scale.share(value) <= 1 + 1e-6 for value, _ in ticks)


def test_the_table_has_every_number(qtbot: QtBot) -> None:
    """Value, band and what is told of each point of each curve; what is missing is an empty cell."""
    other = Series("two", measured([5]), measured([math.nan]))
    view = shown(
        qtbot, LinePlot("accuracy", "wait"), Trace().plus(plot(curve("one", 60, 50, 40, 10), other)), size=ROOM
    )
    table = view.numbers()
    assert table.columns == ("series", "masked (%)", "accuracy (%)", "low", "high", "predictions")
    assert table.rows[1] == ("one", 15.0, 50.0, 48.0, 52.0, 200.0)
    assert table.rows[4] == ("two", 5.0, None, None, None, None)


def test_pointing_tells_the_numbers(qtbot: QtBot) -> None:
    """The nearest point of whichever curve is read out, with its band and its count."""
    trace = Trace().plus(plot(curve("one", 60, 50, 40, 10), curve("two", 30, 25, 20, 5)))
    view = shown(qtbot, LinePlot("accuracy", "wait"), trace, size=ROOM)
    hover(qtbot, view, at(view, 1, 1))
    said = svg_text(view)
    for words in ("two at 15 %", "accuracy 25 %", "from 23 to 27 %", "predictions 200"):
        assert words in said
    assert view.cursor_at == Spot(place=15.0, series="two")


def test_plots_of_the_same_places_share_the_spot(qtbot: QtBot) -> None:
    """A click pins; another plot marks the same place on its own curve; a second click frees."""
    view = shown(qtbot, LinePlot("accuracy", "wait"), Trace().plus(plot(curve("one", 60, 50, 40, 10))), size=ROOM)
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=at(view, 0, 2))
    assert view.cursor_at == Spot(place=40.0, series="one", pinned=True)
    loss = replace(plot(curve("other", 1, 2, 3, 4), up=Axis("loss", "nats")), name="loss")
    beside = shown(qtbot, LinePlot("loss", "wait"), Trace().plus(loss), view.cursor_at, ROOM)
    assert beside._marked() == (0, 2)
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=at(view, 0, 2))
    assert view.cursor_at.place is None
    assert not view.cursor_at.pinned


def test_keys_walk_along_and_between_curves(qtbot: QtBot) -> None:
    """Right to the next point, down to the next curve at the same place, Esc away."""
    trace = Trace().plus(plot(curve("one", 60, 50, 40, 10), curve("two", 30, 25, 20, 5)))
    view = shown(qtbot, LinePlot("accuracy", "wait"), trace, size=ROOM)
    press(view, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Down)
    assert (view.cursor_at.place, view.cursor_at.series) == (15.0, "two")
    assert "two at 15 %" in view.accessibleDescription()
    press(view, Qt.Key.Key_Escape)
    assert view.cursor_at.place is None


def test_a_plot_that_grows_is_drawn_anew(qtbot: QtBot) -> None:
    """Another record of the same name is another picture; a record about something else is not."""
    first = plot(curve("one", 60, 50, 40, 10))
    trace = Trace().plus(first)
    view = shown(qtbot, LinePlot("accuracy", "wait"), trace, size=ROOM)
    view.grab()
    paints = view.face.paints
    view.draw(trace.plus(replace(first, name="loss")), view.cursor_at)
    view.grab()
    assert view.face.paints == paints
    view.draw(trace.plus(plot(curve("one", 90, 90, 90, 90))), view.cursor_at)
    view.grab()
    assert view.face.paints > paints
    assert view.numbers().rows[0][2] == 90.0


def test_the_user_may_overrule_an_axis(qtbot: QtBot) -> None:
    """A linear axis becomes logarithmic and the other way round."""
    given = plot(curve("one", 60, 50, 40, 10), up=Axis("loss", logarithmic=True))
    view = shown(qtbot, LinePlot("accuracy", "wait"), Trace().plus(given), size=ROOM)
    assert view.field(given).up.logarithmic
    view.scale_up, view.scale_across = "linear", "log"
    assert not view.field(given).up.logarithmic
    assert view.field(given).across.logarithmic
    view.grab()


def test_places_with_names_are_lettered_by_them(qtbot: QtBot) -> None:
    """Below the plot and in the readout; where they would touch, some are left out."""
    names = tuple((float(place), f"word{place}") for place in range(30))
    series = Series("p", measured(range(30)), measured(range(30)))
    named = Plot("accuracy", Axis("word", low=-0.5, high=29.5, names=names), Axis("p"), (series,))
    view = shown(qtbot, LinePlot("accuracy", "wait"), Trace().plus(named), size=(300, 200))
    assert "word0" in svg_text(view)
    assert "word1 " not in svg_text(view)
    hover(qtbot, view, at(view, 0, 7))
    assert "p at word7" in svg_text(view)


def test_of_many_points_the_extremes_are_drawn() -> None:
    """Thinning keeps the highest, the lowest and both ends, whatever lies between; few points are all kept."""
    values = np.random.default_rng(3).normal(size=50_000)
    values[1234] = math.nan
    chosen = thinned(values, 600)
    assert len(chosen) <= 620
    assert {0, 49_999, int(np.nanargmin(values)), int(np.nanargmax(values))} <= set(chosen.tolist())
    assert thinned(values[:600], 600).tolist() == list(range(600))


def test_a_gap_divides_a_curve() -> None:
    """Stretches of finite numbers, one by one."""
    values = measured([math.nan, 1, 2, math.inf, 3, math.nan])
    assert [(run.start, run.stop) for run in runs(values)] == [(1, 3), (4, 5)]


def test_a_series_is_refused_where_it_is_wrong() -> None:
    """Unequal lengths, half a band and places that go back have no meaning."""
    with pytest.raises(ValueError, match="differ in length"):
        Series("one", measured([1, 2]), measured([1]))
    with pytest.raises(ValueError, match="one end of a band"):
        Series("one", measured([1]), measured([1]), low=measured([0]))
    with pytest.raises(ValueError, match="ascending"):
        Series("one", measured([2, 1]), measured([1, 1]))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_empty_titled_and_themed(qtbot: QtBot, theme: str) -> None:
    """Nothing is a sentence; axes, marks and several curves are named; one curve needs no legend."""
    with in_theme(theme) as chosen:
        view = shown(qtbot, LinePlot("accuracy", "Press Run."), Trace(), size=ROOM)
        assert "Press Run." in svg_text(view)
        assert view.numbers().rows == ()
        view.draw(Trace().plus(plot(curve("one", 60, 50, 40, 10))), view.cursor_at)
        said = svg_text(view)
        assert all(words in said for words in ("masked (%)", "accuracy (%)", "usual"))
        assert "one" not in said.split()
        reference = Series("chance", measured([0, 100]), measured([10, 10]), dashed=True)
        view.draw(Trace().plus(plot(curve("first", 60, 50, 40, 10), reference)), view.cursor_at)
        assert all(words in svg_text(view) for words in ("first", "chance"))
        assert view.grab().toImage().pixelColor(3, 160).name() == chosen.surface
