"""Scrubbing an output of 200 words in the real window: from another step to everything painted."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
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
            chance = random.Random(7)
            ways = {
                "step by step": _steps(tab, lambda step: (step + 1) % steps, rounds),
                "anywhere": _steps(tab, lambda _, chance=chance: chance.randrange(steps), rounds),
            }
        what = f"play head over {steps} words, {size[0]} × {size[1]}, moved to painted"
        rows += [
            Row(NAME, f"{what}: {how}", "one frame", "≤ 16 ms", FRAME_MS, found, "ms", _share(found))
            for how, found in ways.items()
        ]
    return rows


def _steps(tab: DecodingTab, following: Callable[[int], int], rounds: int) -> tuple[float, ...]:
    """Milliseconds from the play head's new step until all that it changes is painted."""
    from PySide6.QtWidgets import QApplication

    found = []
    for number in range(rounds + WARM):
        step = following(tab.cursor_at.step)
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
