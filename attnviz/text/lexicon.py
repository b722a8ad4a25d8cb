"""The words of a text by how often they occur: the smallest vocabulary that a model can be taught with."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

SPECIAL = ("[PAD]", "[UNK]", "[MASK]")
PAD, UNKNOWN, MASK = range(3)
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|[^\w\s]|\d+|_")


def words_of(text: str) -> list[str]:
    """Words in small letters, with their apostrophes; a punctuation mark or a number is a word too."""
    return _WORD.findall(text.lower())


@dataclass(frozen=True, slots=True)
class Lexicon:
    """``words`` in order of their ids, special ones first."""

    words: tuple[str, ...]

    def ids(self, words: Sequence[str]) -> list[int]:
        known = {word: number for number, word in enumerate(self.words)}
        return [known.get(word, UNKNOWN) for word in words]


def lexicon_of(words: Sequence[str], size: int) -> Lexicon:
    """The most frequent words, so many that with the special ones there are ``size``; among equally frequent ones the first."""
    frequent = Counter(words).most_common(size - len(SPECIAL))
    return Lexicon((*SPECIAL, *(word for word, _ in frequent)))
