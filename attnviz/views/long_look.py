"""A cursor into a long text: the window that is looked at, and the token."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.trace import Cursor


@dataclass(frozen=True, slots=True)
class LongLook(Cursor):
    """``window`` is one of the Windows by number, ``query`` a position in the uncut Tokens; None = nowhere."""

    window: int | None = None


def look_of(cursor: Cursor) -> LongLook:
    """The cursor as a look; any other cursor is nowhere."""
    return cursor if isinstance(cursor, LongLook) else LongLook()
