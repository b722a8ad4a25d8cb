"""A text in passages that a model reads one at a time, each cut where a word ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnviz.errors import TextError

if TYPE_CHECKING:
    from attnviz.text.codec import Codec
    from attnviz.trace import Span, Tokens

LETTERS_PER_TOKEN = 16
"""More characters than most tokens have: what lies behind that many is not even tokenized."""


def passages(codec: Codec, text: str, longest: int, most: int) -> tuple[tuple[Tokens, ...], bool]:
    """At most ``most`` passages of at most ``longest`` tokens, special ones included, and whether they are the whole text.

    None where the text has no tokens. Raises TextError where the tokenizer gives up.
    """
    within = text[: most * longest * LETTERS_PER_TOKEN]
    try:
        whole = codec.encode(within)
    except TextError as error:
        if error.code == "EMPTY_TEXT":
            return (), True
        raise
    cuts = _cuts(whole, longest - sum(whole.special))
    found = tuple(codec.encode(within[start:end], limit=longest) for start, end in cuts[:most])
    return found, len(cuts) <= most and len(within) == len(text)


def _cuts(whole: Tokens, room: int) -> list[Span]:
    """Spans of the text of at most ``room`` tokens, at ends of words; a word that has more is cut by the limit."""
    cuts: list[Span] = []
    start = taken = 0
    end = 0
    for size, last in _words(whole):
        if taken and taken + size > room:
            cuts.append((start, end))
            start, taken = end, 0
        taken, end = taken + size, last
    return [*cuts, (start, end)] if taken else cuts


def _words(whole: Tokens) -> list[tuple[int, int]]:
    """Of each word its number of tokens and where it ends in the text."""
    found: list[tuple[int, int]] = []
    before: int | None = None
    for span, word, added in zip(whole.spans, whole.words, whole.special, strict=True):
        if added or span is None:
            continue
        if found and word is not None and word == before:
            found[-1] = found[-1][0] + 1, span[1]
        else:
            found.append((1, span[1]))
        before = word
    return found
