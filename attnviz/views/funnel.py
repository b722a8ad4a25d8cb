"""Where a funnel stands: tokens left, one vector in the middle, words right. Pure geometry, tested without a window."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSizeF

HEADER, FOOTER, EDGE = 26.0, 54.0, 8.0
CHIP, CLOSEST, LOOSEST = 20.0, 23.0, 32.0
WIDEST_CHIP, NARROWEST_CHIP, DOTS = 0.27, 34.0, 64.0
LEAST_CELL, MOST_CELL, FOLD, NECK = 3.0, 18.0, 16.0, 0.14


@dataclass(frozen=True, slots=True)
class Slot:
    """A place in a column: the ``index``-th token, or None for the ``count`` tokens that found no place."""

    index: int | None
    area: QRectF
    count: int = 1


@dataclass(frozen=True, slots=True)
class Funnel:
    """Both columns, and the vector of ``numbers`` cells that runs down in ``folds`` columns of ``rows`` cells."""

    source: tuple[Slot, ...]
    output: tuple[Slot, ...]
    vector: QRectF
    numbers: int
    rows: int
    folds: int

    @property
    def entrance(self) -> QPointF:
        """Where all lines from the source end."""
        return QPointF(self.vector.left(), self.vector.center().y())

    @property
    def exit(self) -> QPointF:
        """Where all lines to the output begin."""
        return QPointF(self.vector.right(), self.vector.center().y())

    def cell(self, number: int) -> QRectF:
        fold, row = divmod(number, self.rows)
        width, height = self.vector.width() / self.folds, self.vector.height() / self.rows
        return QRectF(self.vector.left() + fold * width, self.vector.top() + row * height, width, height)

    def number_at(self, point: QPointF) -> int | None:
        if not self.numbers or not self.vector.contains(point):
            return None
        fold = int((point.x() - self.vector.left()) / self.vector.width() * self.folds)
        row = int((point.y() - self.vector.top()) / self.vector.height() * self.rows)
        number = min(fold, self.folds - 1) * self.rows + min(row, self.rows - 1)
        return number if number < self.numbers else None


def funnel(size: QSizeF, widths: tuple[list[float], list[float]], numbers: int) -> Funnel:
    """Lay out the tokens and the words, given by the ``widths`` of their chips, and a vector of so many numbers."""
    body = QRectF(EDGE, HEADER, size.width() - 2 * EDGE, max(size.height() - HEADER - FOOTER, CLOSEST))
    most = max(size.width() * WIDEST_CHIP, NARROWEST_CHIP)
    wide = [min(max(side, default=NARROWEST_CHIP), most) for side in widths]
    rows = max(1, int(body.height() / LEAST_CELL))
    folds = max(1, -(-numbers // rows))
    rows = max(1, -(-numbers // folds))
    height = min(body.height(), rows * MOST_CELL)
    vector = QRectF(0, 0, min(folds * FOLD, max(size.width() * NECK, FOLD)), height)  # a neck, however many
    vector.moveCenter(body.center())
    return Funnel(
        _column(body, len(widths[0]), QRectF(body.left(), 0, wide[0], 0)),
        _column(body, len(widths[1]), QRectF(body.right() - wide[1], 0, wide[1], 0)),
        vector,
        numbers,
        rows,
        folds,
    )


def _column(body: QRectF, count: int, across: QRectF) -> tuple[Slot, ...]:
    """A column of chips about the middle of ``body``; when they are too many, those in the middle make one place."""
    places = max(1, int(body.height() / CLOSEST))
    shown = min(count, places)
    pitch = min(body.height() / max(shown, 1), LOOSEST)
    top = body.center().y() - shown * pitch / 2
    head = shown if count <= places else (shown - 1) // 2
    slots = []
    for place in range(shown):
        area = QRectF(across.left(), top + place * pitch + (pitch - CHIP) / 2, across.width(), CHIP)
        if place < head:
            slots.append(Slot(place, area))
        elif place == head:
            wider = max(0.0, DOTS - area.width())
            outwards = area.left() <= body.left()
            slots.append(
                Slot(None, area.adjusted(0 if outwards else -wider, 0, wider if outwards else 0, 0), count - shown + 1)
            )
        else:
            slots.append(Slot(count - shown + place, area))
    return tuple(slots)
