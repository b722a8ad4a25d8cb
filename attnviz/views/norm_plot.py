"""How long each token's hidden state is, layer by layer: the L2 norms as a map of layers and tokens."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from attnviz.export.numbers import matrix_table, numbered
from attnviz.export.ticks import linear_ticks
from attnviz.table import Table
from attnviz.trace import Cursor, Floats, Hidden, Site, Tokens
from attnviz.views import palette
from attnviz.views.image import coded, safe_image
from attnviz.views.map_frame import Place
from attnviz.views.map_paint import Picture
from attnviz.views.map_view import MapView, Marked
from attnviz.views.option import Option
from attnviz.views.token_labels import lettered


class NormPlot(MapView):
    """Norms of the hidden states. A click on a row also goes to its layer; colours run from the lowest to the highest norm."""

    colour_map = Option("blues", palette.MAPS)

    def _sentence(self) -> str:
        return "Type a sentence above to see how long its hidden states are."

    def _found(self) -> tuple[tuple[int, ...], Floats, Tokens] | None:
        """The layers that have arrived, their norms (layers, tokens), and the tokens."""
        site = Site.ENCODER if self.cursor_at.site is Site.ENCODER else Site.DECODER
        tokens = self.trace.tokens(site)
        states = {hidden.layer: hidden.states for hidden in self.trace.every(Hidden) if hidden.site is site}
        if tokens is None or not states or any(len(each) != len(tokens) for each in states.values()):
            return None
        layers = tuple(sorted(states))
        return layers, np.stack([np.linalg.norm(states[layer], axis=1) for layer in layers]), tokens

    def _build_picture(self) -> Picture | None:
        found = self._found()
        if found is None:
            return None
        layers, norms, tokens = found
        values, note = safe_image(norms)
        low, high = float(values.min()), float(values.max())
        if not low < high:
            low, high = 0.0, max(high, 1.0)
        return Picture(
            norms,
            coded(values, low, high),
            palette.sequential(self.colour_map),
            layers,
            tuple(range(len(tokens))),
            tuple(_name(layer) for layer in layers),
            lettered(tokens.labels),
            "layers ↓",
            "tokens →",
            linear_ticks(low, high, "L2 norm"),
            note or "",
            square=False,
        )

    def _marked(self) -> Marked:
        if self._picture is None:
            return None, None
        layer, token = self.cursor_at.layer + 1, self.cursor_at.query
        row = self._picture.rows.index(layer) if layer in self._picture.rows else None
        return row, token if token is not None and token < self._picture.shape[1] else None

    def _aimed(self, picture: Picture, place: Place, *, pinned: bool) -> Cursor:
        row, token = place
        layer = picture.rows[row] - 1 if pinned and picture.rows[row] else self.cursor_at.layer
        return replace(self.cursor_at, layer=layer, query=token, key=None, pinned=pinned)

    def _readout(self, picture: Picture, place: Place) -> str:
        row, token = place
        return f"{picture.column_labels[token]}   {picture.row_labels[row]}   norm {float(picture.values[place]):.4g}"

    def numbers(self) -> Table:
        """A row per layer, a column per token."""
        found = self._found()
        if found is None:
            return Table((), ())
        layers, norms, tokens = found
        return matrix_table("layer", [_name(layer) for layer in layers], numbered(tokens.labels), norms)


def _name(layer: int) -> str:
    return "embeddings" if layer == 0 else f"layer {layer - 1}"
