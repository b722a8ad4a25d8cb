"""A new 12 × 12 grid of heads of 512 tokens, set and painted, against painting the same grid unchanged."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QPixmap

from attnviz.trace import Cursor, Overview, Site, Trace
from attnviz.views.head_grid import HeadGrid
from benchmarks.pairs import in_turn, timed
from benchmarks.row import Row
from benchmarks.subjects import application

NAME = "head-grid"
TILE = 64  # what 512 tokens are pooled to


def measure(*, quick: bool = False) -> list[Row]:
    application()
    layers, rounds = (2, 2) if quick else (12, 101)
    traces = [_trace(seed, layers) for seed in range(4)]
    grid = HeadGrid()
    grid.resize(900, 900)
    canvas = QPixmap(grid.size())
    turn = iter(range(1_000_000))

    def fresh() -> None:
        grid.draw(traces[next(turn) % len(traces)], Cursor())
        grid.render(canvas)

    def unchanged() -> None:
        grid.render(canvas)

    grid.draw(traces[0], Cursor())
    pairs = in_turn(timed(fresh), timed(unchanged), rounds)
    grid.deleteLater()
    what = f"{layers} × 12 heads of 512 tokens, set and painted"
    return [Row(NAME, what, "the same view painted unchanged", "≤ 2", 2.0, pairs.ratios, note=pairs.said())]


def _trace(seed: int, layers: int) -> Trace:
    dice = np.random.default_rng(seed)
    overviews = [
        Overview(
            Site.ENCODER,
            layer,
            dice.integers(0, 256, (12, TILE, TILE), np.uint8),
            dice.random((12, len(Overview.SUMMARY)), np.float32),
        )
        for layer in range(layers)
    ]
    return Trace().plus(*overviews)
