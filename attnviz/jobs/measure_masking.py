"""Mask one text again and again: the shares in the long run, and how much of it is ever predicted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnviz.text.masking import Sampler
from attnviz.text.masking_long_run import EPOCHS, long_run
from attnviz.trace import Masking, Progress, Record, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from attnviz.models.library import Library
    from attnviz.models.reference import Reference

SEEDS = 50


@dataclass(frozen=True, slots=True)
class MeasureMasking:
    """Yield the LongRun and the coverage (a Plot) again after every seed; the checkpoint's tokenizer is all that is asked."""

    checkpoint: Reference
    text: str
    pair: str | None = None
    masking: Masking = Masking()  # noqa: RUF009 - frozen
    seeds: int = SEEDS

    def run(self, library: Library) -> Iterator[Record]:
        checkpoint = library.encoder(self.checkpoint)
        checkpoint.require_mask_token()
        tokens = next(record for record in checkpoint.encode(self.text, self.pair) if isinstance(record, Tokens))
        sampler = Sampler(tokens, self.masking, checkpoint.codec.vocabulary)
        for number, record in enumerate(long_run(sampler, self.masking, self.seeds)):
            yield record
            yield Progress("drawing masks", number * EPOCHS // 2, self.seeds * EPOCHS)
