"""Mask a text as pre-training does: which tokens are chosen, and what is shown in their place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnviz.text.masking import sample
from attnviz.trace import Masking, Record, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from attnviz.models.library import Library
    from attnviz.models.reference import Reference


@dataclass(frozen=True, slots=True)
class MaskText:
    """Yield the Tokens, with a Notice where they were cut, then what was Sampled. Static masks are those of epoch 0."""

    checkpoint: Reference
    text: str
    pair: str | None = None
    masking: Masking = Masking()  # noqa: RUF009 - frozen
    seed: int = 0
    epoch: int = 0

    def run(self, library: Library) -> Iterator[Record]:
        checkpoint = library.encoder(self.checkpoint)
        checkpoint.require_mask_token()
        for record in checkpoint.encode(self.text, self.pair):
            yield record
            if isinstance(record, Tokens):
                yield sample(record, self.masking, self.seed, checkpoint.codec, self.epoch)
