"""Hidden states of one layer: a row per token, a column per dimension, blue below zero and orange above."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from attnviz.export.numbers import matrix_table, numbered
from attnviz.export.ticks import linear_ticks
from attnviz.table import Table
from attnviz.trace import Cursor, Hidden, Site, Tokens
from attnviz.views import palette
from attnviz.views.image import coded, safe_image, spread
from attnviz.views.map_frame import Place
from attnviz.views.map_paint import Picture
from attnviz.views.map_view import MapView, Marked
from attnviz.views.option import Option
from attnviz.views.token_labels import lettered

PERCENTILE = 99.5


class HiddenMap(MapView):
    """The states of one layer. ``layer`` None follows the cursor: what leaves its layer; 0 is the embeddings."""

    layer: Option[int | None] = Option(None)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dimension: int | None = None
        self._shown_for: tuple[Site, int] | None = None

    def shown_layer(self) -> int:
        return self.cursor_at.layer + 1 if self.layer is None else self.layer

    def _sentence(self) -> str:
        if self.trace.tokens(_site(self.cursor_at)) is None:
            return "Type a sentence above to see the hidden states of its tokens."
        return f"The hidden states {_where(self.shown_layer())} have not arrived yet."

    def _stale(self) -> bool:
        return self._shown_for != (_site(self.cursor_at), self.shown_layer())

    def _found(self) -> tuple[Hidden, Tokens] | None:
        hidden = self.trace.hidden(self.shown_layer(), _site(self.cursor_at))
        tokens = self.trace.tokens(_site(self.cursor_at))
        return None if hidden is None or tokens is None or len(tokens) != len(hidden.states) else (hidden, tokens)

    def _build_picture(self) -> Picture | None:
        self._shown_for = (_site(self.cursor_at), self.shown_layer())
        found = self._found()
        if found is None:
            return None
        hidden, tokens = found
        values, note = safe_image(hidden.states)
        low, high = spread(values, signed=True, percentile=PERCENTILE)
        rows, columns = tuple(range(hidden.states.shape[0])), tuple(range(hidden.states.shape[1]))
        unit = f"value, ends at {PERCENTILE}th percentile"
        return Picture(
            hidden.states,
            coded(values, low, high),
            palette.diverging(),
            rows,
            columns,
            lettered(tokens.labels),
            tuple(str(dimension) for dimension in columns),
            "tokens ↓",
            "dimensions →",
            linear_ticks(low, high, unit),
            " · ".join(part for part in (_where(hidden.layer), note) if part),
            square=False,
            signed=True,
            slants=False,
        )

    def _marked(self) -> Marked:
        row, _ = super()._marked()
        return row, self._dimension if row is not None else None

    def _aimed(self, picture: Picture, place: Place, *, pinned: bool) -> Cursor:
        return replace(self.cursor_at, query=picture.rows[place[0]], key=None, pinned=pinned)

    def _cursor_for(self, place: Place | None, *, pinned: bool) -> Cursor:
        self._dimension = None if place is None else place[1]
        return super()._cursor_for(place, pinned=pinned)

    def _readout(self, picture: Picture, place: Place) -> str:
        row, dimension = place
        return f"{picture.row_labels[row]}   dimension {dimension}   {float(picture.values[place]):.4g}"

    def numbers(self) -> Table:
        """A row per token, a column per dimension."""
        found = self._found()
        if found is None:
            return Table((), ())
        hidden, tokens = found
        dimensions = tuple(str(dimension) for dimension in range(hidden.states.shape[1]))
        return matrix_table("token", numbered(tokens.labels), dimensions, hidden.states)


def _site(cursor: Cursor) -> Site:
    """The site whose hidden states belong to the queries."""
    return Site.ENCODER if cursor.site is Site.ENCODER else Site.DECODER


def _where(layer: int) -> str:
    return "after the embeddings" if layer == 0 else f"leaving layer {layer - 1}"
