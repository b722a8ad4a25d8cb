"""Byte-pair encoding learned merge by merge with its whole history: counts, runners-up, and the size of the corpus.

Sennrich et al. 2016, algorithm 1, with an index from pairs to the places where they stand, so that a merge costs as much
as it changes. Pairs of equal count are taken in the order of their ids, as the ``tokenizers`` library does.
"""

from __future__ import annotations

import heapq
from array import array
from collections.abc import Generator, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from attnviz.trace import Merge

_BITS = 21
_PAIR = (1 << 2 * _BITS) - 1
_RIGHT = (1 << _BITS) - 1
_END = -1
PORTION = 20_000
Numbers = NDArray[np.int64]


class Learner:
    """The words of a corpus as chains of symbols, and what merging one pair after another makes of them.

    ``symbols`` are the pieces by id, first the alphabet in the order given; ``tokens`` counts the symbols of the whole corpus,
    ``looked_at`` the places that merges had to look at so far: the work that was done. Places stand in arrays, whose numbers the
    garbage collector needn't look at: it would hold up the window for as long.
    """

    def __init__(self, alphabet: Sequence[str]) -> None:
        self.symbols = list(alphabet)
        self.tokens = 0
        self.looked_at = 0
        self._ids = {symbol: number for number, symbol in enumerate(alphabet)}
        self._symbol: list[int] = [_END]
        self._weight: list[int] = []
        self._after: list[int] = []
        self._before: list[int] = []
        self._counts: dict[int, int] = {}
        self._places: dict[int, array[int]] = {}
        self._heap: list[int] = []

    def read(self, words: Mapping[str, int]) -> Iterator[None]:
        """Take in the corpus: ``words`` with their counts, all of whose characters are in the alphabet. Stops now and then.

        All words stand in one row of symbols; ``_after`` and ``_before`` link the living ones of a word.
        """
        kept = [(word, count) for word, count in words.items() if word]
        lengths = np.fromiter((len(word) for word, _ in kept), np.int64, len(kept))
        codes = np.frombuffer("".join(word for word, _ in kept).encode("utf-32-le"), np.uint32)
        known = np.zeros(int(codes.max(initial=0)) + 1, np.int64)
        for letter in np.flatnonzero(np.bincount(codes)) if len(codes) else ():
            known[letter] = self._ids[chr(letter)]
        ids = known[codes]
        yield
        weights = np.repeat(np.fromiter((count for _, count in kept), np.int64, len(kept)), lengths)
        after, before = np.arange(1, len(ids) + 1), np.arange(-1, len(ids) - 1)
        ends = np.cumsum(lengths)
        after[ends - 1] = _END
        before[ends - lengths] = _END
        self.tokens = int(weights.sum())
        # The place beyond the end holds no symbol, so that _END can be looked up like any other.
        self._symbol, self._weight = [*ids.tolist(), _END], weights.tolist()
        self._after, self._before = after.tolist(), before.tolist()
        yield
        yield from self._index(ids, weights, np.flatnonzero(after != _END))

    def _index(self, ids: Numbers, weights: Numbers, places: Numbers) -> Iterator[None]:
        """Count all pairs at once, and note where each stands."""
        pairs = (ids[places] << _BITS) | ids[places + 1]
        order = np.argsort(pairs, kind="stable")
        pairs, places = pairs[order], places[order]
        yield
        starts = np.flatnonzero(np.diff(pairs, prepend=-1))
        counts = np.add.reduceat(weights[places], starts) if len(starts) else starts
        keys, flat, bounds = pairs[starts].tolist(), array("q", places.tobytes()), [*starts.tolist(), len(places)]
        self._counts = dict(zip(keys, counts.tolist(), strict=True))
        for number, key in enumerate(keys):
            self._places[key] = flat[bounds[number] : bounds[number + 1]]
            if number % PORTION == 0:
                yield
        self._heap = [(-count << 2 * _BITS) | key for key, count in self._counts.items()]
        heapq.heapify(self._heap)

    def best(self) -> tuple[int, int] | None:
        """The pair that comes next, as a key, and its count; None when no two symbols stand side by side."""
        heap, counts = self._heap, self._counts
        while heap:
            item = heap[0]
            key = item & _PAIR
            count = counts[key]
            if count == -(item >> 2 * _BITS):
                return key, count
            if count > 0:
                heapq.heapreplace(heap, (-count << 2 * _BITS) | key)
            else:
                heapq.heappop(heap)
        return None

    def take(self, rank: int) -> Generator[None, None, Merge | None]:
        """Merge the best pair everywhere, as number ``rank``; returns None when there is none. Stops after every PORTION places."""
        found = self.best()
        if found is None:
            return None
        key, count = found
        while self._heap and self._heap[0] & _PAIR == key:
            heapq.heappop(self._heap)
        second = self._runner_up(key)
        left, right = self._texts(key)
        yield from self._merge(key, left + right)
        runner_up = None if second is None else self._texts(second[0])
        return Merge(rank, left, right, left + right, count, runner_up, 0 if second is None else second[1])

    def _runner_up(self, key: int) -> tuple[int, int] | None:
        """The best pair that is not ``key``."""
        found = self.best()
        if found is None or found[0] != key:
            return found
        heap, held = self._heap, heapq.heappop(self._heap)
        found = self.best()
        heapq.heappush(heap, held)
        return found

    def _texts(self, key: int) -> tuple[str, str]:
        return self.symbols[key >> _BITS], self.symbols[key & _RIGHT]

    def _merge(self, key: int, piece: str) -> Iterator[None]:
        """Replace the pair in all places, left to right, and bring counts and index up to date."""
        new = self._ids.setdefault(piece, len(self.symbols))
        if new == len(self.symbols):
            self.symbols.append(piece)
        changes: dict[int, int] = {}
        fresh: dict[int, array[int]] = {}
        old = sorted(self._places.pop(key, ()))
        for start in range(0, len(old), PORTION):
            if start:
                yield
            portion = old[start : start + PORTION]
            self.looked_at += len(portion)
            self._replace(key, new, portion, changes, fresh)
        counts, heap = self._counts, self._heap
        for pair, change in changes.items():
            counts[pair] = counts.get(pair, 0) + change
        for pair, places in fresh.items():
            known = self._places.get(pair)
            if known is None:
                self._places[pair] = places
            else:
                known.extend(places)
            if counts[pair] > 0:
                heapq.heappush(heap, (-counts[pair] << 2 * _BITS) | pair)

    def _replace(
        self, key: int, new: int, places: Sequence[int], changes: dict[int, int], fresh: dict[int, array[int]]
    ) -> None:
        """The inner loop: what one merge does to the neighbours of these places, in ``changes`` of counts and ``fresh`` places."""
        first, second = key >> _BITS, key & _RIGHT
        symbol, weight, after, before = self._symbol, self._weight, self._after, self._before
        for place in places:
            gone = after[place]
            if symbol[place] != first or symbol[gone] != second:
                continue
            count = weight[place]
            self.tokens -= count
            previous, following = before[place], after[gone]
            if previous >= 0:
                beside = symbol[previous] << _BITS
                changes[beside | first] = changes.get(beside | first, 0) - count
                pair = beside | new
                changes[pair] = changes.get(pair, 0) + count
                fresh.setdefault(pair, array("q")).append(previous)
            if following >= 0:
                beside = symbol[following]
                lost, pair = second << _BITS | beside, new << _BITS | beside
                changes[lost] = changes.get(lost, 0) - count
                changes[pair] = changes.get(pair, 0) + count
                fresh.setdefault(pair, array("q")).append(place)
                before[following] = place
            after[place], symbol[place], symbol[gone] = following, new, _END
