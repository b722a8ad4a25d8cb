"""From a key press in the sentence box to the painted map of the new sentence's last layer, against a bare forward.

The last layer, because the map of the first is there before the forward has ended.
"""

from __future__ import annotations

import statistics
import time
from dataclasses import replace

from attnviz.tabs.inspector import InspectorTab
from attnviz.window import Window
from benchmarks.painted import Paints
from benchmarks.pairs import in_turn, timed
from benchmarks.row import Row
from benchmarks.subjects import bare_forward, checkpoint, inspector, process_events, text

NAME = "key-press"
FIXED_S = 0.030


def measure(*, quick: bool = False) -> list[Row]:
    return [_row(length, 2 if quick else 31) for length in ((8,) if quick else (32, 128, 512))]


def _row(length: int, rounds: int) -> Row:
    checkpoint()
    with inspector(text(length - 1)) as (window, tab):
        report = tab.scene.report
        assert report is not None
        tab.point(replace(tab.cursor_at, layer=report.layers - 1))
        press = _Press(window, tab, length)
        pairs = in_turn(press, timed(bare_forward(length)), rounds)
    limit = 1.25 + FIXED_S / statistics.median(pairs.theirs)
    goal = f"≤ 1.25 × + 30 ms (here {limit:.3g})"
    return Row(
        NAME,
        f"key press to fresh heat map of the last layer, {length} tokens",
        "bare forward",
        goal,
        limit,
        pairs.ratios,
        note=pairs.said(),
    )


class _Press:
    """Types a word's last letter and waits for the map; then takes it back, unmeasured."""

    def __init__(self, window: Window, tab: InspectorTab, length: int) -> None:
        self._window, self._tab, self._length = window, tab, length
        self._box = window.header.sentence
        self._paints = Paints(tab.map, self._shape)

    def __call__(self) -> float:
        self._put(" ")
        process_events(lambda: self._window.is_settled)
        started = time.perf_counter()
        self._put("a")
        self._paints.forget()
        process_events(self._is_fresh)
        taken = self._paints.last - started
        process_events(lambda: self._window.is_settled)
        cursor = self._box.textCursor()
        cursor.deletePreviousChar()
        cursor.deletePreviousChar()
        process_events(lambda: self._window.is_settled)
        return taken

    def _put(self, letter: str) -> None:
        cursor = self._box.textCursor()
        cursor.movePosition(cursor.MoveOperation.End)
        self._box.setTextCursor(cursor)
        cursor.insertText(letter)

    def _is_fresh(self) -> bool:
        """The map was painted since, and what was painted has the new token."""
        return self._paints.count > 0 and self._paints.shown == (self._length, self._length)

    def _shape(self) -> object:
        picture = self._tab.map.picture
        return None if picture is None else picture.shape
