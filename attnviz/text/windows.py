"""Windows over a text that is too long for a model, each as the tokens that the model would read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeVar

from attnviz.errors import JobError
from attnviz.trace import Tokens, Window, Windows

_Value = TypeVar("_Value")


def slide(tokens: Tokens, limit: int, stride: int | None, most: int) -> Windows:
    """The windows over ``tokens``, uncut, of one text; the first alone without a stride. At most ``most`` masks are answered.

    The last window is moved back until it is full, so each holds as much of the text as the model reads. A mask is answered by the
    window that has most on the side where it has least; of equals by the first. Raises JobError ``BAD_STRIDE``.
    """
    before, behind = added_around(tokens)
    room = room_in(tokens, limit)
    if stride is not None and not 1 <= stride <= room:
        sentence = (
            f"The stride must lie between 1 and {room}, the tokens of the text that a window holds, not {stride}."
        )
        raise JobError(sentence, "BAD_STRIDE")
    end = len(tokens) - behind
    last = max(before, end - room)
    starts = [before] if stride is None else [*range(before, last, stride), last]
    windows = tuple(Window(start, min(start + room, end)) for start in starts)
    found = Windows(windows, limit, before + behind, stride)
    answers = [(place, reading) for place in tokens.masks if (reading := best(found, place)) is not None]
    return replace(found, answers=tuple(answers[:most]))


def best(found: Windows, position: int) -> int | None:
    """The window that answers for a position, None where none holds it."""
    return max(found.readers(position), key=lambda number: min(found.windows[number].context(position)), default=None)


def cut(tokens: Tokens, window: Window) -> Tokens:
    """What the model reads through a window: its tokens between the special ones at the ends of the whole."""
    before, behind = added_around(tokens)
    places = (*range(before), *range(window.first, window.last), *range(len(tokens) - behind, len(tokens)))
    masks = set(tokens.masks)
    return replace(
        tokens,
        ids=_at(places, tokens.ids),
        pieces=_at(places, tokens.pieces),
        labels=_at(places, tokens.labels),
        spans=_at(places, tokens.spans),
        segments=_at(places, tokens.segments),
        special=_at(places, tokens.special),
        words=_at(places, tokens.words),
        masks=tuple(here for here, place in enumerate(places) if place in masks),
        originals=_at(places, tokens.originals),
        original_labels=_at(places, tokens.original_labels),
        total=len(places),
    )


def room_in(tokens: Tokens, limit: int) -> int:
    """How many tokens of the text fit into a window beside the special ones."""
    return max(1, limit - sum(added_around(tokens)))


def added_around(tokens: Tokens) -> tuple[int, int]:
    """How many tokens the model's template puts before the text and how many behind it."""
    own = [place for place, special in enumerate(tokens.special) if not special]
    return (own[0], len(tokens) - 1 - own[-1]) if own else (len(tokens), 0)


def _at(places: Sequence[int], values: tuple[_Value, ...]) -> tuple[_Value, ...]:
    """The values of these places; of none where there are none."""
    return tuple(values[place] for place in places) if values else ()
