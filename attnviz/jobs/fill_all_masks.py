"""Fill all masks of a text: jointly, from left to right, or the surest first, and compare what comes out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnviz.errors import JobError
from attnviz.jobs.fill_mask import MOST_CANDIDATES, edited, require_masks
from attnviz.trace import Filled, Filling, Notice, Record, Span, Tokens, Way

if TYPE_CHECKING:
    from collections.abc import Iterator

    from attnviz.models.checkpoint import Checkpoint
    from attnviz.models.library import Library
    from attnviz.models.reference import Reference
    from attnviz.text.merge_edits import Edit


@dataclass(frozen=True, slots=True)
class FillAllMasks:
    """Yield Tokens, Candidates for every mask, at most 32, and for each of ``ways`` its FillSteps and its Filling.

    Every Filling comes a second time with the measures that compare them. Masks and ``edits`` are as in FillMask. Special tokens
    are listed among the candidates but never put in; a Notice says where one would have been. Where there is no mask, or none
    that the model reads, ``or_nothing`` ends after the Tokens; without it that is a TextError.
    """

    checkpoint: Reference
    text: str
    pair: str | None = None
    masked: tuple[Span, ...] = ()
    top: int = 10
    ways: tuple[Way, ...] = tuple(Way)
    edits: tuple[Edit, ...] = ()
    or_nothing: bool = False

    def __post_init__(self) -> None:
        if not 1 <= self.top <= MOST_CANDIDATES:
            raise JobError(
                f"The number of candidates must lie between 1 and {MOST_CANDIDATES}, not {self.top}.", "BAD_TOP"
            )
        if not self.ways:
            raise JobError("There is no way to fill the masks; name at least one.", "NO_WAY")

    def run(self, library: Library) -> Iterator[Record]:
        checkpoint = library.encoder(self.checkpoint)
        checkpoint.require_mask_head()
        checkpoint = edited(checkpoint, self.edits)
        for record in checkpoint.encode(self.text, self.pair, self.masked):
            yield record
            if isinstance(record, Tokens):
                yield from self._fill(checkpoint, record)

    def _fill(self, checkpoint: Checkpoint, tokens: Tokens) -> Iterator[Record]:
        from attnviz.models.filling import Filler  # noqa: PLC0415 - imports torch: only where a model runs

        if not tokens.masks and self.or_nothing:
            return
        yield from require_masks(checkpoint, tokens)
        passed: dict[int, Filled] = {}
        for record in Filler(checkpoint, tokens, self.top).run(self.ways):
            if isinstance(record, Filling):
                passed |= {filled.position: filled for filled in record.order if filled.rank > 1}
            yield record
        if passed:
            yield Notice("special", _passed_over(tuple(passed.values())))


def _passed_over(filled: tuple[Filled, ...]) -> str:
    places = ", ".join(str(one.position) for one in sorted(filled, key=lambda one: one.position))
    where = f"position {places}" if len(filled) == 1 else f"positions {places}"
    return f"At {where} the model's first choice is a special token or an unused number; the best word was filled in instead."
