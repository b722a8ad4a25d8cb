"""One question at a time within a tab that has several: a sink of its own, so that a newer question drops only its elder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from attnviz.engine import Done, Failed
from attnviz.trace import Notice, Progress, Trace

if TYPE_CHECKING:
    from attnviz.engine import Ending, Engine
    from attnviz.jobs import Job
    from attnviz.trace import Record


class Asking(QObject):
    """``came`` says that ``incoming`` grew, ``answered`` that ``trace`` is a new complete answer, ``failed`` carries the error.

    ``rested`` follows every ending. A cancelled or failed question leaves the last answer as it was.
    """

    came = Signal()
    answered = Signal()
    failed = Signal(object)
    rested = Signal()

    def __init__(self, engine: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self.trace = Trace()
        self.incoming = Trace()
        self.progress: Progress | None = None
        self.is_busy = False
        self.job: Job | None = None

    @property
    def notices(self) -> tuple[Notice, ...]:
        return self.trace.every(Notice)

    def newest(self, kind: type[Record]) -> Trace:
        """The answer that is coming in, when it has such a record already, else the last one."""
        return self.incoming if self.is_busy and self.incoming.find(kind) is not None else self.trace

    def ask(self, job: Job) -> None:
        """Put a question; the one that is under way is dropped."""
        self._engine.cancel(self)
        self.incoming, self.progress, self.job = Trace(), None, job
        self.is_busy = True
        self._engine.submit(job, self)

    def cancel(self) -> None:
        self._engine.cancel(self)

    def forget(self) -> None:
        """Drop the question and its answer."""
        self.cancel()
        self.trace, self.job = Trace(), None

    def receive(self, records: tuple[Record, ...]) -> None:
        self.incoming = self.incoming.plus(*records)
        self.progress = self.incoming.find(Progress)
        self.came.emit()

    def end(self, ending: Ending) -> None:
        self.is_busy = False
        if isinstance(ending, Done):
            self.trace = self.incoming
            self.answered.emit()
        else:
            self.job = None
        if isinstance(ending, Failed):
            self.failed.emit(ending.error)
        self.rested.emit()
