"""What every view is: a widget that draws (trace, cursor), gives its numbers as a table, and says where it is pointed at."""

from __future__ import annotations

import time

from PySide6.QtCore import QEvent, Signal
from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.trace import Cursor, Trace


class View(QWidget):
    """Base of all views. ``draw`` is the only way in, ``pointed`` (carrying a Cursor) the only way out.

    A subclass overrides ``_update`` to bring its picture in line with ``self.trace`` and ``self.cursor``; it never
    calls a model, and it must accept a trace in which nothing has arrived yet.
    """

    pointed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.trace = Trace()
        self.cursor_at = Cursor()
        self.paint_seconds = 0.0

    def draw(self, trace: Trace, cursor: Cursor) -> bool:
        """Show ``trace`` at ``cursor``; costs nothing, and says False, when both are the same objects as before."""
        if trace is self.trace and cursor == self.cursor_at:
            return False
        fresh = trace is not self.trace
        self.trace, self.cursor_at = trace, cursor
        self._update(fresh=fresh)
        return True

    def numbers(self) -> Table:
        """What the picture shows, as numbers."""
        return Table((), ())

    def _update(self, *, fresh: bool) -> None:
        """Redraw; ``fresh`` says that the trace changed and not only the cursor."""
        self.update()

    def event(self, event: QEvent) -> bool:
        """Times the painting, for the status line."""
        if event.type() != QEvent.Type.Paint:
            return super().event(event)
        began = time.perf_counter()
        answer = super().event(event)
        self.paint_seconds += time.perf_counter() - began
        return answer

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self._update(fresh=True)
