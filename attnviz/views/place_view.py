"""Base of painted plots with places to point at: hover points, a click or Enter pins, Esc frees, arrow keys walk."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from attnviz.trace import Cursor
from attnviz.views.map_frame import Place
from attnviz.views.map_layers import Layer
from attnviz.views.map_paint import paint_readout, paint_ring
from attnviz.views.map_view import STEPS
from attnviz.views.palette import GRID, colour
from attnviz.views.plot_face import is_screen
from attnviz.views.scrolled import paint_sentence
from attnviz.views.wide import WideView

_PINS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


class PlaceView(WideView):
    """A subclass says which place is at a point, which cursor stands for it and what it says; it paints in the widget's own coordinates.

    What ``_paint_face`` paints is kept until the trace, an option, the size or the scroll changes; ``_paint_over`` is
    painted anew whenever the cursor moves.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.face = Layer()
        self._versions = 0
        self._mouse: QPointF | None = None
        self._pressed: Place | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def refresh(self) -> None:
        """Paint everything anew, after an option has changed."""
        self._update(fresh=True)

    # what a subclass gives

    def _place_at(self, point: QPointF) -> Place | None:
        """The place at a point of the widget."""
        raise NotImplementedError

    def _marked(self) -> Place | None:
        """The place that the cursor stands for."""
        raise NotImplementedError

    def _aimed(self, place: Place, *, pinned: bool) -> Cursor:
        raise NotImplementedError

    def _freed(self) -> Cursor:
        raise NotImplementedError

    def _walked(self, place: Place | None, rows: int, columns: int) -> Place | None:
        """Where a step with an arrow key leads from a place; the first one from nowhere."""
        raise NotImplementedError

    def _readout(self, place: Place) -> str:
        """A place in words, on one line."""
        raise NotImplementedError

    def _area_of(self, place: Place) -> QRectF:
        """Where a place stands in the widget now."""
        raise NotImplementedError

    def _paint_face(self, painter: QPainter) -> None:
        raise NotImplementedError

    def _paint_over(self, painter: QPainter, marked: Place | None) -> None:
        """What moves with the cursor."""

    def _show_place(self, place: Place) -> None:
        """Scroll to a place that was walked to."""

    def _content_height(self, width: int) -> int:
        return 0

    def _natural_width(self) -> int:
        return 0

    # drawing

    def _update(self, *, fresh: bool) -> None:
        self._versions += fresh
        super()._update(fresh=fresh)
        self._describe()

    def _describe(self) -> None:
        """Tell a screen reader what the cursor is at."""
        marked = None if self._sentence() else self._marked()
        self.setAccessibleDescription("" if marked is None else self._readout(marked))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = QRectF(self.rect())
        if sentence := self._sentence():
            painter.fillRect(room, colour("surface"))
            paint_sentence(painter, room, sentence)
        else:
            self._paint_kept(painter)
            marked = self._marked()
            self._paint_over(painter, marked)
            self._paint_readout(painter, marked)
        if self.hasFocus():
            paint_ring(painter, room)
        painter.end()

    def _paint_kept(self, painter: QPainter) -> None:
        if is_screen(painter, painter.device().devicePixelRatioF()):
            corner = self._corner()
            self.face.show(painter, self.rect(), (self._versions, corner.x(), corner.y()), self._paint_face)
        else:
            painter.fillRect(self.rect(), colour("surface"))
            self._paint_face(painter)

    def _paint_readout(self, painter: QPainter, marked: Place | None) -> None:
        under = None if self._mouse is None else self._place_at(self._mouse)
        if under is not None and self._mouse is not None:
            paint_readout(painter, self._mouse, self._readout(under), QRectF(self.rect()))
        elif marked is not None and self.hasFocus():
            paint_readout(painter, self._area_of(marked).center(), self._readout(marked), QRectF(self.rect()))

    # pointing

    def _say(self, cursor: Cursor) -> None:
        if cursor != self.cursor_at:
            self.pointed.emit(cursor)

    def _hover(self, place: Place | None) -> None:
        if not self.cursor_at.pinned:
            self._say(self._freed() if place is None else self._aimed(place, pinned=False))
        self.update()

    def _toggle(self, place: Place) -> None:
        again = self.cursor_at.pinned and self._marked() == place
        self._say(self._freed() if again else self._aimed(place, pinned=True))

    # Qt

    def hasHeightForWidth(self) -> bool:
        return False

    def sizeHint(self) -> QSize:
        return QSize(60 * GRID, 60 * GRID)

    def minimumSizeHint(self) -> QSize:
        return QSize(28 * GRID, 24 * GRID)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._mouse = event.position()
        self._hover(None if self._sentence() else self._place_at(event.position()))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and not self._sentence():
            self._pressed = self._place_at(event.position())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed = self._pressed, None
        place = None if self._sentence() else self._place_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and place is not None and place == pressed:
            self._toggle(place)

    def leaveEvent(self, event: QEvent) -> None:
        self._mouse = None
        self._hover(None)
        super().leaveEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, marked = Qt.Key(event.key()), None if self._sentence() else self._marked()
        if self._sentence():
            event.ignore()
        elif key in STEPS:
            place = self._walked(marked, *STEPS[key])
            if place is not None:
                self._mouse = None
                self._say(self._aimed(place, pinned=True))
                self._show_place(place)
                self._describe()  # a place may move where the cursor doesn't
                self.update()
        elif key in _PINS and marked is not None:
            self._toggle(marked)
        elif key == Qt.Key.Key_Escape:
            self._say(self._freed())
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()
