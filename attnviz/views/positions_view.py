"""Where positions come from: the encoding, how alike its positions are, and the sum that a token begins as."""

from __future__ import annotations

from PySide6.QtCore import QRect
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.views.option import Option
from attnviz.views.palette import GRID
from attnviz.views.position_maps import EXTENTS, RELATIONS, EncodingMap, RelationMap
from attnviz.views.several import SeveralViews
from attnviz.views.sum_strips import HEIGHT, SumStrips

__all__ = ["EXTENTS", "RELATIONS", "PositionsView"]

_SIDE_BY_SIDE = 96 * GRID


class PositionsView(SeveralViews):
    """Two maps, side by side where there is room, and the cursor's token as strips below."""

    relation = Option(RELATIONS[0], RELATIONS)
    extent = Option(EXTENTS[0], EXTENTS)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.encoding, self.likeness, self.strips = EncodingMap(self), RelationMap(self), SumStrips(self)
        self._hold(self.encoding, self.likeness, self.strips)
        self.setAccessibleName("Positions")

    def refresh(self) -> None:
        self.likeness.relation = self.relation
        self.encoding.extent = self.likeness.extent = self.extent

    def numbers(self) -> Table:
        """The cursor's token as a sum, a row per dimension; without one the encoding, a row per position."""
        return self.strips.numbers() if self.strips.token() is not None else self.encoding.numbers()

    def _update(self, *, fresh: bool) -> None:
        super()._update(fresh=fresh)
        there = self.encoding.picture is not None
        for part in (self.likeness, self.strips):
            part.setVisible(there)
        self._place()

    def _place(self) -> None:
        wide, tall = self.width(), self.height()
        if self.encoding.picture is None:
            self.encoding.setGeometry(0, 0, wide, tall)
            return
        above = max(tall - HEIGHT, 2 * GRID)
        if wide >= _SIDE_BY_SIDE:
            square = min(above + 16 * GRID, int(wide * 0.58))  # what the square map needs with its labels
            places = QRect(0, 0, wide - square, above), QRect(wide - square, 0, square, above)
        else:
            upper = int(above * 0.42)
            places = QRect(0, 0, wide, upper), QRect(0, upper, wide, above - upper)
        self.encoding.setGeometry(places[0])
        self.likeness.setGeometry(places[1])
        self.strips.setGeometry(0, above, wide, HEIGHT)

    # Qt

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()
