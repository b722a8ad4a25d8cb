"""A long text as it is read: its words, the tokens that they are made of, and which windows hold them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from attnviz.trace import Tokens, Trace, Windows

WORD = re.compile(r"\S+")


@dataclass(frozen=True)
class Word:
    """What stands between two spaces of the text, from ``start`` to ``end``; ``first`` and ``last`` (exclusive) number its tokens."""

    text: str
    start: int
    end: int
    first: int
    last: int
    breaks: bool = False


@dataclass(frozen=True, eq=False)
class Reading:
    """``words`` in order; one that ``breaks`` begins a line of its own."""

    tokens: Tokens
    windows: Windows
    words: tuple[Word, ...] = field(default=())

    @property
    def total(self) -> int:
        """The tokens of the text, without special ones."""
        return len(self.tokens) - self.windows.added

    @property
    def first(self) -> int:
        """The position of the text's first token."""
        return self.windows.windows[0].first

    @property
    def end(self) -> int:
        """The position behind its last token."""
        return self.first + self.total

    @property
    def read(self) -> int:
        """The position behind the last token that any window holds."""
        return self.windows.windows[-1].last

    @cached_property
    def answers(self) -> dict[int, int]:
        """The window that answers for each mask, of those that have one."""
        return dict(self.windows.answers)

    @cached_property
    def depth(self) -> NDArray[np.int64]:
        """How many windows hold each token of the text."""
        changes = np.zeros(self.total + 1, dtype=np.int64)
        for window in self.windows.windows:
            changes[window.first - self.first] += 1
            changes[window.last - self.first] -= 1
        return np.cumsum(changes[:-1])

    def masks_of(self, word: Word) -> tuple[int, ...]:
        """The masks that stand in a word."""
        return tuple(place for place in self.tokens.masks if word.first <= place < word.last)


def read_long(trace: Trace, before: Reading | None = None) -> Reading | None:
    """What has come of a long text, the one from ``before`` where that is the same; None until its windows are known."""
    tokens, windows = trace.tokens(), trace.find(Windows)
    if tokens is None or windows is None or not windows.windows:
        return None
    if before is not None and before.tokens is tokens and before.windows is windows:
        return before
    return Reading(tokens, windows, _words(tokens))


def _words(tokens: Tokens) -> tuple[Word, ...]:
    """Words with the tokens that begin in them."""
    own = [place for place, span in enumerate(tokens.spans) if span is not None]
    starts = np.array([tokens.spans[place][0] for place in own], dtype=np.int64)  # type: ignore[index] # those with a span
    positions = np.array([*own, own[-1] + 1 if own else 0], dtype=np.int64)
    found = []
    end = 0
    for match in WORD.finditer(tokens.joint):
        low, high = np.searchsorted(starts, (match.start(), match.end())).tolist()
        first, last = int(positions[low]), int(positions[high])
        breaks = "\n" in tokens.joint[end : match.start()]
        found.append(Word(match.group(), match.start(), match.end(), first, last, breaks))
        end = match.end()
    return tuple(found)
