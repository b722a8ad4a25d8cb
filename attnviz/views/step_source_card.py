"""Cards with one line per source token, the same line in each: pointing at a token in one lights it in all."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache, partial

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QFont, QFontMetricsF, QKeyEvent, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QMenu, QWidget

from attnviz.edits import HideSource
from attnviz.export.cells import label_width
from attnviz.trace import Floats
from attnviz.views.palette import GRID, SMALL, colour, token_font
from attnviz.views.step_card import StepCard
from attnviz.views.step_moment import StepMoment

SOURCE_FOOT = 34
_PITCH = 12.0
_WIDEST = 0.3


class SourceCard(StepCard):
    """Base of the cards of attention. Hover points at a token for a moment, a click or an arrow key stays with it.

    ``source_hidden`` carries a HideSource; a card with ``hides`` offers it in its menu.
    """

    source_hidden = Signal(object)
    hides = False

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._last: int | None = None
        self._pressed: QPointF | None = None
        self._widest = 0.0
        self.labelled: tuple[int, ...] = ()
        self._by_key = False
        self._offers: list[Callable[[], object]] = []
        if self.hides:
            self._menu_button = self._add_button("⋯", "What if: change where it looks (Menu key)")
            self._menu_button.clicked.connect(self._open_menu)

    # what a subclass gives

    def _paint_rows(self, painter: QPainter, moment: StepMoment) -> None:
        raise NotImplementedError

    def _row_says(self, moment: StepMoment, position: int, point: QPointF | None) -> str:
        """A token of this card in words, with the exact value."""
        return moment.source(position)

    def _map_area(self) -> QRectF | None:
        """The map that hides the band of the marked token, if there is one."""
        return None

    def _fill_menu(self, menu: QMenu, moment: StepMoment, position: int | None) -> None:
        """Add to the menu of a token."""

    # geometry

    def body(self) -> QRectF:
        return super().body().adjusted(0, 0, 0, -(SOURCE_FOOT - 18))

    def foot(self) -> QRectF:
        """Two lines under the tokens."""
        return QRectF(GRID, self.height() - SOURCE_FOOT, self.width() - 2 * GRID, SOURCE_FOOT - 4)

    def rows(self) -> QRectF:
        """Where the lines of the tokens stand, right of their labels."""
        return self.body().adjusted(self._label_room(), 0, 0, 0)

    def _label_room(self) -> float:
        if self.moment is None:
            return 0.0
        return min(self._widest + 6, self.width() * _WIDEST)

    def row(self, position: int) -> QRectF:
        """The line of a token, without its label."""
        rows = self.rows()
        height = rows.height() / (1 if self.moment is None else len(self.moment.tokens))
        return QRectF(rows.left(), rows.top() + position * height, rows.width(), height)

    def row_at(self, point: QPointF) -> int | None:
        """The token whose line or label is under a point."""
        body = self.body()
        if self.moment is None or self._chip or not body.contains(point):
            return None
        count = len(self.moment.tokens)
        return min(int((point.y() - body.top()) / body.height() * count), count - 1)

    @property
    def marked(self) -> int | None:
        """The source token that the cursor is at."""
        key = self.cursor_at.key
        return key if self.moment is not None and key is not None and 0 <= key < len(self.moment.tokens) else None

    @property
    def subject(self) -> int | None:
        """The token that menus speak of: the pointed one, else the one that was pointed at last."""
        count = 0 if self.moment is None else len(self.moment.tokens)
        return self.marked if self.marked is not None else self._last if (self._last or 0) < count else None

    # drawing

    def _update(self, *, fresh: bool) -> None:
        super()._update(fresh=fresh)
        if fresh and self.moment is not None:
            self._widest = label_width(self.moment.labels, _bold())
        if self.marked is not None:
            self._last = self.marked

    def _paint_body(self, painter: QPainter, moment: StepMoment) -> None:
        marked = self.marked
        if marked is not None:
            band = self.row(marked)
            tall = max(band.height(), 3.0)
            area = QRectF(GRID / 2, band.center().y() - tall / 2, self.width() - GRID, tall)
            painter.fillRect(area, colour("accent", 0.16))
        self._paint_labels(painter, moment, marked)
        self._paint_rows(painter, moment)
        over = self._map_area()
        if marked is not None and over is not None:
            painter.setPen(QPen(colour("accent"), 1))
            for y in (area.top(), area.bottom()):
                painter.drawLine(QPointF(over.left(), y), QPointF(over.right(), y))

    def _paint_labels(self, painter: QPainter, moment: StepMoment, marked: int | None) -> None:
        room, body = self._label_room() - 6, self.body()
        weights = moment.decoding.weights
        importance = None if weights is None else weights[moment.step]
        self.labelled = labels_that_fit(len(moment.tokens), body.height(), importance, marked)
        labels, pitch = moment.labels, body.height() / len(moment.tokens)
        for position in self.labelled:
            own = position == marked
            font = _bold() if own else token_font(SMALL)
            painter.setFont(font)
            painter.setPen(colour("accent" if own else "text"))
            text, width, half = _fitted(labels[position], round(room), own)
            at = body.top() + (position + 0.5) * pitch + half
            painter.drawText(QPointF(body.left() + room - width, at), text)

    def _reading(self, point: QPointF) -> str:
        position = self.row_at(point)
        return "" if position is None or self.moment is None else self._row_says(self.moment, position, point)

    def _key_reading(self) -> tuple[str, QPointF] | None:
        if self.moment is None or self.marked is None or not self._by_key:
            return None
        return self._row_says(self.moment, self.marked, None), self.row(self.marked).center()

    # pointing

    def _point(self, position: int | None, *, pinned: bool) -> None:
        if position is None:
            cursor = replace(self.cursor_at, query=None, key=None, pinned=False)
        else:
            cursor = replace(self.cursor_at, key=position, pinned=pinned)
        if cursor != self.cursor_at:
            self.pointed.emit(cursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._by_key = False
        super().mouseMoveEvent(event)
        if not self.cursor_at.pinned and self._pressed is None:
            self._hover(self.row_at(event.position()))

    def _hover(self, position: int | None) -> None:
        if position != self.cursor_at.key:
            self.pointed.emit(replace(self.cursor_at, key=position))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed = self._pressed, None
        position = self.row_at(event.position())
        if pressed is not None and position is not None and position == self.row_at(pressed):
            again = self.cursor_at.pinned and self.marked == position
            self._point(None if again else position, pinned=not again)
        else:
            super().mouseReleaseEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if not self.cursor_at.pinned:
            self._hover(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, moment = event.key(), self.moment
        if self._chip or moment is None:
            super().keyPressEvent(event)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End):
            self._walk(Qt.Key(key), len(moment.tokens))
        elif key == Qt.Key.Key_Escape and self.cursor_at.pinned:
            self._point(None, pinned=False)
        else:
            super().keyPressEvent(event)

    def _walk(self, key: Qt.Key, count: int) -> None:
        at = self.marked
        start = 0 if at is None else min(at + 1, count - 1) if key == Qt.Key.Key_Down else max(at - 1, 0)
        target = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: count - 1}.get(key, start)
        self._by_key = True
        self._point(target, pinned=True)
        if self.moment is not None:
            self.setAccessibleDescription(self._row_says(self.moment, target, None))

    # menu

    def menu_for(self, position: int | None) -> QMenu:
        """What can be changed about a source token."""
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._offers = []
        menu.triggered.connect(self._take)
        moment = self.moment
        if moment is None:
            return menu
        self._fill_menu(menu, moment, position)
        if position is None:
            menu.addAction("point at a source token to hide it").setEnabled(False)
            return menu
        name = moment.source(position)
        for step, words in ((moment.step, f"from step {moment.step + 1} on"), (0, "from all steps")):
            self._offer(menu, f"hide {name} {words}", partial(self.source_hidden.emit, HideSource(step, position)))
        return menu

    def _offer(self, menu: QMenu, text: str, act: Callable[[], object]) -> QAction:
        action = menu.addAction(text.replace("&", "&&"))  # one would be a mnemonic
        action.setData(len(self._offers))
        self._offers.append(act)
        return action

    def _take(self, action: QAction) -> None:
        self._offers[int(action.data())]()

    def _open_menu(self) -> None:
        self.menu_for(self.subject).popup(self.mapToGlobal(self._menu_button.geometry().bottomLeft()))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if not self.hides or self.moment is None or self._chip:
            event.ignore()
            return
        mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        position = self.row_at(QPointF(event.pos())) if mouse else self.subject
        self.menu_for(position).popup(event.globalPos())


def labels_that_fit(count: int, height: float, importance: Floats | None, marked: int | None) -> tuple[int, ...]:
    """The lines that get a label: all where there is room, else the marked one, then those with most weight."""
    pitch = height / max(count, 1)
    if pitch >= _PITCH - 0.5:
        return tuple(range(count))
    apart = math.ceil(_PITCH / max(pitch, 1e-6))
    order = [] if marked is None else [marked]
    if importance is not None:
        most = min(count, 4 * math.ceil(height / _PITCH))
        heaviest = np.argpartition(-importance, most - 1)[:most]
        order += heaviest[np.argsort(-importance[heaviest], kind="stable")].tolist()
    order += range(0, count, max(apart // 2, 1))
    taken = bytearray(count)
    chosen: list[int] = []
    for position in order:
        if not taken[position]:
            first, last = max(0, position - apart + 1), min(position + apart, count)
            taken[first:last] = b"\1" * (last - first)
            chosen.append(position)
    return tuple(sorted(chosen))


@lru_cache(maxsize=4096)
def _fitted(label: str, room: int, bold: bool) -> tuple[str, float, float]:
    """A label cut to ``room``, its width, and half the height of its letters."""
    metrics = QFontMetricsF(_bold() if bold else token_font(SMALL))
    text = metrics.elidedText(label, Qt.TextElideMode.ElideRight, room + 1)
    return text, metrics.horizontalAdvance(text), metrics.capHeight() / 2


def _bold() -> QFont:
    font = token_font(SMALL)
    font.setBold(True)
    return font
