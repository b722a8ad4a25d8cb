"""Mask a text as pre-training does, and predict what was chosen: one step of training, as far as its loss."""

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
class PredictSampled:
    """Yield what MaskText yields, then Candidates for every chosen position; none where nothing was chosen."""

    checkpoint: Reference
    text: str
    pair: str | None = None
    masking: Masking = Masking()  # noqa: RUF009 - frozen
    seed: int = 0
    epoch: int = 0
    top: int = 10

    def run(self, library: Library) -> Iterator[Record]:
        from attnviz.models.masked_prediction import predict_sampled  # noqa: PLC0415 - imports torch: only where a model runs

        checkpoint = library.encoder(self.checkpoint)
        checkpoint.require_mask_head()
        for record in checkpoint.encode(self.text, self.pair):
            yield record
            if isinstance(record, Tokens):
                sampled = sample(record, self.masking, self.seed, checkpoint.codec, self.epoch)
                yield sampled
                yield from predict_sampled(checkpoint, record, sampled, self.top)
