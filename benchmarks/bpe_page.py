"""The Learn page under the hand, in the real window: what a step of the slider costs, and how late the window is while it learns."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.bpe_learning import english
from benchmarks.row import Row
from benchmarks.subjects import application, process_events

if TYPE_CHECKING:
    from attnviz.tabs.tokenization_learn import LearnPage

NAME = "bpe-page"
FRAME_MS = 16.0
GAP_MS = 250.0
WARM = 10


def measure(*, quick: bool = False) -> list[Row]:
    size, merges, rounds = (20_000, 100, 3) if quick else (840_000, 8000, 301)
    sentence = " ".join(english(20_000).split()[:200])
    with _page(sentence) as page:
        gaps = _learn(page, english(size), merges)
        played = _steps(page, lambda done: (done + max(1, merges // 720)) % merges, rounds)
        chance = random.Random(7)
        dragged = _steps(page, lambda _: chance.randrange(merges + 1), rounds)
    what = f"slider of the Learn page over {merges:,} merges, 200 words, moved to painted"
    rows = [
        Row(NAME, f"{what}: {how}", "one frame", "≤ 16 ms", FRAME_MS, values, "ms", _share(values, 95))
        for how, values in (("as it plays", played), ("anywhere", dragged))
    ]
    waiting = f"longest time without an event while {merges:,} merges are learned on {size // 1000} KB"
    return [
        *rows,
        Row(NAME, waiting, "the time to cancel", "≤ 250 ms", GAP_MS, (max(gaps),), "ms", _share(gaps, 99)),
    ]


@contextmanager
def _page(sentence: str) -> Iterator[LearnPage]:
    """The page in front of a settled window."""
    application()
    from attnviz import session, settings
    from attnviz.tabs.tokenization import TokenizationTab

    remembered = settings.Settings(sentence=sentence, theme="light", tab="tokenization")
    window = session.make_window(remembered, None, None)
    window.show()
    process_events(lambda: isinstance(window.tab, TokenizationTab) and window.tab.is_settled)
    gc.freeze()  # as a run does after its first seconds
    try:
        assert isinstance(window.tab, TokenizationTab)
        yield window.tab.learn
    finally:
        gc.unfreeze()
        window.close()
        window.deleteLater()


def _learn(page: LearnPage, text: str, merges: int) -> list[float]:
    """Milliseconds between two turns of the event loop while the page learns."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    page.corpus.put(text, "english")
    page.corpus.merges.setValue(merges)
    QApplication.processEvents()  # the text is laid out before it is learned from
    clock = QTimer(interval=1)
    turns: list[float] = []
    clock.timeout.connect(lambda: turns.append(time.perf_counter()))
    clock.start()
    turns.append(time.perf_counter())
    page.corpus.ask()
    process_events(lambda: page.is_settled)
    turns.append(time.perf_counter())
    clock.stop()
    assert len(page.merges) == merges
    return (np.diff(turns) * 1000.0).tolist()


def _steps(page: LearnPage, following: Callable[[int], int], rounds: int) -> tuple[float, ...]:
    """Milliseconds from the slider's new value until all that it changes is painted."""
    from PySide6.QtWidgets import QApplication

    found = []
    for step in range(rounds + WARM):
        done = following(page.moment.done)
        started = time.perf_counter()
        page.slider.slider.setValue(done)
        QApplication.processEvents()
        if step >= WARM:
            found.append((time.perf_counter() - started) * 1000.0)
        assert page.moment.done == done
        time.sleep(0.005)
    return tuple(found)


def _share(values: Sequence[float], percent: int) -> str:
    return f"p{percent} {np.percentile(values, percent):.3g} ms"
