"""What an encoder–decoder must offer to be decoded and looked at, whatever it is made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from torch import nn

from attnviz.models.decoding import Made, Stepper
from attnviz.trace import Decoding, Record, Trace

if TYPE_CHECKING:
    from attnviz.edits import DecodingEdit, Sizes
    from attnviz.trace import Tokens


@dataclass(frozen=True, slots=True)
class Kept:
    """What a run can go on from: the records of an earlier one, and how many of its steps still hold."""

    trace: Trace
    steps: int

    @property
    def decoding(self) -> Decoding:
        """The earlier steps; raises LookupError where there are none."""
        found = self.trace.find(Decoding)
        if found is None:
            raise LookupError("an earlier answer without steps")
        return found


class Reading(Protocol):
    """A source that was read: the steps that write its answer, and all of it as records."""

    def records(self) -> Iterator[Record]:
        """What the encoder computed."""
        ...

    def stepper(self, edits: Sequence[DecodingEdit]) -> Stepper[Any]:
        """The decoder before its first word, with what-ifs."""
        ...

    def state_after(self, kept: Kept) -> Any:
        """The stepper's state after the kept steps, from their records: none of them runs again."""
        ...

    def written(
        self, stepper: Any, made: Sequence[Made], before: Any, vocabulary: tuple[str, ...], kept: Kept | None
    ) -> Iterator[Record]:
        """The steps as records, the Decoding last; ``before`` is the state before the first new one."""
        ...


class Writer(Protocol):
    """One kind of encoder–decoder."""

    @property
    def model(self) -> nn.Module: ...

    @property
    def end(self) -> int:
        """The id that ends an answer."""
        ...

    @property
    def longest(self) -> int:
        """The most words of an answer."""
        ...

    @property
    def longest_source(self) -> int | None:
        """The most tokens that can be read; None for any number."""
        ...

    @property
    def has_heads(self) -> bool:
        """Whether it gives Attention records."""
        ...

    def read(self, tokens: Tokens, kept: Kept | None) -> Reading:
        """Run the encoder, or take what it gave from the records of an earlier answer."""
        ...

    def sizes(self, tokens: Tokens) -> Sizes:
        """What a what-if must fit."""
        ...
