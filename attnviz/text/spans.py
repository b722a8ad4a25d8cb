"""Spans of a text, (start, end) in code points: how they move under an edit, where words are, and how Qt counts."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from itertools import pairwise

from attnviz.trace import Span

MASK = "[MASK]"
_ZERO_WIDTH_JOINER = "\N{ZERO WIDTH JOINER}"
_IDEOGRAPHS = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2FA1F), (0x30000, 0x323AF))
_SKIN_TONES = (0x1F3FB, 0x1F3FF)
_REGIONS = (0x1F1E6, 0x1F1FF)


def shift(spans: Iterable[Span], old: str, new: str) -> tuple[Span, ...]:
    """The spans of ``old`` that an edit to ``new`` left untouched, where they now stand; touched ones are dropped.

    The edit is what lies between the longest common prefix and suffix. Text that is typed right before or after a
    span doesn't touch it.
    """
    before = _common(old, new)
    after = _common(old[before:][::-1], new[before:][::-1])
    moved = len(new) - len(old)
    kept: list[Span] = []
    for start, end in spans:
        if end <= before:
            kept.append((start, end))
        elif start >= len(old) - after:
            kept.append((start + moved, end + moved))
    return tuple(kept)


def replace(text: str, span: Span, new: str) -> str:
    """``text`` with ``new`` in the place of ``span``."""
    start, end = span
    if not 0 <= start <= end <= len(text):
        raise ValueError(f"span {span} is not inside a text of {len(text)} characters")
    return text[:start] + new + text[end:]


def word_spans(text: str, mask: str = MASK) -> tuple[Span, ...]:
    """What a reader may mask, in order: words, single ideographs, single marks of punctuation, and whole masks.

    The cut is that of BERT's basic tokenizer (Devlin et al. 2019): "don't" is don, ' and t. What belongs to the
    sign before it, such as an accent or the rest of an emoji, stays with it.
    """
    masks = _occurrences(text, mask)
    inside = {index for start, end in masks for index in range(start + 1, end)}
    ends = {end for _, end in masks}
    edges = sorted(({*_starts(text), len(text), *(start for start, _ in masks)} - inside) | ends)
    return tuple((start, end) for start, end in pairwise(edges) if _kind(text[start]) != "space")


def utf16_index(text: str, code_point: int) -> int:
    """Where the code point of this index begins when UTF-16 units are counted, as Qt does; clamped into the text."""
    before = text[: max(0, code_point)]
    return len(before) + sum(char > "\uffff" for char in before)


def code_point_index(text: str, unit: int) -> int:
    """The code point at this UTF-16 index; within a surrogate pair, the one that the pair encodes. Clamped."""
    passed = 0
    for index, char in enumerate(text):
        passed += 2 if char > "\uffff" else 1
        if passed > unit:
            return index
    return len(text)


def _common(first: str, second: str) -> int:
    """The length of the longest common prefix."""
    limit = min(len(first), len(second))
    return next((index for index in range(limit) if first[index] != second[index]), limit)


def _occurrences(text: str, part: str) -> list[Span]:
    found: list[Span] = []
    start = text.find(part) if part else -1
    while start >= 0:
        found.append((start, start + len(part)))
        start = text.find(part, start + len(part))
    return found


def _starts(text: str) -> Iterator[int]:
    """Where a run of space, a word or a sign begins."""
    base, before, regions = "", "", 0
    for index, char in enumerate(text):
        if not before or not _joins(base, before, char, regions):
            yield index
            base = _kind(char)
        regions = regions + 1 if _among(char, _REGIONS) else 0
        before = char


def _joins(base: str, before: str, here: str, regions: int) -> bool:
    """Whether ``here`` belongs to a run that began with a ``base``, after ``before`` and so many letters of flags."""
    kind = _kind(here)
    if "space" in {base, kind}:
        return base == kind
    if _continues(here) or before == _ZERO_WIDTH_JOINER:
        return True
    if regions % 2 == 1 and _among(here, _REGIONS):
        return True
    return base == "word" == kind


def _kind(char: str) -> str:
    """Space, word (letters, digits, marks), or sign: punctuation, symbols and ideographs, which stand alone."""
    category = unicodedata.category(char)
    if char.isspace() or category in {"Zs", "Zl", "Zp", "Cc"}:
        return "space"
    if category[0] in "PS" or any(_among(char, block) for block in _IDEOGRAPHS):
        return "sign"
    return "word"


def _continues(char: str) -> bool:
    """Accents, joiners, variation selectors and skin tones belong to what stands before them."""
    return unicodedata.category(char) in {"Mn", "Mc", "Me", "Cf"} or _among(char, _SKIN_TONES)


def _among(char: str, block: tuple[int, int]) -> bool:
    return block[0] <= ord(char) <= block[1]
