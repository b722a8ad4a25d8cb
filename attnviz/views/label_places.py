"""Where the names of points go: beside their point, over no other name and over no point."""

from __future__ import annotations

import math
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF

_PIXELS = 2.0  # to a square of the map of what is taken
_Places = NDArray[np.float64]


def placed(points: _Places, sizes: _Places, room: QRectF, gap: float, order: Iterable[int]) -> dict[int, QRectF]:
    """The areas of the labels that have room, by index; who comes first in ``order`` chooses first.

    ``points`` and ``sizes`` are (labels, 2). A label stands right, left, above or below its point or on a corner of it,
    ``gap`` away, and on no point.
    """
    taken = np.zeros((max(math.ceil(room.height() / _PIXELS), 1), max(math.ceil(room.width() / _PIXELS), 1)), np.bool_)
    origin = np.array((room.left(), room.top()))
    dots = np.concatenate([points - gap / 2, points + gap / 2], axis=1) - np.tile(origin, 2)
    for left, top, right, bottom in _squares(dots).clip(0).tolist():
        taken[top:bottom, left:right] = True
    corners = _beside(points, sizes, gap)  # (labels, 8, 2)
    areas = np.concatenate([corners, corners + sizes[:, None]], axis=2) - np.tile(origin, 2)
    ends = np.array((room.width(), room.height()))
    fits = (areas[..., :2] >= 0).all(-1) & (areas[..., 2:] <= ends).all(-1)  # (labels, 8)
    squares = _squares(areas).tolist()
    found: dict[int, QRectF] = {}
    for index in order:
        for place in np.flatnonzero(fits[index]).tolist():
            left, top, right, bottom = squares[index][place]
            if not taken[top:bottom, left:right].any():
                taken[top:bottom, left:right] = True
                found[index] = QRectF(*corners[index, place].tolist(), *sizes[index].tolist())
                break
    return found


def _beside(points: _Places, sizes: _Places, gap: float) -> _Places:
    """The upper left corners of a label's eight places, best first."""
    (x, y), (wide, tall) = points.T, sizes.T
    right, left, middle = x + gap, x - gap - wide, x - wide / 2
    above, below, level = y - gap - tall, y + gap, y - tall / 2
    near = gap * 0.7  # on the diagonal
    sides = [(right, level), (left, level), (middle, above), (middle, below)]
    sides += [(across, down) for across in (x + near, x - near - wide) for down in (y - near - tall, y + near)]
    return np.stack([np.stack(side, axis=-1) for side in sides], axis=1)


def _squares(areas: _Places) -> NDArray[np.intp]:
    """The squares that areas (…, left top right bottom) touch, the last ones excluded."""
    return np.concatenate([np.floor(areas[..., :2] / _PIXELS), np.ceil(areas[..., 2:] / _PIXELS)], axis=-1).astype(
        np.intp
    )
