"""The learned tokenizer as a file: a tokenizer.json that the tokenizers library loads, or its merges as CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QStandardPaths, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QMenu, QToolButton, QWidget

from attnviz.errors import AttnvizError
from attnviz.export.atomic import write_bytes
from attnviz.export.numbers import save_table
from attnviz.text.bpe_file import merges_table
from attnviz.trace import Learned, Trace
from attnviz.views.history import history

if TYPE_CHECKING:
    from collections.abc import Callable


class SaveButton(QToolButton):
    """``failed`` carries an AttnvizError, ``saved`` the path of a file that was written."""

    failed = Signal(object)
    saved = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._trace = Trace()
        self.setText("Save")
        self.setToolTip("Save the learned tokenizer")
        self.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self)
        menu.addAction("Tokenizer as tokenizer.json…", self._ask_tokenizer)
        menu.addAction("Merges as CSV…", self._ask_merges)
        self.setMenu(menu)
        self.setEnabled(False)

    def offer(self, trace: Trace) -> None:
        """What there is to save."""
        self._trace = trace
        self.setEnabled(trace.find(Learned) is not None)

    def save_tokenizer(self, path: str) -> None:
        """Write the tokenizer.json."""
        found = self._trace.find(Learned)
        if found is not None:
            self._try(lambda: write_bytes(path, found.json.encode("utf-8")), path)

    def save_merges(self, path: str) -> None:
        """Write one row a merge."""
        found = self._trace.find(Learned)
        if found is not None:
            self._try(lambda: save_table(merges_table(history(self._trace), found.alphabet), path), path)

    def _try(self, write: Callable[[], None], path: str) -> None:
        try:
            write()
        except AttnvizError as error:
            self.failed.emit(error)
        else:
            self.saved.emit(path)

    @Slot()
    def _ask_tokenizer(self) -> None:
        if path := self._ask("tokenizer.json", "JSON (*.json)"):
            self.save_tokenizer(path)

    @Slot()
    def _ask_merges(self) -> None:
        if path := self._ask("merges.csv", "CSV (*.csv)"):
            self.save_merges(path)

    def _ask(self, name: str, kinds: str) -> str:
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        return QFileDialog.getSaveFileName(self, "Save", f"{folder}/{name}", kinds)[0]
