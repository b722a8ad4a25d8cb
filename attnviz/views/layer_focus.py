"""What a mask attends to in every layer: a row per layer, a column per token."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from attnviz.export.numbers import matrix_table, numbered
from attnviz.export.ticks import linear_ticks
from attnviz.table import Table
from attnviz.trace import Attention, Cursor, Floats, Tokens
from attnviz.views import palette
from attnviz.views.focus_row import focus_row
from attnviz.views.image import coded, safe_image
from attnviz.views.lettering import visible
from attnviz.views.map_frame import Place
from attnviz.views.map_paint import Picture
from attnviz.views.map_view import MapView, Marked
from attnviz.views.option import Option


class LayerFocus(MapView):
    """The attention row of the mask under the cursor, else of the first mask, through all layers.

    ``head`` None is the mean of all heads; ``hide_special`` leaves out the template's tokens, each row renormalised.
    """

    head: Option[int | None] = Option(None)
    hide_special = Option(default=False)

    _shown_for: int | None = None

    def _sentence(self) -> str:
        return "Mask a word to see where it looks in each layer."

    def _mask(self) -> int | None:
        tokens = self.trace.tokens()
        if tokens is None or not tokens.masks:
            return None
        return self.cursor_at.query if self.cursor_at.query in tokens.masks else tokens.masks[0]

    def _stale(self) -> bool:
        return self._shown_for != self._mask()

    def _found(self) -> tuple[tuple[int, ...], Floats, Tokens, float] | None:
        """The layers, their rows (layers, tokens), the tokens, and the mean share that was hidden."""
        tokens, mask = self.trace.tokens(), self._mask()
        self._shown_for = mask
        if tokens is None or mask is None:
            return None
        layers = sorted(record.layer for record in self.trace.every(Attention))
        rows = [focus_row(self.trace, mask, layer, self.head, hide_special=self.hide_special) for layer in layers]
        kept = [row for row in rows if row is not None]
        if not kept:
            return None
        share = sum(row.share for row in kept) / len(kept)
        return tuple(row.layer for row in kept), np.stack([row.weights for row in kept]), tokens, share

    def _build_picture(self) -> Picture | None:
        found = self._found()
        if found is None:
            return None
        layers, weights, tokens, share = found
        values, note = safe_image(weights)
        high = max(float(values.max()), 1e-6)
        said = f"hidden keys carry {share * 100:.0f} % of the mass; rows renormalised" if self.hide_special else ""
        return Picture(
            weights,
            coded(values, 0.0, high),
            palette.sequential(),
            layers,
            tuple(range(len(tokens))),
            tuple(f"layer {layer}" for layer in layers),
            tuple(visible(label) for label in tokens.labels),
            "layers ↓",
            "keys →",
            linear_ticks(0.0, high, "attention weight"),
            " · ".join(part for part in (said, note) if part),
            square=False,
        )

    def _marked(self) -> Marked:
        key = self.cursor_at.key
        return None, key if self._picture is not None and key is not None and key < self._picture.shape[1] else None

    def _aimed(self, picture: Picture, place: Place, *, pinned: bool) -> Cursor:
        return replace(self.cursor_at, query=self._mask(), key=picture.columns[place[1]], pinned=pinned)

    def _readout(self, picture: Picture, place: Place) -> str:
        row, column = place
        return (
            f"{picture.row_labels[row]} → {picture.column_labels[column]}   weight {float(picture.values[place]):.3f}"
        )

    def numbers(self) -> Table:
        """A row per layer, a column per token."""
        found = self._found()
        if found is None:
            return Table((), ())
        layers, weights, tokens, _ = found
        return matrix_table("layer", tuple(str(layer) for layer in layers), numbered(tokens.labels), weights)
