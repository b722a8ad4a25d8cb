"""The board that cards lie on: it places them and draws the arrows from one to the next."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from PySide6.QtCore import QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QLabel, QWidget

from attnviz.views.card import Card, Remark
from attnviz.views.card_layout import LANE, LEAST_HEIGHT, LEAST_WIDTH, NEEDS, Layout, Need, Place, laid_out
from attnviz.views.palette import GRID, SMALL, colour, ui_font

Rows = tuple[tuple[tuple[Card[Any], float], ...], ...]
_HEAD = 4.0


class Readout(QLabel):
    """A small plate with the exact value, near what it is about and inside the board."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._board = parent
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setFont(ui_font(SMALL))
        self.setContentsMargins(GRID, GRID // 2, GRID, GRID // 2)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    @Slot(object)
    def tell(self, remark: Remark) -> None:
        """Show a remark, or nothing."""
        self.setText(remark.text)
        self.setVisible(bool(remark.text))
        if not remark.text:
            return
        self.adjustSize()
        board, at = self._board.rect(), remark.at.toPoint()
        left = min(max(at.x() + 14, 2), board.width() - self.width() - 2)
        below = at.y() + 16
        self.move(max(left, 2), below if below + self.height() < board.height() else at.y() - 12 - self.height())
        self.raise_()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(colour("border"), 1))
        painter.setBrush(colour("raised"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
        painter.end()
        super().paintEvent(event)


class CardBoard(QWidget):
    """Rows of cards, three unless ``heights`` says otherwise. ``flows`` are the arrows between rows: from a card down to one of a later row.

    ``closed`` is emitted when the place of an opened card in its row is pressed.
    """

    closed = Signal()
    outlet = 2.0 * GRID  # how far from a card's right edge an arrow leaves it

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows: Rows = ()
        self._flows: tuple[tuple[Card[Any], Card[Any]], ...] = ()
        self._opened: Card[Any] | None = None
        self._layout = Layout(())
        self.readout = Readout(self)
        self.setMinimumSize(LEAST_WIDTH, LEAST_HEIGHT)

    @property
    def cards(self) -> Sequence[Card[Any]]:
        """The cards that are shown, in the order of computation."""
        return tuple(card for row in self._rows for card, _ in row)

    @property
    def opened(self) -> Card[Any] | None:
        return self._opened

    def lay(self, rows: Rows, flows: tuple[tuple[Card[Any], Card[Any]], ...], opened: Card[Any] | None) -> None:
        """Put these cards on the board, one of them opened, and take the others away."""
        for card in self.cards:
            if not any(card is kept for row in rows for kept, _ in row):
                card.hide()
        self._rows, self._flows, self._opened = rows, flows, opened
        self._place()
        for card in self.cards:
            card.show()

    def _needs(self) -> tuple[Need, ...]:
        """The shares of the rows in the height."""
        return NEEDS

    def _room(self) -> QRectF:
        """What the cards fill."""
        return QRectF(self.rect()).adjusted(GRID / 2, GRID / 2, -GRID / 2, -GRID / 2)

    def _place(self) -> None:
        room = self._room()
        opened = None if self._opened is None else self._place_of(self._opened)
        shares = tuple(tuple(share for _, share in row) for row in self._rows)
        if not shares:
            return
        self._layout = laid_out(room, shares, opened, self._lane(), self._needs())
        for row, cards in enumerate(self._rows):
            for column, (card, _) in enumerate(cards):
                card.setGeometry(self._layout.area((row, column)).toAlignedRect())
                card.stand(opened=(row, column) == opened, chip=opened is not None and (row, column) != opened)
        self.update()

    def _lane(self) -> float:
        """Room for an arrow that passes a row."""
        rows = [{card for card, _ in row} for row in self._rows]
        passing = any(source in rows[0] and target in rows[-1] for source, target in self._flows)
        return LANE if passing else 0.0

    def _place_of(self, card: Card[Any]) -> Place:
        return next(
            (row, column)
            for row, cards in enumerate(self._rows)
            for column, (other, _) in enumerate(cards)
            if other is card
        )

    # drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), colour("surface"))
        self._paint_arrows(painter)
        if self._layout.opened is not None:
            self._paint_slot(painter, self._layout.areas[self._layout.opened[0]][self._layout.opened[1]])
        else:
            for source, target in self._flows:
                self._paint_flow(painter, QRectF(source.geometry()), QRectF(target.geometry()))
        painter.end()

    def _paint_arrows(self, painter: QPainter) -> None:
        """Within the rows: from each card to the next one."""
        for areas in self._layout.areas:
            for left, right in pairwise(areas):
                paint_arrow(painter, level_arrow(left, right))

    def _paint_slot(self, painter: QPainter, slot: QRectF) -> None:
        """The place of the opened card among the chips."""
        painter.setPen(QPen(colour("accent"), 1, Qt.PenStyle.DashLine))
        painter.setBrush(colour("accent", 0.12))
        painter.drawRoundedRect(slot.adjusted(1, 1, -1, -1), 5, 5)
        painter.setFont(ui_font(SMALL, bold=True))
        painter.setPen(colour("accent"))
        title = "" if self._opened is None else f"{self._opened.title} ▾"
        room = slot.adjusted(6, 0, -6, 0)
        elided = painter.fontMetrics().elidedText(title, Qt.TextElideMode.ElideRight, int(room.width()))
        painter.drawText(room, int(Qt.AlignmentFlag.AlignCenter), elided)

    def _paint_flow(self, painter: QPainter, source: QRectF, target: QRectF) -> None:
        """Down from the source, along between the rows, down into the target."""
        between = target.top() - (target.top() - self._bottom_before(target)) / 2
        out, into = source.right() - self.outlet, target.left() + 3 * GRID
        paint_arrow(
            painter,
            (
                QPointF(out, source.bottom() + 2),
                QPointF(out, between),
                QPointF(into, between),
                QPointF(into, target.top() - 2),
            ),
        )

    def _bottom_before(self, target: QRectF) -> float:
        """The lower edge of the row above a card."""
        return max(
            (area.bottom() for row in self._layout.areas for area in row if area.bottom() < target.top()), default=0.0
        )

    # Qt

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        opened = self._layout.opened
        if opened is not None and self._layout.areas[opened[0]][opened[1]].contains(event.position()):
            self.closed.emit()


def level_arrow(left: QRectF, right: QRectF) -> tuple[QPointF, QPointF]:
    """The ends of an arrow from a card to its neighbour."""
    return QPointF(left.right() + 3, left.center().y()), QPointF(right.left() - 3, right.center().y())


def paint_arrow(painter: QPainter, points: tuple[QPointF, ...]) -> None:
    """A thin line through ``points`` with a small head at its end."""
    painter.setPen(QPen(colour("muted"), 1.2))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    path = QPainterPath(points[0])
    for point in points[1:]:
        path.lineTo(point)
    painter.drawPath(path)
    end, before = points[-1], points[-2]
    level = abs(end.y() - before.y()) < 0.5
    wing = 0.8 * _HEAD
    back = (QPointF(-_HEAD, -wing), QPointF(-_HEAD, wing)) if level else (QPointF(-wing, -_HEAD), QPointF(wing, -_HEAD))
    head = QPainterPath(end + back[0])
    head.lineTo(end)
    head.lineTo(end + back[1])
    painter.drawPath(head)
