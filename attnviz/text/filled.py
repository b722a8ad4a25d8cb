"""The text with words put where masks stood, each attached or set apart as the tokenizer's own decoder would have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from attnviz.text.codec import Codec
    from attnviz.trace import Tokens


def filled_text(codec: Codec, tokens: Tokens, ids: Sequence[int], filled: Collection[int]) -> str:
    """``tokens.joint`` with the tokens ``ids`` instead at the positions ``filled``; everything else stays as it was written."""
    text = tokens.joint
    for place in sorted(filled, reverse=True):  # from the end, so that spans further in front still hold
        span = tokens.spans[place]
        if span is None:
            continue
        before, masked, after = text[: span[0]], text[span[0] : span[1]], text[span[1] :]
        word = _written(codec, tokens, ids, place)
        if word[:1].isspace():
            kept = masked[: len(masked) - len(masked.lstrip())]  # some masks take the space before them along
            apart = "" if kept or not before or before[-1].isspace() else " "
            text = before + kept + apart + word.strip() + after
        else:
            text = before.rstrip(" ") + word + after if _goes_on(tokens, place) else before + word + after
    return text


def _written(codec: Codec, tokens: Tokens, ids: Sequence[int], place: int) -> str:
    """A token's own text, with a space in front where it begins a word after another token of its sentence."""
    if not _goes_on(tokens, place):
        return codec.decode([ids[place]]).strip()
    before = codec.decode([ids[place - 1]])
    both = codec.decode([ids[place - 1], ids[place]])
    alone = codec.decode([ids[place]]).strip()
    return both.removeprefix(before) if both.startswith(before) and both != before else f" {alone}"


def _goes_on(tokens: Tokens, place: int) -> bool:
    """Whether a token of the same sentence stands before this one."""
    here, before = tokens.spans[place], tokens.spans[place - 1] if place else None
    return here is not None and before is not None and (here[0] <= len(tokens.text)) == (before[0] <= len(tokens.text))
