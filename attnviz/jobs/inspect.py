"""Look inside one forward: every layer's attention and hidden states, and all heads in small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnviz.jobs.changed import EarlierLook, kept_of, make
from attnviz.jobs.inspect_translator import Writing
from attnviz.trace import Attention, Overview, Record, Site, Span, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from attnviz.edits import InsideWish
    from attnviz.models.checkpoint import Checkpoint
    from attnviz.models.encoder_decoder import EncoderDecoder
    from attnviz.models.library import Library
    from attnviz.models.reference import Reference


@dataclass(frozen=True, slots=True)
class Inspect:
    """Yield Tokens, then Attention and Hidden layer by layer, Timing, and an Overview a layer.

    ``blocks`` names the layers whose every intermediate is wanted too, ``streams`` has what each adds to the residual stream.
    ``overviews`` can be left out by those who only want the numbers. ``edits`` change the run from their layers on; the Tokens
    are then those that the model sees, and Made tells the edits. ``earlier`` spares the layers that an earlier answer has
    computed already. An edit that doesn't fit is a JobError, or with ``skips_misfits`` left out and told in a Misfits record.
    An encoder–decoder reads ``text`` and writes ``pair``, or its own answer: Attention of three sites.
    """

    checkpoint: Reference
    text: str
    pair: str | None = None
    masked: tuple[Span, ...] = ()
    blocks: tuple[int, ...] = ()
    overviews: bool = True
    edits: tuple[InsideWish, ...] = ()
    earlier: EarlierLook | None = None
    skips_misfits: bool = False
    streams: bool = False

    def run(self, library: Library) -> Iterator[Record]:
        if library.translates(self.checkpoint):
            yield from self._translate(library.encoder_decoder(self.checkpoint))
            return
        checkpoint = library.encoder(self.checkpoint)
        for record in checkpoint.encode(self.text, self.pair, self.masked):
            if isinstance(record, Tokens):
                yield from self._look(checkpoint, record)
            else:
                yield record

    def _translate(self, opened: EncoderDecoder) -> Iterator[Record]:
        if not (self.edits or self.blocks):
            yield from opened.inspect(self.text, self.pair, overviews=self.overviews)
            return
        blocks = [(site, layer) for site in Site for layer in self.blocks]
        writing = Writing(opened, self.text, self.pair, self.edits, self.skips_misfits)
        yield from writing.inspect(blocks, overviews=self.overviews)

    def _look(self, checkpoint: Checkpoint, unchanged: Tokens) -> Iterator[Record]:
        tokens, edits = yield from make(checkpoint, self.edits, unchanged, skips_misfits=self.skips_misfits)
        kept = kept_of(self.earlier, self.checkpoint, checkpoint, tokens, edits)
        layers = []
        for record in checkpoint.trace(tokens, self.blocks, edits, kept, streams=self.streams):
            if isinstance(record, Attention):
                layers.append(record)
            yield record
        if self.overviews:
            for attention in layers:
                yield self._known(attention) or checkpoint.overview(attention, tokens)

    def _known(self, attention: Attention) -> Overview | None:
        """The earlier Overview of the very same Attention."""
        if self.earlier is None or not any(record is attention for record in self.earlier.records):
            return None
        found = (record for record in self.earlier.records if isinstance(record, Overview))
        return next((record for record in found if record.slot[1] == attention.slot[1]), None)
