"""The curves, the rows and the sentence of the mask rates, against the records' numbers."""

from __future__ import annotations

import math

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from attnviz.trace import Measured, Plot, Progress, RatePoint, Trace
from attnviz.views.plot_spot import Spot
from attnviz.views.rate_reading import ACCURACY, CROSS_ENTROPY, SUPERVISED, TAUGHT, conclusion, with_plots
from attnviz.views.rate_table import RateTable
from tests.views.traces import press, shown


def point(rate: float, predictions: int, right: int, texts: int = 10) -> RatePoint:
    """Each prediction of 2 nats but the last of 4."""
    nats = 2.0 * predictions + 2.0 if predictions else 0.0
    return RatePoint(rate, texts, predictions, right, nats, 4.0 * predictions + 12.0 if predictions else 0.0)


def run(*points: RatePoint) -> Trace:
    return Trace().plus(Measured("tiny", 2, 200, 190, 5), *points)


def test_curves_are_the_points_numbers() -> None:
    """Percent of right answers, nats, positions and right answers per text, each in its standard error."""
    one, two = point(0.15, 100, 40), point(0.05, 30, 15)
    trace = with_plots(run(one, two))
    [series] = trace.find(Plot, ACCURACY).series
    assert series.name == "tiny"
    assert series.places.tolist() == [5.0, 15.0]
    assert series.values == pytest.approx([50.0, 40.0])
    assert series.high - series.values == pytest.approx([100 * math.sqrt(0.25 / 30), 100 * math.sqrt(0.24 / 100)])
    assert dict(series.told)["predictions"].tolist() == [30, 100]
    [series] = trace.find(Plot, CROSS_ENTROPY).series
    assert series.values == pytest.approx([62 / 30, 2.02])
    [series] = trace.find(Plot, SUPERVISED).series
    assert series.values == pytest.approx([3, 10])
    assert series.low is None
    [series] = trace.find(Plot, TAUGHT).series
    assert series.values == pytest.approx([1.5, 4])
    assert series.values - series.low == pytest.approx([3 * math.sqrt(0.25 / 30), 10 * math.sqrt(0.24 / 100)])


def test_a_rate_without_predictions_is_a_gap() -> None:
    """Nothing was masked there yet: no number is drawn, and none is invented."""
    trace = with_plots(run(point(0.05, 0, 0), point(0.15, 20, 10)))
    [series] = trace.find(Plot, ACCURACY).series
    assert math.isnan(series.values[0])
    assert with_plots(Trace()).find(Plot, ACCURACY) is None


def test_the_sentence_has_the_runs_own_numbers() -> None:
    """15 % and 40 %, which of both teaches more, and where most right answers are."""
    trace = run(point(0.15, 1000, 500), point(0.4, 2600, 1000), point(0.8, 5200, 900))
    said = conclusion(trace)
    for words in ("At 15 % the model predicts 50.0 ± 1.6 % of 1,000 masks right, 50.0 right", "38.5 ± 1.0 % of 2,600"):
        assert words in said
    assert "each guess is worse, but a text gives 2.0 times as many right answers" in said
    assert said.endswith("; most come at 40 %.")
    assert conclusion(trace.plus(Progress("predicting", 3, 30))).endswith("; most come at 40 % so far.")


@pytest.mark.parametrize(
    ("proposed", "verdict"),
    [
        (point(0.4, 2600, 200), "40 % does not pay"),
        (point(0.4, 2600, 510), "don't differ clearly"),
        (point(0.4, 2600, 1400), "guesses are no worse, and a text gives 2.8 times"),
    ],
)
def test_the_sentence_also_says_the_opposite(proposed: RatePoint, verdict: str) -> None:
    """Whatever the paper says, the run's numbers decide."""
    assert verdict in conclusion(run(point(0.15, 1000, 500), proposed))


def test_no_sentence_before_both_were_measured() -> None:
    """One rate alone says nothing; neither does a rate at which nothing was masked."""
    assert conclusion(Trace()) == ""
    assert conclusion(run(point(0.15, 100, 50))) == ""
    assert conclusion(run(point(0.15, 100, 50), point(0.4, 0, 0))) == ""


def test_where_nothing_is_right_the_sentence_still_holds() -> None:
    """A model that guesses nothing has no ratio."""
    assert "don't differ clearly" in conclusion(run(point(0.15, 100, 0), point(0.4, 300, 0)))
    assert "the only right answers" in conclusion(run(point(0.15, 100, 0), point(0.4, 300, 100)))


def test_rows_are_in_order_and_the_table_has_all_numbers(qtbot: QtBot) -> None:
    """Ascending rates; the file has sums and errors as well; the rate of the spot is the chosen row, and a row pins its rate."""
    table = shown(qtbot, RateTable(), run(point(0.15, 100, 40), point(0.05, 0, 0)), Spot(place=15.0))
    assert [row[0] for row in table.rows] == ["5 %", "15 %"]
    assert table.rows[1][1:3] == ("100", "40.0 ± 4.9")
    assert table.rows[0][2] == "–"
    numbers = table.numbers()
    known = dict(zip(numbers.columns, numbers.rows[1], strict=True))
    assert (known["predictions"], known["right"], known["accuracy"]) == (100, 40, 0.4)
    assert dict(zip(numbers.columns, numbers.rows[0], strict=True))["accuracy"] is None
    assert table._chosen() == 1
    press(table.table, Qt.Key.Key_Up)
    assert table.cursor_at == Spot(place=5.0, pinned=True)
