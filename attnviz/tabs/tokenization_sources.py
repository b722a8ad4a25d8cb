"""The tokenizers at hand: the learned one, that of the open checkpoint, and files chosen from disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog

from attnviz.jobs.tokenizer_source import TokenizerSource

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from attnviz.tabs.scene import Scene

LEARNED = "learned"


class Sources(QObject):
    """``changed`` says that ``every`` differs: names are unique, the newest learned tokenizer takes the place of the last."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._learned: TokenizerSource | None = None
        self._checkpoint: TokenizerSource | None = None
        self._files: tuple[TokenizerSource, ...] = ()

    @property
    def every(self) -> tuple[TokenizerSource, ...]:
        found = (self._learned, self._checkpoint, *self._files)
        return tuple(source for source in found if source is not None)

    @property
    def checkpoint(self) -> TokenizerSource | None:
        """The open checkpoint's own."""
        return self._checkpoint

    def named(self, name: str) -> TokenizerSource | None:
        return next((source for source in self.every if source.shown == name), None)

    def learn(self, json: str) -> None:
        """Another tokenizer was learned."""
        self._set_learned(TokenizerSource(json=json, name=LEARNED))

    def _set_learned(self, source: TokenizerSource) -> None:
        if source != self._learned:
            self._learned = source
            self.changed.emit()

    def follow(self, scene: Scene) -> None:
        """Another checkpoint was opened."""
        path = scene.reference.path if scene.reference else ""
        found = TokenizerSource(path=path, name=scene.report.name if scene.report else "") if path else None
        if found != self._checkpoint:
            self._checkpoint = found
            self.changed.emit()

    def add(self, path: str) -> TokenizerSource:
        """A file or a folder from disk; its name says where it is when another has the same."""
        name = Path(path).name if Path(path).name != "tokenizer.json" else f"{Path(path).parent.name}/tokenizer.json"
        source = TokenizerSource(path=path, name=name)
        self._files = (*(old for old in self._files if old.shown != name), source)
        self.changed.emit()
        return source

    def drop(self, source: TokenizerSource) -> None:
        """A file that turned out to be no tokenizer."""
        if source in self._files:
            self._files = tuple(old for old in self._files if old != source)
            self.changed.emit()


def ask_for_tokenizer(parent: QWidget) -> str:
    """The path of a tokenizer.json that the user chose, empty if none."""
    chosen, _ = QFileDialog.getOpenFileName(
        parent, "Open a tokenizer", str(Path.home()), "Tokenizers (*.json);;All files (*)"
    )
    return chosen
