"""From a key press in the sentence box to the painted map of the new sentence's last layer, against a bare forward.

The last layer, because the map of the first is there before the forward has ended.
"""

from __future__ import annotations

import statistics
from dataclasses import replace

from attnviz.tabs.inspector import InspectorTab
from benchmarks.pairs import in_turn, timed
from benchmarks.press import Press
from benchmarks.row import Row
from benchmarks.subjects import bare_forward, checkpoint, inspector, text

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
        press = Press(window, tab.map, lambda: _shape(tab), (length, length))
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


def _shape(tab: InspectorTab) -> object:
    """Of the map that is drawn."""
    picture = tab.map.picture
    return None if picture is None else picture.shape
