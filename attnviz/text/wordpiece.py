"""WordPiece at work: the longest piece of the vocabulary from the left, again and again (Devlin et al. 2018)."""

from __future__ import annotations

from collections.abc import Container

from attnviz.text.bpe import Symbol


def match(word: str, vocabulary: Container[str], prefix: str, longest: int) -> tuple[list[Symbol], bool]:
    """The pieces found from the left, and whether they cover ``word``; where they don't, the whole word is unknown."""
    found: list[Symbol] = []
    if len(word) > longest:
        return found, False
    start = 0
    while start < len(word):
        mark = prefix if start else ""
        end = next((end for end in range(len(word), start, -1) if mark + word[start:end] in vocabulary), None)
        if end is None:
            return found, False
        found.append(Symbol(mark + word[start:end], start, end))
        start = end
    return found, True
