"""Byte-pair encoding at work: the merges of a vocabulary applied to one pre-token, lowest rank first (Sennrich et al. 2016)."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

_GONE = ""


@dataclass(frozen=True, slots=True)
class Symbol:
    """A piece of a pre-token: ``text`` as the vocabulary has it, for its characters ``start`` to ``end`` (exclusive)."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Step:
    """The merge of ``rank``, which makes ``text`` of symbol number ``place`` and what follows it; numbers stay as they were."""

    rank: int
    place: int
    gone: int
    text: str


@dataclass(frozen=True, slots=True)
class Rules:
    """The model section of a byte-pair tokenizer: ``merges`` gives rank and piece of each pair."""

    vocabulary: Mapping[str, int]
    merges: Mapping[tuple[str, str], tuple[int, str]]
    unknown: str | None = None
    prefix: str = ""
    suffix: str = ""
    fuses_unknown: bool = False
    falls_back: bool = False
    whole_words_first: bool = False

    @classmethod
    def read(cls, model: Mapping[str, Any]) -> Rules:
        """The rules in a checked ``model`` section of a tokenizer.json; of a pair that stands twice, the later rank counts."""
        prefix = model.get("continuing_subword_prefix") or ""
        pairs = [tuple(merge.split(" ")) if isinstance(merge, str) else tuple(merge) for merge in model["merges"]]
        return cls(
            vocabulary=model["vocab"],
            merges={
                (left, right): (rank, left + right.removeprefix(prefix)) for rank, (left, right) in enumerate(pairs)
            },
            unknown=model.get("unk_token"),
            prefix=prefix,
            suffix=model.get("end_of_word_suffix") or "",
            fuses_unknown=bool(model.get("fuse_unk")),
            falls_back=bool(model.get("byte_fallback")),
            whole_words_first=bool(model.get("ignore_merges")),
        )

    def symbols(self, word: str) -> list[Symbol]:
        """The smallest pieces of ``word``: one a character, or its bytes, or the unknown token; without one, nothing."""
        found: list[Symbol] = []
        for place, char in enumerate(word):
            text = (self.prefix if place else "") + char + (self.suffix if place == len(word) - 1 else "")
            if text in self.vocabulary:
                found.append(Symbol(text, place, place + 1))
                continue
            single = [f"<0x{byte:02X}>" for byte in text.encode()] if self.falls_back else []
            if single and all(piece in self.vocabulary for piece in single):
                found.extend(Symbol(piece, place, place + 1) for piece in single)
            elif self.unknown is not None:
                joins = self.fuses_unknown and found and found[-1].text == self.unknown
                start = found.pop().start if joins else place
                found.append(Symbol(self.unknown, start, place + 1))
        return found

    def steps(self, symbols: Sequence[str]) -> Iterator[Step]:
        """The merges in the order in which they happen: lowest rank first, and of equal ones the leftmost."""
        texts = list(symbols)
        after, before = list(range(1, len(texts) + 1)), list(range(-1, len(texts) - 1))
        merges = self.merges
        waiting: list[tuple[int, int, str]] = []
        for place, pair in enumerate(pairwise(texts)):
            if pair in merges:
                rank, text = merges[pair]
                waiting.append((rank, place, text))
        heapq.heapify(waiting)
        while waiting:
            rank, place, text = heapq.heappop(waiting)
            gone = after[place]
            if (
                gone == len(texts)
                or texts[place] == _GONE
                or merges.get((texts[place], texts[gone]), (0, _GONE))[1] != text
            ):
                continue
            texts[place], texts[gone], after[place] = text, _GONE, after[gone]
            if after[gone] < len(texts):
                before[after[gone]] = place
            yield Step(rank, place, gone, text)
            for left in (before[place], place):
                right = after[left] if left >= 0 else len(texts)
                if right < len(texts) and (found := merges.get((texts[left], texts[right]))):
                    heapq.heappush(waiting, (found[0], left, found[1]))
