"""How surprising each word is: its own probability when it alone is masked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnviz.trace import Record, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from attnviz.models.library import Library
    from attnviz.models.reference import Reference


@dataclass(frozen=True, slots=True)
class ScoreWords:
    """Yield Tokens, then one OwnProbability a word piece as batches finish (Salazar et al. 2020, equation 1)."""

    checkpoint: Reference
    text: str
    pair: str | None = None

    def run(self, library: Library) -> Iterator[Record]:
        checkpoint = library.open(self.checkpoint)
        checkpoint.require_mask_head()
        for record in checkpoint.encode(self.text, self.pair):
            yield record
            if isinstance(record, Tokens):
                yield from checkpoint.own_probabilities(record)
