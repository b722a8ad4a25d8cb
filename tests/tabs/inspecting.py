"""A window with the inspector in front: how tests come to it, point in it, and what they compare it with."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from attnviz.trace import Trace
from attnviz.views.map_view import MapView
from attnviz.window import Window
from tests.windows import opened, settle

TEXT, PAIR = "the cat sat on a mat", "the cat\nit sat"


def inspector(qtbot: QtBot, folder: Path) -> Iterator[Window]:
    """The window with the inspector in front and the map in focus; closed afterwards."""
    made = opened(qtbot, folder, sentence=TEXT, tab="inspector")
    made.tab.map.setFocus()
    yield made
    made.close()


def ask(qtbot: QtBot, window: Window, text: str) -> None:
    window.header.sentence.put(text)
    settle(qtbot, window)


def centre(view: MapView, row: int, column: int) -> QPoint:
    return view.frame().cell_area(row, column).center().toPoint()


def hover(qtbot: QtBot, window: Window, row: int, column: int) -> None:
    view = window.tab.map
    qtbot.mouseMove(view, QPoint(1, 1))
    qtbot.mouseMove(view, centre(view, row, column))
    qtbot.waitUntil(lambda: window.tab.cursor_at.key == column)


def click(qtbot: QtBot, window: Window, row: int, column: int) -> None:
    view = window.tab.map
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=centre(view, row, column))


def table(text: str) -> tuple[list[str], list[list[str]]]:
    heading, *rows = list(csv.reader(text.splitlines()))
    return heading, rows


def numbers(text: str) -> np.ndarray:
    """The cells of a copied matrix, without its labels; an empty cell is not a number."""
    return np.array([[float(cell or "nan") for cell in row[1:]] for row in table(text)[1]], np.float32)


def weights(trace: Trace, layer: int, head: int) -> np.ndarray:
    """Attention from the record's queries and keys, by numpy in float64."""
    record = trace.attention(layer)
    assert record is not None
    scores = record.query[head].astype(np.float64) @ record.key[head].T.astype(np.float64) * record.scale
    exponentials = np.exp(scores - scores.max(-1, keepdims=True))
    found: np.ndarray = exponentials / exponentials.sum(-1, keepdims=True)
    return found
