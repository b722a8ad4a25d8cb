"""A cursor into plots: a place across, on one of the curves; plots of the same places share it."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.trace import Cursor


@dataclass(frozen=True, slots=True)
class Spot(Cursor):
    """``place`` is in the units of the axis across, ``series`` the name of a curve; None = nowhere."""

    place: float | None = None
    series: str | None = None


def spot_of(cursor: Cursor) -> Spot:
    """The cursor as a spot; any other cursor is nowhere."""
    return cursor if isinstance(cursor, Spot) else Spot()
