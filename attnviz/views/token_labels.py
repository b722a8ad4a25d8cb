"""The labels of a whole input as they are lettered, kept for the next map of the same input."""

from __future__ import annotations

from functools import lru_cache

from attnviz.views.lettering import visible


@lru_cache(maxsize=16)
def lettered(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Each label visible and elided; see ``lettering.visible``."""
    return tuple(visible(label) for label in labels)
