"""The logit lens (nostalgebraist 2020): what every layer would say, and when the watched word becomes known."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QVBoxLayout, QWidget

from attnviz.table import Table
from attnviz.views.lens_curve import LensCurve
from attnviz.views.lens_grid import MEASURES, LensGrid
from attnviz.views.option import Option
from attnviz.views.several import SeveralViews

__all__ = ["MEASURES", "LensMap"]


class LensMap(SeveralViews):
    """Words of all layers above, the cursor's token through the layers below. ``measure`` says what the colours are."""

    measure = Option(MEASURES[0], MEASURES)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.grid, self.curve = LensGrid(self), LensCurve(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.grid, 1)
        column.addWidget(self.curve)
        self.curve.setFixedHeight(self.curve.sizeHint().height())
        self.grid.looked.connect(self._on_looked)
        self._hold(self.grid, self.curve)
        self.setAccessibleName("Logit lens")

    def refresh(self) -> None:
        self.grid.measure = self.measure

    @Slot()
    def _on_looked(self) -> None:
        self.curve.row = self.grid.row

    def _update(self, *, fresh: bool) -> None:
        super()._update(fresh=fresh)
        self.curve.row = self.grid.row
        self.curve.setVisible(self.grid.reading is not None)

    def numbers(self) -> Table:
        """A row per token and layer."""
        reading = self.grid.reading
        if reading is None:
            return Table((), ())
        columns = ("token", "layer", "best word", "probability", "watched word", "watched word's probability", "watched word's rank", "entropy in nats", "first from here on")  # fmt: skip
        return Table(
            columns,
            tuple(
                (
                    f"{reading.tokens.labels[token]}·{token}",
                    reading.name(row),
                    reading.best_word(row, token),
                    float(reading.best[row, token]),
                    reading.watched(token),
                    float(reading.probabilities[row, token]),
                    int(reading.ranks[row, token]),
                    float(reading.entropy[row, token]),
                    int(reading.first[token] == row),
                )
                for token in range(reading.shape[1])
                for row in range(reading.shape[0])
            ),
        )
