"""A text through all merges of a tokenizer at once: computed when the text changes, so that the slider only compares numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from attnviz.text.bpe import Rules
from attnviz.text.readable import Spelling, spelling_of
from attnviz.text.symbols import Reader, Word
from attnviz.trace import NEVER, MergeTree, Timeline

_MOST_WORDS = 50_000
Numbers = NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class _Life:
    """One pre-token: its symbols, the characters that each stands for, and what becomes of the border after each."""

    symbols: tuple[str, ...]
    parts: tuple[tuple[int, int], ...]
    closes: tuple[int, ...]
    ranks: tuple[int, ...]
    order: tuple[int, ...]


class Replay:
    """The merges of a byte-pair tokenizer, given as the text of its (checked) tokenizer.json.

    ``local`` says that pre-tokens depend on nothing beyond a space between two words, as is true of what attnviz learns
    unless there is no pre-tokenizer; then an edited text is only cut again around the edit.
    """

    def __init__(self, tokenizer: str, *, local: bool = False) -> None:
        found = json.loads(tokenizer)
        self.rules = Rules.read(found["model"])
        self.spelling: Spelling = spelling_of(found)
        self._reader = Reader(Tokenizer.from_str(tokenizer))
        self._local = local
        self._lives: dict[str, _Life] = {}
        self._made = {piece: rank for rank, piece in sorted(self.rules.merges.values(), reverse=True)}

    def made_by(self, piece: str) -> int | None:
        """The rank of the merge that first makes this piece; None for symbols of the alphabet and unknown strings."""
        return self._made.get(piece)

    def timeline(self, text: str) -> Timeline:
        """The whole of ``text``. Raises ValueError where pre-tokens can't be told apart (see ``Reader.words``)."""
        words = self._reader.words(text)
        if words is None:
            raise ValueError("the normaliser makes characters that can't be traced to the text")
        return _timeline(text, [(word, self._life(word)) for word in words])

    def edited(self, before: Timeline, text: str) -> Timeline:
        """The timeline of ``text``, which differs little from ``before.text``: what is far from the edit is taken over."""
        first, last = _touched(before.text, text) if self._local else (0, 0)
        moved = len(text) - len(before.text)
        if first == 0 and last in (0, len(text)):
            return self.timeline(text)
        middle = self.timeline(text[first:last])
        starts = before.spans[:, 0]
        left, right = int(np.searchsorted(starts, first)), int(np.searchsorted(starts, last - moved))
        spans = (before.spans[:left], middle.spans + np.int32(first), before.spans[right:] + np.int32(moved))
        return Timeline(
            text,
            before.symbols[:left] + middle.symbols + before.symbols[right:],
            np.concatenate(spans),
            *(
                np.concatenate((old[:left], new, old[right:]))
                for old, new in (
                    (before.closes, middle.closes),
                    (before.ranks, middle.ranks),
                    (before.order, middle.order),
                )
            ),
        )

    def _life(self, word: Word) -> _Life:
        if word.added is not None:
            return _Life((word.text,), ((0, len(word.text)),), (NEVER,), (NEVER,), (NEVER,))
        found = self._lives.get(word.text)
        if found is None:
            if len(self._lives) >= _MOST_WORDS:
                self._lives.clear()
            found = self._lives[word.text] = _live(self.rules, word.text)
        return found


def tree(timeline: Timeline, start: int, end: int) -> MergeTree:
    """How the piece of symbols ``start`` to ``end`` (exclusive) was made; they must be one piece at some moment."""
    begins: dict[int, tuple[MergeTree, int]] = {}  # by first symbol: the tree and its last symbol
    ends: dict[int, int] = {}  # by last symbol: the first one
    for place in range(start, end):
        begins[place] = MergeTree(timeline.symbols[place], timeline.span(place, place + 1)), place
        ends[place] = place
    borders = start + np.argsort(timeline.order[start : end - 1], kind="stable")
    for border in borders.tolist():
        first = ends.pop(border)
        (left, _), (right, last) = begins[first], begins.pop(border + 1)
        span = (min(left.span[0], right.span[0]), max(left.span[1], right.span[1]))
        begins[first] = MergeTree(left.piece + right.piece, span, int(timeline.ranks[border]), left, right), last
        ends[last] = first
    return begins[start][0]


def _live(rules: Rules, word: str) -> _Life:
    symbols = rules.symbols(word)
    closes, ranks, order = ([NEVER] * len(symbols) for _ in range(3))
    latest = 0
    for number, step in enumerate(rules.steps([symbol.text for symbol in symbols])):
        latest = max(latest, step.rank)
        border = step.gone - 1
        closes[border], ranks[border], order[border] = latest, step.rank, number
    return _Life(
        tuple(symbol.text for symbol in symbols),
        tuple((symbol.start, symbol.end) for symbol in symbols),
        tuple(closes),
        tuple(ranks),
        tuple(order),
    )


def _timeline(text: str, lives: Sequence[tuple[Word, _Life]]) -> Timeline:
    spans = [word.span(start, end) for word, life in lives for start, end in life.parts]
    return Timeline(
        text,
        tuple(symbol for _, life in lives for symbol in life.symbols),
        np.array(spans, np.int32).reshape(-1, 2),
        _joined(life.closes for _, life in lives),
        _joined(life.ranks for _, life in lives),
        _joined(life.order for _, life in lives),
    )


def _joined(parts: Iterable[tuple[int, ...]]) -> Numbers:
    return np.array([number for part in parts for number in part], np.int32)


def _touched(old: str, new: str) -> tuple[int, int]:
    """The part of ``new`` that must be cut again: from a space between words before the edit to one after it."""
    before = _common(old, new)
    room = min(len(old), len(new)) - before
    after = _common(old[len(old) - room :][::-1], new[len(new) - room :][::-1])
    first, last = before - 2, len(new) - after + 1
    while first > 0 and not _is_safe(new, first):
        first -= 1
    while last < len(new) - 1 and not _is_safe(new, last):
        last += 1
    return max(first, 0), last if last < len(new) - 1 else len(new)


def _is_safe(text: str, place: int) -> bool:
    """A space between two characters that are none: every pre-tokenizer of ours cuts before it."""
    return text[place] == " " and not text[place - 1].isspace() and not text[place + 1].isspace()


def _common(first: str, second: str) -> int:
    """The length of the longest common prefix, by halving."""
    low, high = 0, min(len(first), len(second))
    while low < high:
        middle = (low + high + 1) // 2
        if first[low:middle] == second[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
