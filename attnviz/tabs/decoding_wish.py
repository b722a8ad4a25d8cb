"""What the decoding tab is asked to show: one frozen value, and the jobs that answer it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from attnviz.edits import DecodingEdit
from attnviz.jobs.decode import Decode, Draw, Earlier, SearchBeam
from attnviz.models.reference import Reference
from attnviz.trace import Decoding


class Way(StrEnum):
    """How the words are chosen."""

    GREEDY = "greedy"
    BEAM = "beam search"
    SAMPLED = "sampled"
    FOLLOW = "teacher-forced"


@dataclass(frozen=True, slots=True)
class Wish:
    """``versus`` is a second model to decode the same source; ``path`` an output that was chosen in the beam's tree.

    The path is followed up to the first what-if: what comes after that is the model's own again.
    """

    source: str = ""
    reference: Reference | None = None
    versus: Reference | None = None
    way: Way = Way.GREEDY
    width: int = 4
    penalty: float = 0.0
    temperature: float = 1.0
    seed: int = 1
    prefix: str = ""
    target: str = ""
    path: tuple[int, ...] | None = None
    edits: tuple[DecodingEdit, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether there is something to ask."""
        return (
            self.reference is not None
            and bool(self.source.strip())
            and (self.way is not Way.FOLLOW or bool(self.target.strip()))
        )

    @property
    def takes_steps(self) -> bool:
        """Whether the steps shown are those of a decoding, and not of the best branch of a beam."""
        return self.way is not Way.BEAM or self.path is not None

    def along(self, best: Decoding | None) -> Wish:
        """The wish with its what-ifs made in the best output of a search, unless another one was chosen."""
        if self.way is not Way.BEAM or self.path is not None or not self.edits or best is None:
            return self
        return replace(self, path=best.tokens)

    def search(self) -> SearchBeam | None:
        """The beam search that the wish begins with, if it does."""
        if self.way is not Way.BEAM or self.reference is None:
            return None
        return SearchBeam(self.reference, self.source, self.width, self.penalty, self.prefix)

    def decode(self, earlier: Earlier | None = None) -> Decode:
        """The steps of the first model, going on from an earlier answer where that is possible."""
        first = min((edit.step for edit in self.edits), default=None)
        return self._decode(self.reference, self.edits, (self.path or ())[:first], earlier)

    def other(self) -> Decode | SearchBeam | None:
        """What the run is compared with: the second model on the same source, or this one without what-ifs; None for nothing."""
        if self.versus is None:
            return self._decode(self.reference, (), self.path or (), None) if self.edits else None
        if self.way is Way.BEAM:
            return SearchBeam(self.versus, self.source, self.width, self.penalty, self.prefix)
        return self._decode(self.versus, (), (), None)

    def _decode(
        self,
        reference: Reference | None,
        edits: tuple[DecodingEdit, ...],
        path: tuple[int, ...],
        earlier: Earlier | None,
    ) -> Decode:
        if reference is None:
            raise ValueError("no model is chosen")
        return Decode(
            checkpoint=reference,
            text=self.source,
            prefix=self.prefix,
            path=path,
            target=self.target if self.way is Way.FOLLOW else None,
            edits=edits,
            draw=Draw(self.temperature, self.seed) if self.way is Way.SAMPLED else None,
            earlier=earlier,
            skips_misfits=True,
        )
