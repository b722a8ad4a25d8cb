"""Hidden states of all layers in the plane in which they vary most, and the way of one token through it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from attnviz.table import Cell, Table
from attnviz.trace import Cursor, Hidden, Tokens
from attnviz.views.lens_reading import layer_name, site_of
from attnviz.views.lettering import isolated
from attnviz.views.map_frame import Place
from attnviz.views.option import Option
from attnviz.views.palette import GRID
from attnviz.views.place_view import PlaceView
from attnviz.views.principal import plane_of
from attnviz.views.projection_paint import Cloud, Sheet, paint_axes, paint_cloud, paint_labels, paint_legend, paint_way

SCOPES = ("all layers", "this layer")
_NEAR = 12.0


class Projection(PlaceView):
    """Principal components of all layers' states together, or of the shown layer alone.

    The shown layer is what leaves the cursor's; its points have names. Hovering a point points at its token; a click goes
    to its layer, too. Left and right walk through the tokens, up and down through the layers.
    """

    scope = Option(SCOPES[0], SCOPES)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._states: tuple[Hidden, ...] = ()
        self._cloud: Cloud | None = None
        self._asked: object = None
        self._drawn_row: int | None = None
        self._kept: tuple[int, Cursor] | None = None
        self.setAccessibleName("Hidden states in two dimensions")

    @property
    def cloud(self) -> Cloud | None:
        """The points; computed when first asked for, and kept until other states arrive."""
        asked = (self.scope, self._row() if self.scope == "this layer" else None, self._states)
        if asked != self._asked:
            self._asked, self._cloud = asked, self._computed()
        return self._cloud

    def numbers(self) -> Table:
        """A row per token and layer that is drawn."""
        if (cloud := self.cloud) is None:
            return Table((), ())
        names = tuple(
            f"component {place + 1} ({100 * cloud.plane.shares[place]:.3g} % of variance)" for place in (0, 1)
        )
        rows: list[tuple[Cell, ...]] = []
        for token, label in enumerate(cloud.tokens.labels):
            for row, layer in enumerate(cloud.layers):
                rows.append((f"{label}·{token}", layer_name(layer), *map(float, cloud.places[row, token])))
        return Table(("token", "layer", *names), tuple(rows))

    # what is drawn

    def _tokens(self) -> Tokens | None:
        return self.trace.tokens(site_of(self.cursor_at))

    def _sentence(self) -> str:
        if not self._states:
            return "Type a sentence above to see its hidden states as points."
        return (
            ""
            if self.cloud is not None
            else "These hidden states are no finite numbers, so they have no place in a plane."
        )

    def _update(self, *, fresh: bool) -> None:
        found, tokens = self.trace.every(Hidden), self._tokens()
        mine = sorted((one for one in found if one.site is site_of(self.cursor_at)), key=lambda one: one.layer)
        fits = tokens is not None and len(tokens) and all(len(one.states) == len(tokens) for one in mine)
        self._states = tuple(mine) if fits else ()
        row = self._row()
        moved, self._drawn_row = row != self._drawn_row, row  # the face depends on the layer, the way lies over it
        super()._update(fresh=fresh or moved)

    def _computed(self) -> Cloud | None:
        tokens, row = self._tokens(), self._row()
        if tokens is None or row is None:
            return None
        shown = self._states if self.scope == SCOPES[0] else self._states[row : row + 1]
        plane = plane_of([one.states for one in shown])
        if plane is None:
            return None
        return Cloud(
            tokens, plane, tuple(one.layer for one in shown), np.stack([plane.places(one.states) for one in shown])
        )

    def _row(self) -> int | None:
        """Which of the states are the shown layer's."""
        if not self._states:
            return None
        layers = [one.layer for one in self._states]
        if self._kept is not None and self._kept[1] == self.cursor_at and self._kept[0] < len(layers):
            return self._kept[0]
        wanted = self.cursor_at.layer + 1
        return layers.index(wanted) if wanted in layers else len(layers) - 1

    def row(self) -> int:
        """The row of the cloud whose points have names."""
        return 0 if self.scope == "this layer" else self._row() or 0

    def sheet(self, cloud: Cloud) -> Sheet:
        """Where the points stand in the widget."""
        return Sheet.of(cloud, QRectF(self.rect()))

    # painting

    def _paint_face(self, painter: QPainter) -> None:
        if (cloud := self.cloud) is not None:
            sheet = self.sheet(cloud)
            paint_axes(painter, cloud, sheet)
            paint_legend(painter, cloud, sheet, self.row(), whole=self.scope == SCOPES[0])
            paint_cloud(painter, cloud, sheet, self.row())
            paint_labels(painter, cloud, sheet, self.row())

    def _paint_over(self, painter: QPainter, marked: Place | None) -> None:
        cloud = self.cloud
        if cloud is not None and marked is not None:
            paint_way(painter, cloud, self.sheet(cloud), marked, pinned=self.cursor_at.pinned)

    # pointing

    def _place_at(self, point: QPointF) -> Place | None:
        """The nearest point of the shown layer, or of the way that is drawn."""
        if (cloud := self.cloud) is None:
            return None
        sheet, row, token = self.sheet(cloud), self.row(), self.cursor_at.query
        near = [(row, each) for each in range(len(cloud.tokens))]
        if token is not None and token < len(cloud.tokens):
            near += [(each, token) for each in range(len(cloud.layers))]
        places = cloud.places[tuple(np.array(near).T)]
        across, down = sheet.across(places[:, 0]) - point.x(), sheet.down(places[:, 1]) - point.y()
        distances = np.hypot(across, down)
        nearest = int(distances.argmin())
        return near[nearest] if distances[nearest] <= _NEAR else None

    def _marked(self) -> Place | None:
        token = self.cursor_at.query
        inside = self.cloud is not None and token is not None and token < len(self.cloud.tokens)
        return (self.row(), token) if inside and token is not None else None

    def _aimed(self, place: Place, *, pinned: bool) -> Cursor:
        row, token = place
        layer = self.cloud.layers[row] if self.cloud is not None else 0
        moved = layer - 1 if pinned and layer else self.cursor_at.layer
        aimed = replace(self.cursor_at, layer=moved, query=token, key=None, pinned=pinned)
        if pinned and self.scope == SCOPES[0]:
            self._kept = row, aimed
        return aimed

    def _freed(self) -> Cursor:
        return replace(self.cursor_at, query=None, key=None, pinned=False)

    def _walked(self, place: Place | None, rows: int, columns: int) -> Place | None:
        if (cloud := self.cloud) is None:
            return None
        if place is None:
            return self.row(), 0
        return (
            min(max(place[0] - rows, 0), len(cloud.layers) - 1),
            min(max(place[1] + columns, 0), len(cloud.tokens) - 1),
        )

    def _readout(self, place: Place) -> str:
        if (cloud := self.cloud) is None:
            return ""
        row, token = place
        across, down = (f"{float(part):.2f}".replace("-", "−") for part in cloud.places[row, token])
        return (
            f"{isolated(cloud.tokens.labels[token])} ({token})   {layer_name(cloud.layers[row])}   at {across}, {down}"
        )

    def _area_of(self, place: Place) -> QRectF:
        if (cloud := self.cloud) is None:
            return QRectF()
        point = self.sheet(cloud).point(cloud.places[place])
        return QRectF(point.x() - GRID / 2, point.y() - GRID / 2, GRID, GRID)
