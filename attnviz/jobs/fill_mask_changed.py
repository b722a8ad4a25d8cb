"""What stands behind each mask before and after changes inside the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnviz.errors import TextError
from attnviz.jobs.changed import EarlierLook
from attnviz.jobs.fill_mask import MOST_CANDIDATES, FillMask
from attnviz.trace import Candidates, Made, Misfits, Notice, Progress, Record, Shift, Span, Trace

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from attnviz.edits import InsideWish
    from attnviz.models.library import Library
    from attnviz.models.reference import Reference


@dataclass(frozen=True, slots=True)
class FillMaskChanged:
    """Yield a Shift for every mask of the text, typed or in ``masked`` (as FillMask has it); nothing where there is none.

    Both sides list the first 1,000 words, so that a word which falls far is still found. The unchanged run comes first and
    the changed one goes on from it; ``earlier``, an answer to the same text under any edits, spares a part of that too. A token
    that is a mask on one side only has no Shift.
    """

    checkpoint: Reference
    text: str
    pair: str | None = None
    masked: tuple[Span, ...] = ()
    changes: tuple[InsideWish, ...] = ()
    earlier: EarlierLook | None = None
    skips_misfits: bool = False

    def run(self, library: Library) -> Iterator[Record]:
        before, earlier = yield from self._predict(library, "unchanged", (), self.earlier)
        after, _ = yield from self._predict(library, "changed", self.changes, earlier or self.earlier)
        both = sorted(before.keys() & after.keys())
        for number, position in enumerate(both):
            yield Shift(number, before[position], after[position])
        if len(both) < max(len(before), len(after)):
            yield Notice("shift", "A token that is a mask only before or only after the change is not compared.")

    def _predict(
        self, library: Library, what: str, changes: tuple[InsideWish, ...], earlier: EarlierLook | None
    ) -> Generator[Record, None, tuple[dict[int, Candidates], EarlierLook | None]]:
        """Pass remarks on, and give the candidates of every mask and what to go on from; every record is a chance to stop."""
        job = FillMask(
            self.checkpoint,
            self.text,
            self.pair,
            self.masked,
            MOST_CANDIDATES,
            changes=changes,
            earlier=earlier,
            skips_misfits=bool(changes) and self.skips_misfits,
        )
        trace = Trace()
        try:
            for record in job.run(library):
                trace = trace.plus(record)
                yield record if isinstance(record, (Notice, Misfits, Made)) else Progress(f"predicting {what}")
        except TextError as error:
            if error.code not in {"NO_MASK", "EMPTY_TEXT"}:
                raise
        found = {record.position: record for record in trace.every(Candidates)}
        return found, EarlierLook.of(self.checkpoint, trace)
