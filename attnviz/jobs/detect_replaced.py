"""Say of every word of a text how probable it is that it was replaced."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnviz.models.detection import detect, require_detector
from attnviz.trace import Record, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from attnviz.models.library import Library
    from attnviz.models.reference import Reference


@dataclass(frozen=True, slots=True)
class DetectReplaced:
    """Yield the Tokens, with a Notice where they were cut, the forward's records, and what was Detected."""

    checkpoint: Reference
    text: str
    pair: str | None = None

    def run(self, library: Library) -> Iterator[Record]:
        checkpoint = library.encoder(self.checkpoint)
        require_detector(checkpoint)
        for record in checkpoint.encode(self.text, self.pair):
            yield record
            if isinstance(record, Tokens):
                yield from detect(checkpoint, record)
