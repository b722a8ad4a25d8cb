"""The pairs that ship: two sentences, and how the second came to stand there."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from attnviz import places
from attnviz.views.pair_table import SamplePair

if TYPE_CHECKING:
    from pathlib import Path


def samples() -> tuple[SamplePair, ...]:
    """Nothing where the file is gone."""
    return read(places.resources() / "texts" / "pairs.txt")


@cache
def read(path: Path) -> tuple[SamplePair, ...]:
    """A pair a line: its kind, the first and the second sentence, with tabs between."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return ()
    parts = (tuple(line.split("\t")) for line in lines)
    return tuple(SamplePair(*part) for part in parts if len(part) == len(SamplePair._fields))
