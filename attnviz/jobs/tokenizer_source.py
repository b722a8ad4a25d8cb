"""Where a tokenizer comes from: a checkpoint folder, a tokenizer.json, or one that was just learned."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from attnviz.errors import CheckpointError
from attnviz.models.gate.paths import Folder
from attnviz.text.merge_edits import Edit, apply_edits
from attnviz.text.pipeline import Pipeline
from attnviz.text.plain_file import read_bytes
from attnviz.text.tokenizer_file import LARGEST_FILE, TokenizerSpec, read_tokenizer, sanitise


@dataclass(frozen=True, slots=True)
class TokenizerSource:
    """``path`` is a checkpoint folder or a tokenizer.json; ``json`` the text of one, which then needs no path.

    ``name`` is what the cut is called, by default the folder's or the file's name. ``edits`` are made to what is read.
    """

    path: str = ""
    json: str = ""
    name: str = ""
    edits: tuple[Edit, ...] = ()

    @property
    def shown(self) -> str:
        return self.name or Path(self.path).name or "learned"

    def spec(self) -> TokenizerSpec:
        """The checked tokenizer. Raises CheckpointError or TextError, and JobError where an edit makes no sense."""
        found = self._read()
        return replace(found, json=apply_edits(found.json, self.edits)) if self.edits else found

    def _read(self) -> TokenizerSpec:
        if self.json:
            return sanitise(self.json.encode("utf-8", "surrogatepass"), name=self.shown)
        if os.path.isdir(self.path):  # noqa: PTH112 - Path refuses some strings that isdir only denies
            return read_tokenizer(Folder(Path(self.path)))
        if not self.path:
            raise CheckpointError("No tokenizer is named; give a folder or a tokenizer.json.", "TOKENIZER_MISSING")
        return sanitise(read_bytes(self.path, LARGEST_FILE), name=Path(self.path).name)

    def open(self) -> Pipeline:
        """The tokenizer at work; opened once for as long as its files don't change."""
        return _opened(self, _identity(self.path))


@lru_cache(maxsize=8)
def _opened(source: TokenizerSource, identity: tuple[tuple[str, int, int], ...]) -> Pipeline:  # noqa: ARG001 - part of the key
    return Pipeline(source.spec(), source.shown)


def _identity(path: str) -> tuple[tuple[str, int, int], ...]:
    """What tells whether the files that were read are still the same."""
    found = []
    for name in ("", "tokenizer.json", "tokenizer_config.json", "vocab.txt"):
        try:
            status = os.stat(os.path.join(path, name) if name else path)  # noqa: PTH116, PTH118 - as above
        except (OSError, ValueError):
            continue
        found.append((name, status.st_size, status.st_mtime_ns))
    return tuple(found)
