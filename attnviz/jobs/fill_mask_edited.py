"""What stands behind each mask before and after the checkpoint's own tokenizer was edited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnviz.errors import TextError
from attnviz.jobs.fill_mask import MOST_CANDIDATES, FillMask
from attnviz.trace import Candidates, Notice, Progress, Record, Shift, Span, Tokens

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from attnviz.models.library import Library
    from attnviz.models.reference import Reference
    from attnviz.text.merge_edits import Edit


@dataclass(frozen=True, slots=True)
class FillMaskEdited:
    """Yield a Shift for every mask of the text, typed or in ``masked`` (as FillMask has it); nothing where there is none.

    Both sides list the first 1,000 words, so that a word which falls far is still found. A mask that stands for other
    characters on the other side has no Shift, and a Notice says so: a masked word of which a piece was forbidden is cut
    into more masks, and one side may lose a mask where the text is cut at the model's positions.
    """

    checkpoint: Reference
    text: str
    pair: str | None = None
    edits: tuple[Edit, ...] = ()
    masked: tuple[Span, ...] = ()

    def run(self, library: Library) -> Iterator[Record]:
        try:
            before = yield from self._predict(library, "as the tokenizer is", ())
            after = yield from self._predict(library, "as you changed it", self.edits)
        except TextError as error:
            if error.code in {"NO_MASK", "EMPTY_TEXT"}:
                return
            raise
        both = [(mask, span) for mask, span in enumerate(before) if span in after]
        for mask, span in both:
            yield Shift(mask, before[span], after[span])
        if len(both) < max(len(before), len(after)):
            yield Notice("shift", "Masks that stand for other characters than before are not compared.")

    def _predict(
        self, library: Library, what: str, edits: tuple[Edit, ...]
    ) -> Generator[Record, None, dict[Span | None, Candidates]]:
        """Pass remarks on, and give the candidates of every mask by its place; every record is a chance to stop."""
        found: dict[Span | None, Candidates] = {}
        spans: tuple[Span | None, ...] = ()
        job = FillMask(self.checkpoint, self.text, self.pair, self.masked, MOST_CANDIDATES, edits=edits)
        for record in job.run(library):
            if isinstance(record, Tokens):
                spans = record.spans
            if isinstance(record, Candidates):
                found[spans[record.position]] = record
            yield record if isinstance(record, Notice) else Progress(f"predicting {what}")
        return found
