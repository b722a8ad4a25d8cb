"""Read the hidden states of every layer by the model's own masked-word head: when does a word become known?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnviz.errors import JobError
from attnviz.jobs.changed import EarlierLook, kept_of, make
from attnviz.jobs.inspect_translator import Writing
from attnviz.trace import Hidden, Record, Span, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from attnviz.edits import InsideWish
    from attnviz.models.checkpoint import Checkpoint
    from attnviz.models.library import Library
    from attnviz.models.reference import Reference

MOST_WORDS = 100


@dataclass(frozen=True, slots=True)
class ReadLens:
    """Yield what Inspect yields without its overviews, with Positions and a Stream a layer, then a Lens for Hidden 0 to the last.

    ``top`` words are listed at each position. An encoder–decoder writes ``pair`` or its own answer, and its decoder's states are read. ``edits``, ``earlier`` and ``skips_misfits`` are as in Inspect.
    """

    checkpoint: Reference
    text: str
    pair: str | None = None
    masked: tuple[Span, ...] = ()
    top: int = 5
    edits: tuple[InsideWish, ...] = ()
    earlier: EarlierLook | None = None
    skips_misfits: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.top <= MOST_WORDS:
            raise JobError(f"The number of words must lie between 1 and {MOST_WORDS}, not {self.top}.", "BAD_TOP")

    def run(self, library: Library) -> Iterator[Record]:
        if library.translates(self.checkpoint):
            opened = library.encoder_decoder(self.checkpoint)
            yield from Writing(opened, self.text, self.pair, self.edits, self.skips_misfits).read_lens(self.top)
            return
        checkpoint = library.encoder(self.checkpoint)
        checkpoint.require_word_head()
        for record in checkpoint.encode(self.text, self.pair, self.masked):
            if isinstance(record, Tokens):
                yield from self._read(checkpoint, record)
            else:
                yield record

    def _read(self, checkpoint: Checkpoint, unchanged: Tokens) -> Iterator[Record]:
        tokens, edits = yield from make(checkpoint, self.edits, unchanged, skips_misfits=self.skips_misfits)
        kept = kept_of(self.earlier, self.checkpoint, checkpoint, tokens, edits)
        hidden = []
        for record in checkpoint.trace(tokens, (), edits, kept, streams=True):
            if isinstance(record, Hidden):
                hidden.append(record)
            yield record
        yield from checkpoint.lens(hidden, tokens, self.top)
