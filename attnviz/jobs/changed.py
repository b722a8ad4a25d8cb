"""What the jobs that look inside share: which edits are made, and an earlier answer to go on from."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from attnviz.edits.inside import InsideEdit, first_changed_layer
from attnviz.errors import JobError, printable
from attnviz.models.reference import Reference
from attnviz.text.edit_grammar import written
from attnviz.trace import Attention, Block, Hidden, Made, Misfits, Overview, Positions, Record, Stream, Tokens, Trace

if TYPE_CHECKING:
    from attnviz.edits import InsideWish
    from attnviz.models.checkpoint import Checkpoint
    from attnviz.models.edited import Kept
    from attnviz.models.settled import Ground

KEPT = (Hidden, Attention, Overview, Block, Stream, Positions)


@dataclass(frozen=True, slots=True, eq=False)
class EarlierLook:
    """An answer to go on from: the model, the tokens that it saw, the edits that were made, and the records of its layers."""

    checkpoint: Reference
    tokens: Tokens
    edits: tuple[InsideEdit, ...]
    records: tuple[Record, ...]

    @staticmethod
    def of(checkpoint: Reference, trace: Trace) -> EarlierLook | None:
        """The answer that a trace of Inspect, FillMask or ReadLens holds; None when it holds none."""
        tokens, made = trace.tokens(), trace.find(Made)
        records = tuple(record for kind in KEPT for record in trace.every(kind))
        if tokens is None or not records:
            return None
        return EarlierLook(
            checkpoint, tokens, () if made is None else cast("tuple[InsideEdit, ...]", made.edits), records
        )

    def kept(self, checkpoint: Reference, tokens: Tokens, edits: tuple[InsideEdit, ...], layers: int) -> Kept | None:
        """What of it still holds under other edits; None when nothing does."""
        from attnviz.models.edited import Kept  # noqa: PLC0415 - imports torch: only where a model runs

        ours, theirs = (
            (where, seen.ids, seen.segments) for where, seen in ((checkpoint, tokens), (self.checkpoint, self.tokens))
        )
        changed = first_changed_layer(self.edits, edits)
        layer = layers if changed is None else min(changed, layers)
        if ours != theirs or layer < 0:
            return None
        trace = Trace().plus(*self.records)
        while layer >= 0 and trace.hidden(layer) is None:
            layer -= 1
        complete = all(trace.hidden(below) and trace.attention(below) for below in range(layer))
        return Kept(layer, trace) if layer >= 0 and complete else None


def make(
    checkpoint: Checkpoint, wishes: Sequence[InsideWish], tokens: Tokens, *, skips_misfits: bool
) -> Generator[Record, None, tuple[Tokens, tuple[InsideEdit, ...]]]:
    """Yield Misfits (with ``skips_misfits``), Made, and the Tokens as the model sees them; return these and the edits.

    An edit that doesn't fit is a JobError otherwise. Without edits nothing but the Tokens is said.
    """
    from attnviz.models.settled import EncoderGround, retold  # noqa: PLC0415 - imports torch: only where a model runs

    edits = yield from fitting(EncoderGround(checkpoint, tokens), wishes, skips_misfits=skips_misfits)
    seen = retold(tokens, checkpoint.codec, edits)
    yield seen
    return seen, edits


def fitting(
    ground: Ground, wishes: Sequence[InsideWish], *, skips_misfits: bool
) -> Generator[Record, None, tuple[InsideEdit, ...]]:
    """Yield Misfits (with ``skips_misfits``) and Made; return the edits. One that doesn't fit is a JobError otherwise."""
    from attnviz.models.settled import settle  # noqa: PLC0415 - imports torch: only where a model runs

    settled = settle(ground, wishes)
    if skips_misfits:
        yield Misfits(tuple(settled.misfits.items()))
    elif settled.misfits:
        wish, reason = next(iter(settled.misfits.items()))
        raise JobError(f"'{printable(written(wish), 60)}' doesn't fit: {reason}.", "EDIT_DOES_NOT_FIT")
    if wishes:
        yield Made(settled.edits)
    return settled.edits


def kept_of(
    earlier: EarlierLook | None,
    reference: Reference,
    checkpoint: Checkpoint,
    tokens: Tokens,
    edits: tuple[InsideEdit, ...],
) -> Kept | None:
    """What a run may go on from, None when there is nothing."""
    return None if earlier is None else earlier.kept(reference, tokens, edits, checkpoint.model.config.layers)
