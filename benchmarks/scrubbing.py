"""Scrubbing an output of 200 words in the real window: from another step to everything painted."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from itertools import cycle, islice
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.endless import decoding_tab
from benchmarks.row import Row

if TYPE_CHECKING:
    from attnviz.tabs.decoding import DecodingTab

NAME = "scrubbing"
FRAME_MS = 16.0
WARM = 10
SIZES = ((1280, 800), (1920, 1080))


def measure(*, quick: bool = False) -> list[Row]:
    steps, rounds = (8, 3) if quick else (200, 301)
    rows = []
    for size in SIZES[:1] if quick else SIZES:
        with decoding_tab(steps, size) as tab:
            ways = {
                "step by step": _steps(tab, cycle(range(steps)), rounds),
                "anywhere": _steps(tab, _anywhere(steps), rounds),
            }
        what = f"play head over {steps} words, {size[0]} × {size[1]}, moved to painted"
        rows += [
            Row(NAME, f"{what}: {how}", "one frame", "≤ 16 ms", FRAME_MS, found, "ms", _share(found))
            for how, found in ways.items()
        ]
    return rows


def _anywhere(steps: int) -> Iterator[int]:
    chance = random.Random(7)
    while True:
        yield chance.randrange(steps)


def _steps(tab: DecodingTab, wanted: Iterator[int], rounds: int) -> tuple[float, ...]:
    """Milliseconds from the play head's new step until all that it changes is painted."""
    from PySide6.QtWidgets import QApplication

    found = []
    for number, step in enumerate(islice(wanted, rounds + WARM)):
        started = time.perf_counter()
        tab.widgets.transport.moved.emit(step)
        QApplication.processEvents()
        if number >= WARM:
            found.append((time.perf_counter() - started) * 1000.0)
        assert tab.widgets.cards.cursor_at.step == step
        time.sleep(0.005)
    return tuple(found)


def _share(values: tuple[float, ...]) -> str:
    return f"p95 {np.percentile(values, 95):.3g} ms"
