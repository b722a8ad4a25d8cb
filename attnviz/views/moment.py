"""A cursor into the history of merges: how many of them are done, and which piece of the text is looked at."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.trace import Cursor, Span


@dataclass(frozen=True, slots=True)
class Moment(Cursor):
    """``done`` merges are applied. ``piece`` is the vocabulary's string whose tree is open, ``span`` what is pointed at, in
    code points of the text. ``stage`` numbers a stage of a cut, -1 is the last; there ``query`` numbers its pieces.
    """

    done: int = 0
    piece: str | None = None
    span: Span | None = None
    stage: int = -1


def moment_of(cursor: Cursor) -> Moment:
    """The cursor as a moment; any other cursor stands before the first merge."""
    return cursor if isinstance(cursor, Moment) else Moment()
