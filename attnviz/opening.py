"""Opening a checkpoint from the window: asks the engine and says what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from attnviz.engine import Failed
from attnviz.jobs.open_checkpoint import OpenCheckpoint
from attnviz.models import shelf
from attnviz.models.reference import Reference
from attnviz.trace import LoadReport, Progress

if TYPE_CHECKING:
    from attnviz.engine import Ending, Engine
    from attnviz.trace import Record


class Opening(QObject):
    """``opened`` carries the LoadReport, ``refused`` the error. ``reference`` is the last one that was opened."""

    opened = Signal(object)
    refused = Signal(object)

    def __init__(self, engine: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._wanted = Reference("")
        self.reference: Reference | None = None
        self.progress: Progress | None = None
        self.devices: tuple[str, ...] = ("cpu",)
        self._report: LoadReport | None = None

    @property
    def last_path(self) -> str:
        """The folder that was asked for last, opened or not."""
        return self._wanted.path

    @property
    def last_consent(self) -> bool:
        """Whether pickles were allowed for the folder that was asked for last."""
        return self._wanted.allow_pickle

    def open(self, path: str, device: str = "auto", *, allow_pickle: bool = False) -> None:
        """Ask for a folder; an older wish that is still under way is dropped."""
        self._engine.cancel(self)
        self._report = None
        self._wanted = Reference(path, device, allow_pickle)
        self._engine.submit(OpenCheckpoint(self._wanted), self)

    def open_default(self, device: str) -> None:
        """The shipped model, when the folder that was remembered is refused at the start: better that than none."""
        folders = shelf.encoders()
        if folders and str(folders[0]) != self.last_path:
            self.open(str(folders[0]), device)

    def receive(self, records: tuple[Record, ...]) -> None:
        for record in records:
            if isinstance(record, Progress):
                self.progress = record
            elif isinstance(record, LoadReport):
                self._report = record

    def end(self, ending: Ending) -> None:
        self.progress = None
        if isinstance(ending, Failed):
            self.refused.emit(ending.error)
        elif self._report is not None and not isinstance(ending, Exception):
            self.reference = self._wanted
            self.devices = self._report.devices
            self.opened.emit(self._report)
