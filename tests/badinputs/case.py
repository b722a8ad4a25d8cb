"""One row of the table of bad inputs: how to make it, and which answer it must get."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.badinputs.valid import write_bert_folder

QUICK = 0.5
Builder = Callable[[Path], Path | None]


@dataclass(frozen=True, slots=True)
class Case:
    """``build`` spoils the valid folder that ``start`` writes, and may give another path to open.

    ``code`` None: opened, with ``words`` in its notes, which else must stand in the sentence. ``seconds`` of computing are
    allowed; ``child`` examines in a child process.
    """

    id: str
    build: Builder
    code: str | None
    words: tuple[str, ...] = ()
    seconds: float = 5.0
    child: bool = False
    consent: bool = False
    memory: int | None = None
    start: Callable[[Path], Path] = write_bert_folder
