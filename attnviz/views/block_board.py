"""The board of a block: the cards' rows, and arrows that say what is made of what."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from attnviz.views.block_card import BlockCard
from attnviz.views.card_board import CardBoard, level_arrow, paint_arrow
from attnviz.views.card_layout import Need
from attnviz.views.palette import GRID

LANE, RAIL = 14.0, 12.0
LEAST = 540, 500


@dataclass(frozen=True, slots=True, eq=False)
class Order:
    """Rows of cards in the order of computation. ``rail`` is a card and those above which its arrows come down.

    ``flows`` lead from the end of a row to a later one.
    """

    rows: tuple[tuple[tuple[BlockCard, float], ...], ...]
    rail: tuple[BlockCard, tuple[BlockCard, ...]]
    flows: tuple[tuple[BlockCard, BlockCard], ...]

    @property
    def cards(self) -> tuple[BlockCard, ...]:
        return tuple(card for row in self.rows for card, _ in row)


class BlockBoard(CardBoard):
    """The first row makes Q, K and V, each of what enters and not of its neighbour: their arrows run above it."""

    outlet = 1.0 * GRID

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._order: Order | None = None
        self.setMinimumSize(*LEAST)

    def arrange(self, order: Order, opened: BlockCard | None) -> None:
        """Lay the cards of a block."""
        self._order = order
        crosses = order.rail[0].side == "key"
        for row in order.rows:
            sides = [card.side for card, _ in row]
            for place, (card, _) in enumerate(row):
                first = place == 0 or (crosses and sides[place] != sides[place - 1])
                card.letters = (card.side,) if first else ()
        self.lay(order.rows, order.flows, opened)

    def _needs(self) -> tuple[Need, ...]:
        return (Need(0.0, 1.0),) * len(self._rows)

    def _room(self) -> QRectF:
        return super()._room().adjusted(0, 0 if self._opened else RAIL - GRID / 2, 0, 0)

    def _lane(self) -> float:
        return LANE

    def _paint_arrows(self, painter: QPainter) -> None:
        order = self._order
        if order is None:
            return
        source, targets = order.rail
        for cards, areas in zip(order.rows, self._layout.areas, strict=True):
            for ((before, _), left), ((card, _), right) in pairwise(zip(cards, areas, strict=True)):
                railed = card in targets and (self._opened is None or before is not source)
                if not railed and before.side == card.side:
                    paint_arrow(painter, level_arrow(left, right))
        if self._opened is None:
            self._paint_rail(painter, QRectF(source.geometry()), tuple(QRectF(card.geometry()) for card in targets))

    def _paint_rail(self, painter: QPainter, source: QRectF, targets: tuple[QRectF, ...]) -> None:
        level = source.top() - 7
        start = QPointF(source.center().x(), source.top() - 1)
        for target in targets:
            middle = target.center().x()
            paint_arrow(
                painter, (start, QPointF(start.x(), level), QPointF(middle, level), QPointF(middle, target.top()))
            )
