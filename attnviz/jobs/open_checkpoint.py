"""Open a checkpoint folder and report how it was read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnviz.trace import Progress, Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from attnviz.models.library import Library
    from attnviz.models.reference import Reference


@dataclass(frozen=True, slots=True)
class OpenCheckpoint:
    """Yield the LoadReport; the library keeps the model for the jobs that follow."""

    checkpoint: Reference

    def run(self, library: Library) -> Iterator[Record]:
        yield Progress("checking the checkpoint")
        yield library.open(self.checkpoint, fresh=True).report
