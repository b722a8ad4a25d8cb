"""Which sentence of a pair looks at which: the choices, and the tokens that each leaves on either side."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attnviz.trace import Tokens

SEGMENTS = ("all", "A→A", "A→B", "B→A", "B→B")

Kept = tuple[tuple[int, ...], tuple[int, ...]]


def kept(segments: str, queries: Tokens, keys: Tokens) -> Kept:
    """The positions of the queries and of the keys that stand in ``segments``."""
    if segments == "all":
        return tuple(range(len(queries))), tuple(range(len(keys)))
    query, key = ("AB".index(side) for side in segments.split("→"))
    return _within(queries, query), _within(keys, key)


def nothing_in(segments: str) -> str:
    """What to do where no token is left."""
    return f"No token stands in {segments}: write a second sentence on a new line, or choose all segments."


def _within(tokens: Tokens, segment: int) -> tuple[int, ...]:
    return tuple(position for position, own in enumerate(tokens.segments) if own == segment)
