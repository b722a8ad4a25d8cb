"""A key press in the sentence box, and the time until a view shows what it asked for."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from attnviz.window import Window
from benchmarks.painted import Paints
from benchmarks.subjects import process_events


class Press:
    """Types a word's last letter and waits until ``view`` was painted with ``look`` saying ``wanted``; then takes it back, unmeasured."""

    def __init__(self, window: Window, view: QWidget, look: Callable[[], object], wanted: object) -> None:
        self._window, self._wanted = window, wanted
        self._box = window.header.sentence
        self._paints = Paints(view, look)

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
        """It was painted since, and what was painted is of the new sentence."""
        return self._paints.count > 0 and self._paints.shown == self._wanted
