"""The state of [CLS] after the embeddings and after every layer: a row per layer, a column per dimension."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QWidget

from attnviz.export.numbers import matrix_table
from attnviz.export.ticks import linear_ticks
from attnviz.table import Table
from attnviz.trace import Cursor, Floats, Hidden, Site
from attnviz.views import palette
from attnviz.views.image import coded, safe_image, spread
from attnviz.views.map_frame import Place
from attnviz.views.map_paint import Picture
from attnviz.views.map_view import MapView, Marked
from attnviz.views.palette import GRID

PERCENTILE = 99.5


class ClsStates(MapView):
    """Blue below zero, orange above. The cursor's key is the dimension."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("The state of [CLS] through the layers")

    def _sentence(self) -> str:
        return "Type two sentences to see the state of the first token grow layer by layer."

    def _found(self) -> tuple[tuple[int, ...], Floats] | None:
        """The layers that have arrived, and the first token's states (layers, hidden)."""
        found = {hidden.layer: hidden.states for hidden in self.trace.every(Hidden) if hidden.site is Site.ENCODER}
        layers = tuple(sorted(found))
        return (layers, np.stack([found[layer][0] for layer in layers])) if layers else None

    def _build_picture(self) -> Picture | None:
        found = self._found()
        if found is None:
            return None
        layers, states = found
        values, note = safe_image(states)
        low, high = spread(values, signed=True, percentile=PERCENTILE)
        columns = tuple(range(states.shape[1]))
        return Picture(
            states,
            coded(values, low, high),
            palette.diverging(),
            layers,
            columns,
            tuple(name_of(layer) for layer in layers),
            tuple(map(str, columns)),
            "layers ↓",
            "dimensions →",
            linear_ticks(low, high, "value"),
            " · ".join(part for part in (f"colours end at the {PERCENTILE}th percentile", note) if part),
            square=False,
            signed=True,
            slants=False,
        )

    def _marked(self) -> Marked:
        key = self.cursor_at.key
        return None, key if self._picture is not None and key is not None and key < self._picture.shape[1] else None

    def _aimed(self, picture: Picture, place: Place, *, pinned: bool) -> Cursor:
        return replace(self.cursor_at, query=None, key=picture.columns[place[1]], pinned=pinned)

    def _readout(self, picture: Picture, place: Place) -> str:
        row, dimension = place
        return f"{picture.row_labels[row]}   dimension {dimension}   {float(picture.values[place]):.4g}"

    def numbers(self) -> Table:
        """A row per layer, a column per dimension."""
        found = self._found()
        if found is None:
            return Table((), ())
        layers, states = found
        dimensions = tuple(str(dimension) for dimension in range(states.shape[1]))
        return matrix_table("layer", [name_of(layer) for layer in layers], dimensions, states)

    def minimumSizeHint(self) -> QSize:
        return QSize(28 * GRID, 14 * GRID)


def name_of(layer: int) -> str:
    """What the states left."""
    return "embeddings" if layer == 0 else f"layer {layer - 1}"
