"""How many words of a held-out text a vocabulary of whole words lacks, by its size; and where BPE stands."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.trace import Why
from attnviz.views.palette import SMALL, colour, ui_font
from attnviz.views.plot_view import PlotView


class WhyPlot(PlotView):
    """A falling curve for whole words and one point for BPE."""

    _axes = ("entries in the vocabulary", "unknown, %")

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("The curve is drawn when the merges are learned.", parent)
        self.setAccessibleName("Unknown words by size of the vocabulary")

    def numbers(self) -> Table:
        why = self.trace.find(Why)
        if why is None:
            return Table((), ())
        rows = [("whole words", int(size), float(share)) for size, share in zip(why.sizes, why.unknown, strict=True)]
        return Table(("approach", "vocabulary", "unknown"), (*rows, ("BPE", why.pieces, why.unknown_bpe)))

    def _has_curves(self) -> bool:
        why = self.trace.find(Why)
        return why is not None and len(why.sizes) > 0

    def _add_curves(self, pg: Any, item: Any) -> None:
        self._words, self._bpe = item.plot(), pg.ScatterPlotItem(size=12)
        self._names = pg.TextItem(anchor=(0.5, 1.0)), pg.TextItem(anchor=(1.0, 1.0))
        item.addItem(self._bpe, ignoreBounds=True)
        for name in self._names:
            item.addItem(name, ignoreBounds=True)

    def _set_curves(self, pg: Any) -> None:
        why = self.trace.find(Why)
        if why is None:
            return
        self._words.setData(why.sizes.astype(float), why.unknown * 100.0)
        self._words.setPen(pg.mkPen(colour("muted"), width=2))
        self._bpe.setData([why.pieces], [why.unknown_bpe * 100.0])
        self._bpe.setBrush(colour("accent"))
        self._bpe.setPen(pg.mkPen(colour("surface"), width=1.5))
        right = max(float(why.sizes.max()), float(why.pieces)) * 1.05
        top = max(float(why.unknown.max()) * 100.0, 1.0) * 1.05
        self._limit(right, top)
        middle = int(np.searchsorted(why.sizes, why.sizes[-1] * 0.6))
        self._say(0, "whole words", "muted", float(why.sizes[middle]), float(why.unknown[middle]) * 100.0)
        self._say(1, "BPE pieces", "accent", float(why.pieces), why.unknown_bpe * 100.0 + top / 40)

    def _say(self, number: int, text: str, ink: str, left: float, top: float) -> None:
        name = self._names[number]
        name.setText(text, color=colour(ink))
        name.setFont(ui_font(SMALL))
        name.setPos(left, top)
