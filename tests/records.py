"""What a run records, gathered and compared to the last bit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from attnviz.models.library import Library
from attnviz.trace import Attention, Block, Hidden, Record, Stream, Trace


def run(library: Library, job: Any) -> Trace:
    """Everything that a job answers."""
    return Trace().plus(*job.run(library))


def drained(run: Iterator[Record]) -> tuple[list[Record], torch.Tensor]:
    """A trace's records and the states that it returns."""
    records = []
    while True:
        try:
            records.append(next(run))
        except StopIteration as finished:
            return records, finished.value


def of(kind: type, records: list[Record]) -> list[Any]:
    return [record for record in records if isinstance(record, kind)]


def bits(record: Record) -> object:
    """Everything in a record, to be compared exactly."""
    match record:
        case Hidden():
            return record.slot, record.states.tobytes()
        case Attention():
            arrays = (record.query, record.key, record.value, record.mask, *(record.given or {}).values())
            return record.slot, record.scale, *(None if array is None else array.tobytes() for array in arrays)
        case Block():
            return record.slot, {name: stage.tobytes() for name, stage in record.stages.items()}
        case Stream():
            return record.slot, record.entering.tobytes(), record.added.tobytes(), record.cosine.tobytes()
    return record
