"""The merges of a trace as one sequence, and which of them made a piece."""

from __future__ import annotations

from attnviz.trace import Merge, Merges, Trace


def history(trace: Trace) -> tuple[Merge, ...]:
    """All merges that have arrived, by rank."""
    chunks = sorted(trace.every(Merges), key=_start)
    return tuple(merge for chunk in chunks for merge in chunk.merges)


def makers(merges: tuple[Merge, ...]) -> dict[str, Merge]:
    """For each piece the merge that made it first."""
    return {merge.piece: merge for merge in reversed(merges)}


def _start(chunk: Merges) -> int:
    return chunk.start
