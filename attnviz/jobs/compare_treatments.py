"""Predict each word of a text with [MASK], with a random word and with itself shown: the mismatch that 80/10/10 answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnviz.errors import JobError
from attnviz.jobs.fill_mask import MOST_CANDIDATES
from attnviz.jobs.measure_mask_rates import NOTHING, maskable
from attnviz.trace import Notice, Record, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from attnviz.models.library import Library
    from attnviz.models.reference import Reference


@dataclass(frozen=True, slots=True)
class CompareTreatments:
    """Yield the Tokens, with a Notice where they were cut, and a Mismatch for every word piece; ``first`` is the first position.

    ``seed`` says which random words are shown, ``top`` how many candidates are listed. A text without words gets a Notice.
    """

    checkpoint: Reference
    text: str
    pair: str | None = None
    seed: int = 0
    top: int = 10
    first: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.top <= MOST_CANDIDATES:
            raise JobError(
                f"The number of candidates must lie between 1 and {MOST_CANDIDATES}, not {self.top}.", "BAD_TOP"
            )

    def run(self, library: Library) -> Iterator[Record]:
        from attnviz.models.mismatch import compare  # noqa: PLC0415 - imports torch: only where a model runs

        checkpoint = library.encoder(self.checkpoint)
        checkpoint.require_mask_head()
        for record in checkpoint.encode(self.text, self.pair):
            yield record
            if isinstance(record, Tokens):
                if not maskable(checkpoint.codec, (record,)):
                    yield Notice(NOTHING, "There is nothing to mask: the text has no words but special tokens.")
                    return
                yield from compare(checkpoint, record, self.seed, self.top, self.first)
