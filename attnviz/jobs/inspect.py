"""Look inside one forward: every layer's attention and hidden states, and all heads in small."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnviz.trace import Attention, Record, Span, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from attnviz.models.checkpoint import Checkpoint
    from attnviz.models.library import Library
    from attnviz.models.reference import Reference


@dataclass(frozen=True, slots=True)
class Inspect:
    """Yield Tokens, then Attention and Hidden layer by layer, Timing, and an Overview a layer.

    ``blocks`` names the layers whose every intermediate is wanted too. ``overviews`` can be left out by those who only
    want the numbers. An encoder–decoder reads ``text`` and writes ``pair``, or its own answer: Attention of three sites.
    """

    checkpoint: Reference
    text: str
    pair: str | None = None
    masked: tuple[Span, ...] = ()
    blocks: tuple[int, ...] = ()
    overviews: bool = True

    def run(self, library: Library) -> Iterator[Record]:
        if library.translates(self.checkpoint):
            writer = library.encoder_decoder(self.checkpoint)
            yield from writer.inspect(self.text, self.pair, overviews=self.overviews)
            return
        checkpoint = library.encoder(self.checkpoint)
        for record in checkpoint.encode(self.text, self.pair, self.masked):
            yield record
            if isinstance(record, Tokens):
                yield from self._look(checkpoint, record)

    def _look(self, checkpoint: Checkpoint, tokens: Tokens) -> Iterator[Record]:
        layers = []
        run = checkpoint.trace(tokens, self.blocks)
        for record in run:
            if isinstance(record, Attention):
                layers.append(record)
            yield record
        if self.overviews:
            for attention in layers:
                yield checkpoint.overview(attention, tokens)
