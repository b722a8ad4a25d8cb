"""Unigram at work: the most probable way to cut a pre-token, found by Viterbi's algorithm (Kudo 2018)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from attnviz.text.bpe import Symbol

_PENALTY = 10.0
"""How much worse than the worst piece an unknown character is."""


@dataclass(frozen=True, slots=True)
class Reached:
    """The best path to the end of character ``end`` - 1: its last piece begins at ``start``; ``score`` sums up the path."""

    start: int
    end: int
    score: float
    known: bool


@dataclass(frozen=True)
class Unigram:
    """The model section of a Unigram tokenizer."""

    pieces: Sequence[tuple[str, float]]
    unknown: int
    falls_back: bool = False

    @classmethod
    def read(cls, model: Mapping[str, Any]) -> Unigram:
        return cls([tuple(entry) for entry in model["vocab"]], model["unk_id"], bool(model.get("byte_fallback")))

    @cached_property
    def scores(self) -> dict[str, float]:
        return dict(self.pieces)

    @cached_property
    def unknown_score(self) -> float:
        return min(score for _, score in self.pieces) - _PENALTY

    @cached_property
    def longest(self) -> int:
        return max(len(piece) for piece, _ in self.pieces)

    def paths(self, word: str) -> list[Reached]:
        """The best path to each character of ``word``, first to last. Of equal ones the path whose last piece is longer wins."""
        best: list[Reached] = []
        for end in range(1, len(word) + 1):
            found: Reached | None = None
            for start in range(max(0, end - self.longest), end):
                before = best[start - 1].score if start else 0.0
                own = self.scores.get(word[start:end])
                if own is None and start < end - 1:
                    continue
                score = before + (self.unknown_score if own is None else own)
                if found is None or score > found.score:
                    found = Reached(start, end, score, own is not None)
            if found is not None:
                best.append(found)
        return best

    def trail(self, paths: Sequence[Reached], end: int) -> list[Reached]:
        """The pieces of the best path to ``end``, from the left; unknown neighbours are one."""
        found: list[Reached] = []
        while end > 0:
            last = paths[end - 1]
            end = last.start
            if found and not last.known and not found[-1].known:
                last = Reached(last.start, found.pop().end, last.score, known=False)
            found.append(last)
        return found[::-1]

    def symbols(self, word: str, reached: Reached) -> list[Symbol]:
        """A piece of a path as the vocabulary has it: itself, its bytes, or the unknown token."""
        text = word[reached.start : reached.end]
        if reached.known:
            return [Symbol(text, reached.start, reached.end)]
        single = [f"<0x{byte:02X}>" for byte in text.encode()] if self.falls_back else []
        if single and all(piece in self.scores for piece in single):
            return [Symbol(piece, reached.start, reached.end) for piece in single]
        return [Symbol(self.pieces[self.unknown][0], reached.start, reached.end)]
