"""Where a tokenizer comes from: a checkpoint folder, a tokenizer.json, or one that was just learned."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from attnviz.errors import CheckpointError
from attnviz.models.gate import TokenizerExamination
from attnviz.text.merge_edits import Edit, apply_edits
from attnviz.text.pipeline import Pipeline
from attnviz.text.tokenizer_file import TokenizerSpec, sanitise
from attnviz.trace import Progress

KEPT = 8
PATIENCE_S = 0.05
_Identity = tuple[tuple[str, int, int], ...]
_checked: OrderedDict[tuple[str, _Identity], TokenizerSpec] = OrderedDict()


@dataclass(frozen=True, slots=True)
class TokenizerSource:
    """``path`` is a checkpoint folder or a tokenizer.json; ``json`` the text of one that we learned, which then needs no path.

    ``name`` is what the cut is called, by default the folder's or the file's name. ``edits`` are made to what is read.
    """

    path: str = ""
    json: str = ""
    name: str = ""
    edits: tuple[Edit, ...] = ()

    @property
    def shown(self) -> str:
        return self.name or Path(self.path).name or "learned"

    def open(self) -> Generator[Progress, None, Pipeline]:
        """Give the tokenizer at work, after Progress for as long as a child process checks its file; closing stops that.

        It is checked and built once for as long as its files don't change. Raises CheckpointError, and JobError where an
        edit makes no sense.
        """
        if self.json:
            return _opened(self, _learned(self.json))
        return _opened(self, (yield from _examined(self.path)))


def _examined(path: str) -> Generator[Progress, None, TokenizerSpec]:
    """The tokenizer of a folder or file as the gate let it through."""
    if not path:
        raise CheckpointError("No tokenizer is named; give a folder or a tokenizer.json.", "TOKENIZER_MISSING")
    key = path, _identity(path)
    if key not in _checked:
        examination = TokenizerExamination(Path(path))
        try:
            while not examination.is_done(PATIENCE_S):
                yield Progress("checking the tokenizer")
            _checked[key] = examination.spec()
        finally:
            examination.cancel()
        while len(_checked) > KEPT:
            _checked.popitem(last=False)
    return _checked[key]


@lru_cache(maxsize=KEPT)
def _learned(json: str) -> TokenizerSpec:
    return sanitise(json.encode("utf-8", "surrogatepass"), name="The learned tokenizer")


@lru_cache(maxsize=KEPT)
def _opened(source: TokenizerSource, spec: TokenizerSpec) -> Pipeline:
    edited = replace(spec, json=apply_edits(spec.json, source.edits)) if source.edits else spec
    return Pipeline(edited, source.shown)


def _identity(path: str) -> _Identity:
    """What tells whether the files that were read are still the same."""
    found = []
    for name in ("", "tokenizer.json", "tokenizer_config.json", "vocab.txt"):
        try:
            status = os.stat(os.path.join(path, name) if name else path)  # noqa: PTH116, PTH118 - Path refuses some strings
        except (OSError, ValueError):
            continue
        found.append((name, status.st_size, status.st_mtime_ns))
    return tuple(found)
