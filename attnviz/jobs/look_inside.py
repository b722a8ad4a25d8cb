"""Open one layer: every stage of its computation, its parameters, and one head's weights computed a second way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnviz.errors import JobError
from attnviz.jobs.changed import EarlierLook, kept_of, make
from attnviz.jobs.inspect_translator import Writing
from attnviz.trace import Attention, Block, Record, Site, Span, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from attnviz.edits import InsideWish
    from attnviz.models.checkpoint import Checkpoint
    from attnviz.models.library import Library
    from attnviz.models.reference import Reference


@dataclass(frozen=True, slots=True)
class LookInside:
    """Yield the Tokens, then of one layer the Attention, the Block, the BlockWeights and, for one head, Checked.

    With an ``earlier`` answer to the same text no more than that one layer is run; without it the layers below it are run
    too. An encoder–decoder writes ``pair`` or its own answer, anew each time. ``edits`` and ``skips_misfits`` are as in Inspect.
    """

    checkpoint: Reference
    text: str
    pair: str | None = None
    masked: tuple[Span, ...] = ()
    layer: int = 0
    head: int = 0
    site: Site = Site.ENCODER
    edits: tuple[InsideWish, ...] = ()
    earlier: EarlierLook | None = None
    skips_misfits: bool = False

    def run(self, library: Library) -> Iterator[Record]:
        if library.translates(self.checkpoint):
            opened = library.encoder_decoder(self.checkpoint)
            writing = Writing(opened, self.text, self.pair, self.edits, self.skips_misfits)
            yield from writing.look_inside(self.site, self.layer, self.head)
            return
        checkpoint = library.encoder(self.checkpoint)
        if self.site is not Site.ENCODER:
            raise JobError(
                f"'{checkpoint.report.name}' is an encoder; it has no {self.site} attention.", "NO_SUCH_SITE"
            )
        checkpoint.check_head(self.layer, self.head)
        for record in checkpoint.encode(self.text, self.pair, self.masked):
            if isinstance(record, Tokens):
                yield from self._open(checkpoint, record)
            else:
                yield record

    def _open(self, checkpoint: Checkpoint, unchanged: Tokens) -> Iterator[Record]:
        tokens, edits = yield from make(checkpoint, self.edits, unchanged, skips_misfits=self.skips_misfits)
        kept = kept_of(self.earlier, self.checkpoint, checkpoint, tokens, edits)
        attention: Attention | None = None
        for record in checkpoint.trace(tokens, (self.layer,), edits, kept):
            if isinstance(record, Attention) and record.layer == self.layer:
                attention = record
                yield record
            elif isinstance(record, Block) and attention is not None:
                yield record
                yield checkpoint.block_weights(self.layer)
                yield checkpoint.checked(attention, record, self.head, edits)
                return
