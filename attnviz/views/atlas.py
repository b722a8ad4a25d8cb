"""The geometry and the pixels of a grid of square tiles with gaps: pure functions, one image for all heads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF

from attnviz.export.cells import pooled
from attnviz.export.colours import Codes

GAP = 3
LARGEST_TILE = 88.0


@dataclass(frozen=True, slots=True)
class Atlas:
    """``shape`` (layers, heads) tiles of ``side``, ``GAP`` apart, from ``origin``."""

    shape: tuple[int, int]
    origin: QPointF
    side: float

    def tile(self, layer: int, column: int) -> QRectF:
        pitch = self.side + GAP
        return QRectF(self.origin.x() + column * pitch, self.origin.y() + layer * pitch, self.side, self.side)

    def places(self) -> Iterator[tuple[int, int]]:
        return ((layer, column) for layer in range(self.shape[0]) for column in range(self.shape[1]))

    def place_at(self, point: QPointF) -> tuple[int, int] | None:
        pitch = self.side + GAP
        layer, column = int((point.y() - self.origin.y()) // pitch), int((point.x() - self.origin.x()) // pitch)
        inside = 0 <= layer < self.shape[0] and 0 <= column < self.shape[1]
        return (layer, column) if inside else None


def tile_side(room: QRectF, shape: tuple[int, int]) -> float:
    """The largest whole-pixel tile with which the grid fits into ``room``."""
    wide = (room.width() + GAP) / shape[1] - GAP
    tall = (room.height() + GAP) / shape[0] - GAP
    return float(max(int(min(wide, tall, LARGEST_TILE)), 4))


def atlas_codes(tiles: Mapping[int, Codes], atlas: Atlas, ratio: float) -> Codes:
    """The grid as one array of codes in device pixels; layers that are missing stay 0.

    ``tiles`` maps a layer to uint8 (heads, rows, columns) in the order of display. A tile that is larger than its place
    is max-pooled, one that is smaller has its cells repeated.
    """
    side, pitch = round(atlas.side * ratio), round((atlas.side + GAP) * ratio)
    canvas = np.zeros((atlas.shape[0], pitch, atlas.shape[1], pitch), np.uint8)
    for layers in _alike(tiles):
        fitted = _resampled(np.concatenate([tiles[layer] for layer in layers]), side)
        fitted = fitted.reshape(len(layers), -1, side, side)  # (layers, heads, side, side)
        canvas[list(layers), :side, : fitted.shape[1], :side] = fitted.transpose(0, 2, 1, 3)
    return canvas.reshape(atlas.shape[0] * pitch, atlas.shape[1] * pitch)


def _alike(tiles: Mapping[int, Codes]) -> list[list[int]]:
    """The layers in groups whose stacks have one shape; usually a single group."""
    groups: dict[tuple[int, ...], list[int]] = {}
    for layer, stack in tiles.items():
        groups.setdefault(stack.shape, []).append(layer)
    return list(groups.values())


def _resampled(stack: Codes, side: int) -> Codes:
    """(heads, rows, columns) to (heads, side, side)."""
    small = pooled(stack, side, side)
    if small.shape[1:] == (side, side):
        return small
    rows = np.arange(side) * small.shape[1] // side
    columns = np.arange(side) * small.shape[2] // side
    return small[:, rows[:, None], columns[None, :]]
