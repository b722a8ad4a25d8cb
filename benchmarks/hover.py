"""Pointing at the 512 × 512 map: from the mouse's move to the painted crosshair, in all views of the tab."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QApplication

from attnviz.tabs.inspector import InspectorTab
from benchmarks.painted import Paints
from benchmarks.row import Row
from benchmarks.subjects import inspector, text

NAME = "hover"
FRAME_MS = 16.0


def measure(*, quick: bool = False) -> list[Row]:
    length, rounds = (8, 2) if quick else (512, 101)
    with inspector(text(length)) as (_, tab):
        move = _Move(tab)
        move()
        moves = tuple(move() * 1000 for _ in range(rounds))
    what = f"hover in the {length} × {length} map, moved to painted"
    return [Row(NAME, what, "one frame", "≤ 16 ms", FRAME_MS, moves, "ms")]


class _Move:
    """Moves the mouse to another cell each time."""

    def __init__(self, tab: InspectorTab) -> None:
        self._map, self._paints = tab.map, Paints(tab.map)
        self._number = 0

    def __call__(self) -> float:
        frame = self._map.frame()
        assert frame is not None
        self._number += 1
        share = (self._number * 0.618) % 1.0
        area = frame.area
        point = QPointF(area.left() + share * area.width(), area.top() + (1 - share) * area.height())
        none, plain = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
        event = QMouseEvent(QEvent.Type.MouseMove, point, self._map.mapToGlobal(point), none, none, plain)
        QApplication.processEvents()  # what the last move left to paint beside the map
        self._paints.forget()
        started = time.perf_counter()
        QApplication.sendEvent(self._map, event)
        self._paints.wait()
        return self._paints.last - started
