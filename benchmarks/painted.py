"""Notes when a widget has been painted."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QWidget

from benchmarks.subjects import process_events


class Paints(QObject):
    """Counts the paint events of ``widget``; ``last`` is when the latest one ended, on ``perf_counter``'s clock.

    ``shown`` is what ``look`` said while that paint was answered: what is on screen, and not what will be.
    """

    def __init__(self, widget: QWidget, look: Callable[[], object] = lambda: None) -> None:
        super().__init__(widget)
        self._widget = widget
        self._look = look
        self.shown: object = None
        self._painting = False
        self.count = 0
        self.last = 0.0
        widget.installEventFilter(self)

    def forget(self) -> None:
        self.count = 0

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() != QEvent.Type.Paint or self._painting or watched is not self._widget:
            return False
        self._painting = True
        try:
            self._widget.event(event)  # what would come next anyway; the event itself is then used up
        finally:
            self._painting = False
        self.shown = self._look()
        self.count += 1
        self.last = time.perf_counter()
        return True

    def wait(self) -> None:
        """Run the event loop until the widget has been painted since ``forget``."""
        process_events(self._is_painted)

    def _is_painted(self) -> bool:
        return self.count > 0
