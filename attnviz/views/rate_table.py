"""The measurements at all mask rates as rows: how many predictions stand behind each number."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtWidgets import QWidget

from attnviz.table import Cell, Table
from attnviz.trace import RatePoint
from attnviz.views.plot_spot import spot_of
from attnviz.views.rate_reading import points_of
from attnviz.views.row_table import Rows, RowTable

NUMBERS = (
    "rate",
    "texts",
    "predictions",
    "right",
    "accuracy",
    "accuracy_error",
    "cross_entropy",
    "cross_entropy_error",
    "supervised",
    "taught",
    "taught_error",
)


class RateTable(RowTable):
    """A row pins its rate in the curves."""

    columns = ("masked", "masks", "accuracy, %", "−ln p, nats", "positions", "right")
    numeric = frozenset(range(6))
    wide = frozenset({2, 3})
    tips = (
        "Share of the tokens that show [MASK]",
        "Predictions behind the numbers of the row",
        "Masks whose word is put first, ± the binomial standard error",
        "Mean −ln p of the word, ± the standard error of the mean",
        "Masked positions per text: what one text teaches about",
        "Right answers per text: accuracy × positions",
    )

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("The numbers of every rate stand here while it is measured.", parent)
        self.setAccessibleName("Measurements at every mask rate")

    def numbers(self) -> Table:
        points = points_of(self.trace)
        if not points:
            return Table((), ())
        return Table(NUMBERS, tuple(tuple(_cell(point, name) for name in NUMBERS) for point in points))

    def _rows(self) -> Rows:
        return tuple(_row(point) for point in points_of(self.trace))

    def _chosen(self) -> int | None:
        place = spot_of(self.cursor_at).place
        rates = [100 * point.rate for point in points_of(self.trace)]
        return next((row for row, rate in enumerate(rates) if place is not None and math.isclose(rate, place)), None)

    def _came_to(self, row: int) -> None:
        rate = 100 * points_of(self.trace)[row].rate
        self.pointed.emit(replace(spot_of(self.cursor_at), place=rate, pinned=True))


def _row(point: RatePoint) -> tuple[str, ...]:
    return (
        f"{100 * point.rate:g} %",
        f"{point.predictions:,}",
        _with_error(100 * point.accuracy, 100 * point.accuracy_error, 1),
        _with_error(point.cross_entropy, point.cross_entropy_error, 2),
        _with_error(point.supervised, math.nan, 1),
        _with_error(point.taught, math.nan, 1),
    )


def _with_error(value: float, error: float, digits: int) -> str:
    if not math.isfinite(value):
        return "–"
    return f"{value:.{digits}f} ± {error:.{digits}f}" if math.isfinite(error) else f"{value:.{digits}f}"


def _cell(point: RatePoint, name: str) -> Cell:
    value = getattr(point, name)
    return value if isinstance(value, int) or math.isfinite(value) else None
