"""Which coordinates of the pooled state decide: what they add to logit(is next) − logit(is not), the largest first."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.trace import IS_NEXT, NOT_NEXT, PairJudgement
from attnviz.views.row_table import Rows, RowTable
from attnviz.views.verdict_view import signed

SHOWN = 12


@dataclass(frozen=True, slots=True)
class Part:
    """A summand of the difference: a coordinate, or with ``coordinate`` None what ``name`` says."""

    name: str
    coordinate: int | None
    adds: float


def parts_of(found: PairJudgement, shown: int = SHOWN) -> tuple[Part, ...]:
    """The largest coordinates, the sum of the others, the bias, and the difference that they make (which is log-odds)."""
    adds = found.contributions.astype(np.float64)
    order = [int(place) for place in np.argsort(-np.abs(adds), kind="stable")]
    rest = order[shown:]
    return (
        *(Part(str(place), place, float(adds[place])) for place in order[:shown]),
        *([Part(f"the other {len(rest):,}", None, float(adds[rest].sum()))] if rest else []),
        Part("bias", None, found.bias_contribution),
        Part("= difference", None, found.difference),
    )


class LogitTable(RowTable):
    """A coordinate's pooled value times the two weights that read it. The cursor's key is the coordinate."""

    columns = ("coordinate", "pooled", "weight: next", "weight: not", "adds")
    numeric = frozenset({1, 2, 3, 4})
    wide = frozenset(range(5))

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Type two sentences to see which coordinates decide.", parent)
        self.setAccessibleName("What decides the two logits")
        self.table.setToolTip("adds = pooled × (weight of is next − weight of is not)")

    def said(self) -> str:
        """What all of it sums to."""
        found = self.trace.find(PairJudgement)
        if found is None:
            return ""
        return f"all {len(found.pooled):,} and the bias: {signed(found.difference)}"

    def _parts(self) -> tuple[Part, ...]:
        found = self.trace.find(PairJudgement)
        return () if found is None else parts_of(found)

    def numbers(self) -> Table:
        """All coordinates, then the bias."""
        found = self.trace.find(PairJudgement)
        columns = ("coordinate", "pooled", "weight is next", "weight is not", "adds to the difference")
        if found is None:
            return Table(columns, ())
        adds = found.contributions
        rows = (
            (place, *(float(vector[place]) for vector in (found.pooled, *found.weights, adds)))
            for place in range(len(adds))
        )
        bias = ("bias", None, float(found.bias[IS_NEXT]), float(found.bias[NOT_NEXT]), found.bias_contribution)
        return Table(columns, (*rows, bias))

    def _rows(self) -> Rows:
        found = self.trace.find(PairJudgement)
        return () if found is None else tuple(_row(found, part) for part in self._parts())

    def _chosen(self) -> int | None:
        key = self.cursor_at.key
        return next((row for row, part in enumerate(self._parts()) if key is not None and part.coordinate == key), None)

    def _came_to(self, row: int) -> None:
        self.pointed.emit(replace(self.cursor_at, query=None, key=self._parts()[row].coordinate, pinned=True))


def _row(found: PairJudgement, part: Part) -> tuple[str, ...]:
    if part.coordinate is None:
        return (part.name, "", "", "", signed(part.adds))
    numbers = (vector[part.coordinate] for vector in (found.pooled, *found.weights))
    return (part.name, *(signed(float(number)) for number in numbers), signed(part.adds))
