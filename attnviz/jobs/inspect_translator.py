"""Look inside an encoder–decoder Transformer: what Inspect, ReadLens and LookInside do where a model writes its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnviz.errors import CheckpointError, JobError
from attnviz.jobs.changed import fitting
from attnviz.trace import Attention, Block, Decoding, Hidden, Record, Site, Tokens

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from attnviz.edits import InsideEdit, InsideWish
    from attnviz.models.encoder_decoder import EncoderDecoder


@dataclass(frozen=True, slots=True)
class Writing:
    """An open model that reads ``text`` and writes ``answer`` to its end, or its own where that is None.

    Edits must fit the answer that the unchanged model gives; one that doesn't is a JobError, or left out and told in Misfits.
    """

    opened: EncoderDecoder
    text: str
    answer: str | None
    wishes: tuple[InsideWish, ...] = ()
    skips_misfits: bool = False

    def inspect(self, blocks: Collection[tuple[Site, int]] = (), *, overviews: bool = True) -> Iterator[Record]:
        """Yield the source's Tokens, Misfits and Made, the answer's Tokens, and the records of all three sites."""
        from attnviz.models.attention import overview  # noqa: PLC0415 - imports torch: only where a model runs

        seen = []
        for record, _ in self._look(blocks):
            seen += [record] if isinstance(record, Attention) else []
            yield record
        for attention in seen if overviews else ():
            yield overview(attention, (), self.opened.device)

    def read_lens(self, top: int) -> Iterator[Record]:
        """The same with Positions and Streams, then the decoder's Lens for Hidden 0 to the last."""
        from attnviz.models import transformer_changed as changed  # noqa: PLC0415 - imports torch

        hidden, decoding = [], None
        for record, _ in self._look(streams=True):
            hidden += [record] if isinstance(record, Hidden) else []
            decoding = record if isinstance(record, Decoding) else decoding
            yield record
        if decoding is not None:
            yield from changed.lens(self.opened, hidden, decoding, top)

    def look_inside(self, site: Site, layer: int, head: int) -> Iterator[Record]:
        """Both Tokens, then of one block the Attention, the Block, the BlockWeights and, for one head, Checked."""
        from attnviz.models import transformer_changed as changed  # noqa: PLC0415 - imports torch

        self._require_heads()
        config = changed.transformer_of(self.opened).config
        layers = config.encoder_layers if site is Site.ENCODER else config.decoder_layers
        if not (0 <= layer < layers and 0 <= head < config.heads):
            sentence = f"'{self.opened.report.name}' has {site} layers 0 to {layers - 1} and heads 0 to {config.heads - 1}; there is no layer {layer}, head {head}."
            raise JobError(sentence, "NO_SUCH_HEAD")
        attention: Attention | None = None
        for record, edits in self._look([(site, layer)]):
            if isinstance(record, Attention) and (record.site, record.layer) == (site, layer):
                attention = record
                yield record
            elif isinstance(record, Block) and attention is not None:
                yield record
                yield from changed.second_look(self.opened, attention, record, head, edits)
                return
            elif not isinstance(record, (Attention, Hidden)):
                yield record

    def _require_heads(self) -> None:
        if not self.opened.writer.has_heads:
            sentence = f"'{self.opened.report.name}' has no heads to look into: its one attention is seen and changed step by step in the decoding tab."
            raise CheckpointError(sentence, "WRONG_FAMILY")

    def _look(
        self, blocks: Collection[tuple[Site, int]] = (), *, streams: bool = False
    ) -> Iterator[tuple[Record, tuple[InsideEdit, ...]]]:
        """Every record, with the edits that are made."""
        from attnviz.models import transformer_changed as changed  # noqa: PLC0415 - imports torch
        from attnviz.models.settled import retold  # noqa: PLC0415

        self._require_heads()
        opened = self.opened
        forced = () if self.answer is None else (*opened.target_ids(self.answer), opened.writer.end)
        edits: tuple[InsideEdit, ...] = ()
        for record in opened.read(self.text):
            if not isinstance(record, Tokens):
                yield record, edits
                continue
            ground = changed.TransformerGround(opened, record, changed.steps_of(opened, record, forced))
            settling = fitting(ground, self.wishes, skips_misfits=self.skips_misfits)
            while True:
                try:
                    yield next(settling), edits
                except StopIteration as settled:
                    edits = settled.value
                    break
            tokens = retold(record, opened.source, edits)
            yield tokens, edits
            for each in changed.look(opened, tokens, forced, edits, blocks, streams=streams):
                yield each, edits
