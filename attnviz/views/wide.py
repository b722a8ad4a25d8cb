"""A painted view that may be wider than its widget as well as taller: a second scroll bar under the first one's rules."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QScrollBar, QWidget

from attnviz.views.palette import GRID
from attnviz.views.scrolled import ScrolledView


class WideView(ScrolledView):
    """Base of painted views with a width of their own. The wheel scrolls down, with Shift or where nothing is below, sideways."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._across = QScrollBar(Qt.Orientation.Horizontal, self)
        self._across.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._across.valueChanged.connect(self._scrolled)
        self._across.hide()

    def full_width(self) -> int:
        """The width at which nothing scrolls sideways."""
        return 0 if self._sentence() else self._natural_width()

    def _natural_width(self) -> int:
        """The content's width."""
        raise NotImplementedError

    def _corner(self) -> QPointF:
        return QPointF(self._across.value(), self._bar.value())

    def _needed(self, width: int) -> int:
        needed = super()._needed(width)
        return needed + self._across.sizeHint().height() if self.full_width() > width else needed

    def _refit(self) -> None:
        super()._refit()
        room, tall = self._content_width(), self._across.sizeHint().height()
        excess = max(0, self.full_width() - room)
        self._across.setGeometry(0, self.height() - tall, room, tall)
        self._across.setPageStep(max(1, room))
        self._across.setSingleStep(6 * GRID)
        self._across.setRange(0, excess)
        self._across.setVisible(excess > 0)

    def _content_room(self) -> QRectF:
        """The part of the widget that no scroll bar covers."""
        below = self._across.height() if self._across.maximum() > 0 else 0
        return QRectF(0, 0, self._content_width(), self.height() - below)

    def _reveal(self, area: QRectF) -> None:
        room = self._content_room()
        _bring(self._across, area.left(), area.right(), room.width())
        _bring(self._bar, area.top(), area.bottom(), room.height())

    def wheelEvent(self, event: QWheelEvent) -> None:
        turn = event.angleDelta()
        sideways = abs(turn.x()) > abs(turn.y()) or bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        bar = self._across if sideways or self._bar.maximum() == 0 else self._bar
        if bar.maximum() > 0:
            QApplication.sendEvent(bar, event)
        else:
            event.ignore()


def _bring(bar: QScrollBar, first: float, last: float, room: float) -> None:
    """Scroll just so far that what lies from ``first`` to ``last`` is seen."""
    if first < bar.value():
        bar.setValue(int(first) - GRID)
    elif last > bar.value() + room:
        bar.setValue(int(last - room) + GRID)
