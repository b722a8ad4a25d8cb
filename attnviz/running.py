"""What runs, for how long, and whether the worker still answers: the engine's state in the status line and the messages."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

from attnviz.trace import Progress
from attnviz.views.message_bar import Message

if TYPE_CHECKING:
    from attnviz.engine import Engine
    from attnviz.views.message_bar import MessageBar
    from attnviz.views.status_line import StatusLine

LONG_MS = 300
TICK_MS = 100
PATIENCE_S = 5.0
STUCK = "stuck"


class Running(QObject):
    """Shows progress and the cancel button for anything over 300 ms, and offers to leave a stuck worker behind."""

    def __init__(self, engine: Engine, status: StatusLine, messages: MessageBar, parent: QObject) -> None:
        super().__init__(parent)
        self._engine, self._status, self._messages = engine, status, messages
        self._clock = QTimer(self, interval=TICK_MS)
        self._clock.timeout.connect(self._on_tick)
        engine.started.connect(self._on_started)
        engine.ended.connect(self._on_ended)

    @Slot(object)
    def _on_started(self, _request: object) -> None:
        if not self._clock.isActive():
            self._clock.start()

    @Slot(object)
    def _on_ended(self, _request: object) -> None:
        if self._engine.current is None and not self._engine.stuck:
            self._clock.stop()
            self._status.show_idle()
            self._messages.withdraw(STUCK)

    @Slot()
    def _on_tick(self) -> None:
        stuck, request = self._engine.stuck, self._engine.current
        if stuck > PATIENCE_S:
            sentence = "A stopped run has not answered for a while; it can be left behind, and the program goes on with a new worker."
            self._messages.tell(Message(sentence, "warning", "Leave it behind", STUCK))
        elif not stuck:
            self._messages.withdraw(STUCK)
        if request is None:
            self._show_stopping(stuck)
            return
        seconds = time.perf_counter() - request.asked
        if seconds * 1000 > LONG_MS:
            progress = getattr(request.sink, "progress", None) or Progress("working")
            self._status.show_running(progress.what, seconds, progress.done, progress.total)

    def _show_stopping(self, stuck: float) -> None:
        """Nobody waits for an answer any more, but the worker may still be at the run that was stopped."""
        if stuck:
            self._status.show_running("stopping", stuck, 0, 0)
        else:
            self._on_ended(None)
