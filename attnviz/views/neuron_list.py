"""All keys of one query: what each dot product is and which weight it becomes; pressing one chooses it."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QPainter, QPen, QResizeEvent
from PySide6.QtWidgets import QWidget

from attnviz.views.card import LEFT
from attnviz.views.lettering import isolated
from attnviz.views.neuron_pair import NeuronRow, neuron_row
from attnviz.views.palette import GRID, SMALL, colour, sequential_colour, token_font, ui_font
from attnviz.views.pointed_view import PointedView
from attnviz.views.ruler import small_width
from attnviz.views.scrolled import paint_focus
from attnviz.views.step_moment import exact, lettered_number

LINE, HEAD = 18.0, 22.0
_NUMBER = 58.0
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)


class NeuronList(PointedView[int]):
    """The keys in the order of the tokens, a line each. Hover points at a key, a click or an arrow key stays with it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.row: NeuronRow | None = None
        self.setAccessibleName("All keys of this query")

    def _update(self, *, fresh: bool) -> None:
        before, self.row = self.row, neuron_row(self.trace, self.cursor_at)
        self._refit()
        row = self.row
        if row is not None and (before is None or before.chosen != row.chosen) and not self.underMouse():
            self._reveal(self.line(row.chosen).adjusted(0, -HEAD, 0, 0))
        if row is not None:
            self.setAccessibleDescription(self._tip(self.line(row.chosen).center())[0])

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self.row is not None:
            self._reveal(self.line(self.row.chosen).adjusted(0, -HEAD, 0, 0))

    def line(self, key: int) -> QRectF:
        """The line of a key, in content coordinates."""
        return QRectF(0, HEAD + key * LINE, self._content_width(), LINE)

    def _content_height(self, width: int) -> int:
        return 0 if self.row is None else int(HEAD + LINE * len(self.row.keys) + 4)

    def _part_at(self, point: QPointF) -> int | None:
        row = self.row
        if row is None or point.y() - self._bar.value() < HEAD:
            return None
        key = int((point.y() - HEAD) // LINE)
        return key if 0 <= key < len(row.keys) else None

    def _tip(self, point: QPointF) -> tuple[str, QRectF]:
        row, key = self.row, self._part_at(point)
        if row is None or key is None:
            return "", QRectF()
        product, weight = exact(float(row.products[key])), exact(float(row.weights[key]))
        return f"{row.token('key', key)}   q·k = {product}   weight {weight}", self.line(key)

    # pointing

    def _came_over(self, before: int | None) -> None:
        if self.row is None or self.cursor_at.pinned:
            return
        query = self.row.query if self._hovered is not None else None
        self._point(query, self._hovered, pinned=False)

    def _clicked(self, part: int) -> None:
        again = self.cursor_at.pinned and self.cursor_at.key == part
        if again:
            self._point(None, None, pinned=False)
        elif self.row is not None:
            self._point(self.row.query, part, pinned=True)

    def _point(self, query: int | None, key: int | None, *, pinned: bool) -> None:
        cursor = replace(self.cursor_at, query=query, key=key, pinned=pinned)
        if cursor != self.cursor_at:
            self.pointed.emit(cursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row, pressed = self.row, Qt.Key(event.key())
        if row is None:
            event.ignore()
            return
        last = len(row.keys) - 1
        page = max(int((self.height() - HEAD) // LINE) - 1, 1)
        targets = {
            Qt.Key.Key_Up: row.chosen - 1,
            Qt.Key.Key_Down: row.chosen + 1,
            Qt.Key.Key_PageUp: row.chosen - page,
            Qt.Key.Key_PageDown: row.chosen + page,
            Qt.Key.Key_Home: 0,
            Qt.Key.Key_End: last,
        }
        if pressed in targets:
            self._point(row.query, min(max(targets[pressed], 0), last), pinned=True)
            self._reveal(self.line(self.row.chosen if self.row is not None else 0).adjusted(0, -HEAD, 0, 0))
        elif pressed == Qt.Key.Key_Escape and self.cursor_at.pinned:
            self._point(None, None, pinned=False)
        else:
            event.ignore()

    # drawing

    def _columns(self, line: QRectF) -> tuple[QRectF, QRectF, QRectF, QRectF]:
        """Token, q·k, bar and weight of a line."""
        spare = line.width() - 2 * GRID - 2 * _NUMBER
        token = QRectF(line.left() + GRID, line.top(), spare * 0.58, line.height())
        product = QRectF(token.right(), line.top(), _NUMBER, line.height())
        bar = QRectF(product.right() + GRID, line.top() + 4, spare * 0.42 - GRID, line.height() - 8)
        return token, product, bar, QRectF(bar.right(), line.top(), _NUMBER, line.height())

    def _paint(self, painter: QPainter, exposed: QRectF) -> None:
        row = self.row
        if row is None:
            return
        first = max(int((exposed.top() - HEAD) // LINE), 0)
        last = min(int((exposed.bottom() - HEAD) // LINE) + 1, len(row.keys))
        for key in range(first, last):
            self._paint_line(painter, row, key)

    def _paint_line(self, painter: QPainter, row: NeuronRow, key: int) -> None:
        line, own = self.line(key), key == row.chosen
        if own:
            painter.fillRect(line, colour("accent", 0.16))
        token, product, bar, number = self._columns(line)
        weight = float(row.weights[key])
        painter.setFont(token_font(SMALL))
        painter.setPen(colour("accent" if own else "text"))
        label = painter.fontMetrics().elidedText(
            isolated(row.keys.labels[key]), Qt.TextElideMode.ElideRight, int(token.width() - 30)
        )
        painter.drawText(token, int(LEFT), label)
        painter.setFont(ui_font(SMALL))
        used = painter.fontMetrics().horizontalAdvance(label) + GRID if label.isascii() else 0
        position = str(key)
        painter.setPen(colour("muted"))
        painter.drawText(token.adjusted(0, 0, -4, 0), _RIGHT, position if used < token.width() - 20 else "")
        painter.setPen(colour("accent" if own else "text"))
        masked = float(row.scores[key]) == float("-inf")
        painter.drawText(product, _RIGHT, lettered_number(float(row.products[key])))
        painter.drawText(number, _RIGHT, "masked" if masked else _short(weight))
        painter.setPen(QPen(colour("border"), 1))
        painter.drawLine(bar.bottomLeft(), bar.bottomRight())
        painter.fillRect(QRectF(bar.left(), bar.top(), bar.width() * weight, bar.height()), sequential_colour(0.6))

    def _paint_fixed(self, painter: QPainter) -> None:
        """The names of the columns stay in sight."""
        row = self.row
        if row is None:
            return
        head = QRectF(0, 0, self._content_width(), HEAD)
        painter.fillRect(head, colour("surface"))
        token, product, _, number = self._columns(head)
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("muted"))
        title = f"keys of {row.token('query', row.query)}"
        fits = title if small_width(title) < token.width() else "key"
        for area, text, side in ((token, fits, int(LEFT)), (product, "q·k", _RIGHT), (number, "weight", _RIGHT)):
            painter.drawText(area, side, text)
        painter.setPen(QPen(colour("border"), 1))
        painter.drawLine(QPointF(GRID, HEAD - 2.5), QPointF(head.right() - GRID / 2, HEAD - 2.5))
        if self.hasFocus():
            paint_focus(painter, QRectF(self.rect()).adjusted(1, 1, -1, -1))


def _short(weight: float) -> str:
    return f"{weight:.1e}".replace("-", "−") if 0 < weight < 0.0005 else lettered_number(weight, 3)
