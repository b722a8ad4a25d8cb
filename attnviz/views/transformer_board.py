"""The board of a Transformer's decoder layers: self-attention, cross-attention and what came out, a row a layer."""

from __future__ import annotations

from itertools import pairwise

from PySide6.QtCore import QRectF
from PySide6.QtWidgets import QWidget

from attnviz.views.card_board import CardBoard
from attnviz.views.palette import GRID
from attnviz.views.transformer_cross_card import CrossCard
from attnviz.views.transformer_heads_card import HeadsCard
from attnviz.views.transformer_layout import least_height, stacked
from attnviz.views.transformer_stream_card import StreamCard

Row = tuple[HeadsCard, CrossCard, StreamCard]


class TransformerBoard(CardBoard):
    """As tall as its rows need, at least as tall as its scroll area; ``folded`` shows nothing but chips."""

    outlet = 3.0 * GRID

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._heads, self._folded = 1, False
        self.setMinimumSize(0, 0)

    def stack(
        self, layers: tuple[Row, ...], heads: int, opened: HeadsCard | StreamCard | None, *, folded: bool
    ) -> None:
        """Show these layers."""
        self._heads, self._folded = heads, folded
        least = least_height(len(layers), heads, opened=opened is not None, folded=folded)
        self.setMinimumHeight(int(least))
        flows = () if folded else tuple((above[-1], below[0]) for above, below in pairwise(layers))
        self.lay(tuple(tuple((card, 1.0) for card in row) for row in layers), flows, opened)

    def _room(self) -> QRectF:
        return QRectF(self.rect())

    def _place(self) -> None:
        if not self._rows:
            return
        opened = None if self._opened is None else self._place_of(self._opened)
        self._layout = stacked(self._room(), len(self._rows), self._heads, opened, folded=self._folded)
        for row, cards in enumerate(self._rows):
            for column, (card, _) in enumerate(cards):
                is_opened = (row, column) == opened
                card.setGeometry(self._layout.area((row, column)).toRect())
                card.stand(opened=is_opened, chip=not is_opened and (self._folded or opened is not None))
        self.update()
