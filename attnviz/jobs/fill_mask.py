"""Predict the masked words of a text: what stands behind each ``[MASK]``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnviz.errors import TextError
from attnviz.trace import Notice, Record, Span, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from attnviz.models.checkpoint import Checkpoint
    from attnviz.models.library import Library
    from attnviz.models.reference import Reference

MOST_MASKS = 32


@dataclass(frozen=True, slots=True)
class FillMask:
    """Yield Tokens, the forward's records, and Candidates for every mask, at most 32.

    A mask is ``[MASK]`` in the text or a word that touches a span of ``masked`` (code points of ``text + "\\n" + pair``);
    of the latter the original word's rank and probability are known. Raises TextError when there is no mask.
    """

    checkpoint: Reference
    text: str
    pair: str | None = None
    masked: tuple[Span, ...] = ()
    top: int = 10

    def run(self, library: Library) -> Iterator[Record]:
        checkpoint = library.open(self.checkpoint)
        checkpoint.require_mask_head()
        for record in checkpoint.encode(self.text, self.pair, self.masked):
            yield record
            if isinstance(record, Tokens):
                yield from self._predict(checkpoint, record)

    def _predict(self, checkpoint: Checkpoint, tokens: Tokens) -> Iterator[Record]:
        if not tokens.masks:
            raise TextError(f"The text has no {checkpoint.codec.spec.mask}; put it where a word is to be predicted.", "NO_MASK")
        if len(tokens.masks) > MOST_MASKS:
            yield Notice("masks", f"Predicting the first {MOST_MASKS} of {len(tokens.masks)} masks.")
        states = yield from checkpoint.trace(tokens)
        yield from checkpoint.candidates(states, tokens, self.top)
