"""How a text that is longer than a model reads is seen: cut off, or through windows that slide over it."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.trace.record import Record


@dataclass(frozen=True, slots=True)
class Window:
    """The tokens from ``first`` to ``last`` (exclusive), positions in the uncut Tokens; special ones are added on both sides."""

    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first

    def context(self, position: int) -> tuple[int, int]:
        """How many tokens of the window stand before a position and how many behind it."""
        return position - self.first, self.last - 1 - position


@dataclass(frozen=True, slots=True)
class Windows(Record):
    """What is read of the uncut Tokens. ``stride`` is how far each window begins behind the one before, None where the rest is cut off.

    ``limit`` is what the model reads at once, ``added`` of these are special. ``answers`` are (position, window) of the masks that
    are predicted, the window by its number.
    """

    windows: tuple[Window, ...]
    limit: int
    added: int
    stride: int | None = None
    answers: tuple[tuple[int, int], ...] = ()

    def readers(self, position: int) -> tuple[int, ...]:
        """The windows that hold a position, by number."""
        return tuple(number for number, window in enumerate(self.windows) if window.first <= position < window.last)
