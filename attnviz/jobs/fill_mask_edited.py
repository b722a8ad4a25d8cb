"""What stands behind each mask before and after the checkpoint's own tokenizer was edited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnviz.errors import TextError
from attnviz.jobs.fill_mask import MOST_CANDIDATES, FillMask
from attnviz.trace import Candidates, Notice, Progress, Record, Shift

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from attnviz.models.library import Library
    from attnviz.models.reference import Reference
    from attnviz.text.merge_edits import Edit


@dataclass(frozen=True, slots=True)
class FillMaskEdited:
    """Yield a Shift for every mask of the text; nothing where there is none.

    Both sides list the first 1,000 words, so that a word which falls far is still found. A mask that one of the two loses
    because its text is cut at the model's positions has no Shift.
    """

    checkpoint: Reference
    text: str
    pair: str | None = None
    edits: tuple[Edit, ...] = ()

    def run(self, library: Library) -> Iterator[Record]:
        try:
            before = yield from self._predict(library, "as the tokenizer is", ())
            after = yield from self._predict(library, "as you changed it", self.edits)
        except TextError as error:
            if error.code in {"NO_MASK", "EMPTY_TEXT"}:
                return
            raise
        for mask, (old, new) in enumerate(zip(before, after, strict=False)):
            yield Shift(mask, old, new)

    def _predict(
        self, library: Library, what: str, edits: tuple[Edit, ...]
    ) -> Generator[Record, None, tuple[Candidates, ...]]:
        """Pass remarks on, and give the candidates of every mask; every record of the forward is a chance to stop."""
        found: list[Candidates] = []
        job = FillMask(self.checkpoint, self.text, self.pair, top=MOST_CANDIDATES, edits=edits)
        for record in job.run(library):
            if isinstance(record, Candidates):
                found.append(record)
            yield record if isinstance(record, Notice) else Progress(f"predicting {what}")
        return tuple(found)
