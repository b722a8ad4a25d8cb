"""Where cards stand: in rows in the order of computation, or one card opened and the others as chips."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF

ARROW, BETWEEN, CHIP, TIGHT = 18.0, 16.0, 26.0, 8.0
LANE = 36.0

LEAST_WIDTH, LEAST_HEIGHT = 760, 364

Place = tuple[int, int]
Shares = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Need:
    """What a row needs of the height, and its share of what is left."""

    least: float
    more: float


NEEDS = Need(72.0, 18.0), Need(206.0, 52.0), Need(84.0, 34.0)


@dataclass(frozen=True, slots=True)
class Layout:
    """The areas of all cards row by row; of an opened card its chip-sized ``slot`` in the row, and ``opened`` is what it fills."""

    areas: tuple[tuple[QRectF, ...], ...]
    opened: Place | None = None
    room: QRectF | None = None

    def area(self, place: Place) -> QRectF:
        """Where a card's widget stands."""
        return self.room if self.room is not None and place == self.opened else self.areas[place[0]][place[1]]


def laid_out(
    room: QRectF, shares: Shares, opened: Place | None, lane: float = 0.0, needs: tuple[Need, ...] = NEEDS
) -> Layout:
    """Rows share the height by their ``needs`` and the cards of a row its width by ``shares``.

    ``lane`` is left free at the right of the rows between the first and the last, for an arrow that passes them.
    """
    if opened is None:
        return _rows(room, shares, lane, needs)
    areas: list[tuple[QRectF, ...]] = []
    card = room.height() - len(shares) * CHIP - len(shares) * TIGHT
    top, filled = room.top(), QRectF()
    for index, row in enumerate(shares):
        areas.append(_row(QRectF(room.left(), top, room.width(), CHIP), row))
        top += CHIP + TIGHT
        if index == opened[0]:
            filled = QRectF(room.left(), top, room.width(), card)
            top += card + TIGHT
    return Layout(tuple(areas), opened, filled)


def _rows(room: QRectF, shares: Shares, lane: float, needs: tuple[Need, ...]) -> Layout:
    spare = room.height() - BETWEEN * (len(shares) - 1) - sum(need.least for need in needs)
    tallest = max(need.least for need in needs)
    more = [need.more if spare > 0 else float(need.least == tallest) for need in needs]  # the tallest row can give way
    heights = [need.least + spare * part / sum(more) for need, part in zip(needs, more, strict=True)]
    areas, top = [], room.top()
    for index, (row, height) in enumerate(zip(shares, heights, strict=True)):
        width = room.width() - (lane if 0 < index < len(shares) - 1 else 0.0)
        areas.append(_row(QRectF(room.left(), top, width, height), row))
        top += height + BETWEEN
    return Layout(tuple(areas))


def _row(area: QRectF, shares: tuple[float, ...]) -> tuple[QRectF, ...]:
    width = area.width() - ARROW * (len(shares) - 1)
    left, areas = area.left(), []
    for share in shares:
        own = width * share / sum(shares)
        areas.append(QRectF(left, area.top(), own, area.height()))
        left += own + ARROW
    return tuple(areas)
