"""Choosing another head or layer of the text that is open: chosen, unfolded and painted, against a bare forward."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count

from PySide6.QtWidgets import QApplication

from attnviz.tabs.inspector import InspectorTab
from benchmarks.painted import Paints
from benchmarks.pairs import in_turn, timed
from benchmarks.row import Row
from benchmarks.subjects import bare_forward, checkpoint, inspector, text, tokens

NAME = "other-head"
GOAL = 0.03


def measure(*, quick: bool = False) -> list[Row]:
    length, rounds = (8, 2) if quick else (128, 61)
    forward = timed(bare_forward(length))
    unfolded = in_turn(timed(_unfold(length), 5), forward, rounds)
    with inspector(text(length)) as (_, tab):
        shown = in_turn(_Choose(tab), forward, rounds)
    against = f"bare forward at {length} tokens"
    goal = f"≤ {GOAL}"
    return [
        Row(NAME, "weights of any other head, unfolded", against, goal, GOAL, unfolded.ratios, note=unfolded.said()),
        Row(NAME, "any other head, chosen and its map painted", against, goal, GOAL, shown.ratios, note=shown.said()),
    ]


def _unfold(length: int) -> Callable[[], object]:
    from attnviz.trace import Attention

    records = [record for record in checkpoint().trace(tokens(length)) if isinstance(record, Attention)]
    number = count()

    def unfold() -> object:
        place = next(number)
        attention = records[place % len(records)]
        return attention.weights(place % attention.heads)

    return unfold


class _Choose:
    """Moves the cursor to the next head of the next layer and waits until the map is painted."""

    def __init__(self, tab: InspectorTab) -> None:
        self._tab = tab
        self._paints = Paints(tab.map)
        report = tab.scene.report
        assert report is not None
        self._layers, self._heads = report.layers, report.heads
        self._number = 0

    def __call__(self) -> float:
        self._number += 1
        cursor = replace(self._tab.cursor_at, layer=self._number % self._layers, head=self._number % self._heads)
        QApplication.processEvents()  # what the last choice left to paint behind the map
        self._paints.forget()
        started = time.perf_counter()
        self._tab.point(cursor)
        self._paints.wait()
        return self._paints.last - started
