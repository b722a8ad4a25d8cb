"""All steps of a block in a table: how large each is, and how its numbers are spread."""

from __future__ import annotations

import numpy as np

from attnviz.table import Cell, Table
from attnviz.trace import Floats
from attnviz.views.block_moment import BlockMoment

COLUMNS = ("stage", "rows", "columns", "mean", "standard deviation", "lowest", "highest")


def summary(moment: BlockMoment) -> Table:
    """A line per stage, Q, K and V of the chosen head; then the matrices of its attention."""
    unfolded = moment.unfolded
    stages = {name: values[moment.head] if values.ndim == 3 else values for name, values in moment.block.stages.items()}
    squares = {"products": unfolded.products, "scores": unfolded.scores, "weights": unfolded.weights}
    return Table(COLUMNS, tuple(_line(name, values) for name, values in (stages | squares).items()))


def _line(name: str, values: Floats) -> tuple[Cell, ...]:
    rows, columns = values.shape
    finite = values[np.isfinite(values)].astype(np.float64)
    if not finite.size:
        return name, rows, columns, None, None, None, None
    spread = (finite.mean(), finite.std(), finite.min(), finite.max())
    return (name, rows, columns, *(float(value) for value in spread))
