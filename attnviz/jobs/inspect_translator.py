"""Look inside an encoder–decoder Transformer under edits: what Inspect does where there are some, or blocks are wanted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnviz.errors import CheckpointError
from attnviz.jobs.changed import fitting
from attnviz.trace import Attention, Record, Site, Tokens

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from attnviz.edits import InsideWish
    from attnviz.models.encoder_decoder import EncoderDecoder


def inspect_translator(
    opened: EncoderDecoder,
    text: str,
    answer: str | None,
    wishes: Sequence[InsideWish],
    blocks: Collection[tuple[Site, int]] = (),
    *,
    overviews: bool = True,
    skips_misfits: bool = False,
) -> Iterator[Record]:
    """Yield the source's Tokens, Misfits and Made, the answer's Tokens, and the records of all three sites.

    ``answer`` is followed to its end; without one the changed model writes its own, but edits must fit the answer that the
    unchanged one gives.
    """
    from attnviz.models import transformer_changed as changed  # noqa: PLC0415 - imports torch: only where a model runs
    from attnviz.models.attention import overview  # noqa: PLC0415
    from attnviz.models.settled import retold  # noqa: PLC0415

    if not opened.writer.has_heads:
        sentence = f"'{opened.report.name}' has no heads to change: its one attention is changed step by step in the decoding tab."
        raise CheckpointError(sentence, "WRONG_FAMILY")
    forced = () if answer is None else (*opened.target_ids(answer), opened.writer.end)
    for record in opened.read(text):
        if not isinstance(record, Tokens):
            yield record
            continue
        ground = changed.TransformerGround(opened, record, changed.steps_of(opened, record, forced))
        edits = yield from fitting(ground, wishes, skips_misfits=skips_misfits)
        tokens = retold(record, opened.source, edits)
        yield tokens
        seen = []
        for each in changed.look(opened, tokens, forced, edits, blocks):
            seen += [each] if isinstance(each, Attention) else []
            yield each
        for attention in seen if overviews else ():
            yield overview(attention, (), opened.device)
