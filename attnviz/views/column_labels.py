"""Labels over columns of small cells: level where they fit, else rising to the right, thinned where not even that fits."""

from __future__ import annotations

import math
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter

from attnviz.export.cells import SLANT, label_width, paint_column_label, stride
from attnviz.views.palette import SMALL, colour, token_font

LEAST_LETTERS = 9
TALLEST = 56.0
GAP = 0.5


@dataclass(frozen=True, slots=True)
class ColumnLabels:
    """One label a column of ``pitch`` pixels, the first column beginning at ``left``; only the first ``there`` are lettered."""

    labels: tuple[str, ...]
    left: float
    pitch: float
    there: int

    @property
    def size(self) -> int:
        """The size of the letters: smaller ones where they then fit level over their columns."""
        sizes = range(SMALL, LEAST_LETTERS - 1, -1)
        return next((size for size in sizes if label_width(self.labels, token_font(size)) + GAP <= self.pitch), SMALL)

    @property
    def is_slanted(self) -> bool:
        """Whether some label is wider than its column; single letters are thinned instead."""
        font = token_font(self.size)
        return label_width(self.labels, font) + GAP > self.pitch and max(map(len, self.labels), default=0) > 1

    @property
    def height(self) -> float:
        """What they take above the columns."""
        metrics = QFontMetricsF(token_font(self.size))
        if not self.is_slanted:
            return metrics.height()
        rising = math.sin(math.radians(SLANT)) * label_width(self.labels, token_font(self.size))
        return min(rising + 0.7 * metrics.height(), TALLEST)

    def shown(self, marked: int | None = None) -> tuple[int, ...]:
        """The columns that get their label: every one or every so manyth, and the marked one instead of its neighbours."""
        font = token_font(self.size)
        line = (
            QFontMetricsF(font).height() * 0.9 / math.sin(math.radians(SLANT))
        )  # what a rising line takes of the axis
        needed = line if self.is_slanted else label_width(self.labels, font) + GAP
        step, apart = stride(self.pitch, needed), needed / max(self.pitch, 1e-6)
        columns = range(min(self.there, len(self.labels)))
        near = [at for at in columns if at % step == 0 and (marked is None or abs(at - marked) >= apart)]
        return tuple(near) if marked is None or marked not in columns else tuple(sorted([*near, marked]))

    def paint(self, painter: QPainter, bottom: float, marked: int | None = None, ink: str = "text") -> None:
        """Letter them so that they end at ``bottom``; the marked one is set off."""
        plain, bold = token_font(self.size), _bold(self.size)
        metrics, slanted = QFontMetricsF(plain), self.is_slanted
        room = (self.height - 0.7 * metrics.height()) / math.sin(math.radians(SLANT)) + 1 if slanted else math.inf
        for column in self.shown(marked):
            painter.setFont(bold if column == marked else plain)
            painter.setPen(colour("accent" if column == marked else ink))
            label = metrics.elidedText(self.labels[column], Qt.TextElideMode.ElideRight, min(room, 1e6))
            middle = self.left + (column + 0.5) * self.pitch
            paint_column_label(painter, middle, bottom, label, slanted=slanted)


def _bold(size: int) -> QFont:
    font = token_font(size)
    font.setBold(True)
    return font
