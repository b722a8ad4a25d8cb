"""Predict the masked words of a text: what stands behind each ``[MASK]``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from attnviz.errors import JobError, TextError
from attnviz.jobs.changed import EarlierLook, kept_of, make
from attnviz.text.edited_codec import EditedCodec
from attnviz.text.spans import MASK
from attnviz.trace import Notice, Record, Span, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from attnviz.edits import InsideWish
    from attnviz.models.checkpoint import Checkpoint
    from attnviz.models.library import Library
    from attnviz.models.reference import Reference
    from attnviz.text.codec import Codec
    from attnviz.text.merge_edits import Edit

MOST_MASKS = 32
MOST_CANDIDATES = 1000


@dataclass(frozen=True, slots=True)
class FillMask:
    """Yield Tokens, the forward's records, and Candidates for every mask, at most 32.

    A mask is ``[MASK]`` in the text or a word that touches a span of ``masked`` (code points of ``text``, a line break, ``pair``);
    of the latter the original word's rank and probability are known. Where there is no mask, ``or_score_words`` has
    each word masked alone instead (OwnProbability records); without it that is a TextError ``NO_MASK``.
    ``edits`` change how the checkpoint's own tokenizer cuts; ids never change, so the model is the same. ``changes`` are made
    inside the model, as Inspect makes them, with the same ``earlier`` and ``skips_misfits``; words masked alone know none.
    With a ``stride`` windows slide over a text of any length, each so many tokens behind the one before: the Tokens come uncut, then the
    Windows and the Candidates, without the forward's records.
    """

    checkpoint: Reference
    text: str
    pair: str | None = None
    masked: tuple[Span, ...] = ()
    top: int = 10
    or_score_words: bool = False
    edits: tuple[Edit, ...] = ()
    changes: tuple[InsideWish, ...] = ()
    earlier: EarlierLook | None = None
    skips_misfits: bool = False
    stride: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.top <= MOST_CANDIDATES:
            raise JobError(
                f"The number of candidates must lie between 1 and {MOST_CANDIDATES}, not {self.top}.", "BAD_TOP"
            )
        if self.stride is not None and (self.pair is not None or self.changes):
            beside = "a second sentence" if self.pair is not None else "changes inside the model"
            sentence = f"Windows slide over one text that the model reads as it is: a stride doesn't go with {beside}; leave out one of the two."
            raise JobError(sentence, "STRIDE_ALONE")

    def run(self, library: Library) -> Iterator[Record]:
        checkpoint = library.encoder(self.checkpoint)
        checkpoint.require_mask_head()
        checkpoint = edited(checkpoint, self.edits)
        if self.stride is not None:
            yield from self._slide(checkpoint, self.stride)
            return
        for record in checkpoint.encode(self.text, self.pair, self.masked):
            if isinstance(record, Tokens):
                yield from self._predict(checkpoint, record)
            else:
                yield record

    def _slide(self, checkpoint: Checkpoint, stride: int) -> Iterator[Record]:
        from attnviz.models.windowed import read_windows  # noqa: PLC0415 - imports torch: only where a model runs

        tokens = checkpoint.codec.encode(self.text, None, self.masked)
        yield tokens
        yield from require_masks(checkpoint, tokens)
        yield from read_windows(checkpoint, tokens, stride, self.top)

    def _predict(self, checkpoint: Checkpoint, unchanged: Tokens) -> Iterator[Record]:
        tokens, changes = yield from make(checkpoint, self.changes, unchanged, skips_misfits=self.skips_misfits)
        if not tokens.masks and self.or_score_words:
            yield from checkpoint.own_probabilities(tokens)
            return
        yield from require_masks(checkpoint, tokens)
        kept = kept_of(self.earlier, self.checkpoint, checkpoint, tokens, changes)
        states = yield from checkpoint.trace(tokens, (), changes, kept)
        yield from checkpoint.candidates(states, tokens, self.top)


def require_masks(checkpoint: Checkpoint, tokens: Tokens) -> Iterator[Notice]:
    """Raise TextError where no mask is within the model's reach; say how many are left out where there are too many."""
    mask = str(checkpoint.codec.spec.mask)
    if not tokens.masks and tokens.total > len(tokens) and (mask in tokens.joint or MASK in tokens.joint):
        sentence = (
            f"The {mask} stands beyond the {len(tokens)} tokens that the model reads; put it nearer to the beginning, "
            "or let windows slide over the text (--stride 256, or the page “512”)."
        )
        raise TextError(sentence, "MASK_CUT_OFF")
    if not tokens.masks:
        raise TextError(f"The text has no {mask}; put it where a word is to be predicted.", "NO_MASK")
    if len(tokens.masks) > MOST_MASKS:
        yield Notice("masks", f"Predicting the first {MOST_MASKS} of {len(tokens.masks)} masks.")


def edited(checkpoint: Checkpoint, edits: tuple[Edit, ...]) -> Checkpoint:
    """The checkpoint whose tokenizer cuts as after these edits."""
    return replace(checkpoint, codec=_edited(checkpoint.codec, edits), patches={}) if edits else checkpoint


@lru_cache(maxsize=2)
def _edited(codec: Codec, edits: tuple[Edit, ...]) -> EditedCodec:
    """Built once for as long as one types with the same edits."""
    return EditedCodec(codec, edits)
