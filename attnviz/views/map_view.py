"""A map of numbers one can look into: hover, pin, walk with the arrow keys, zoom and pan. What it shows, a subclass says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QWheelEvent
from PySide6.QtWidgets import QApplication, QSizePolicy, QWidget

from attnviz.trace import Cursor
from attnviz.views.image import require_ui_thread
from attnviz.views.map_frame import Frame, Place, Window
from attnviz.views.map_layers import MapLayers
from attnviz.views.map_paint import Picture, frame_of, paint_crosshair, paint_readout, paint_ring
from attnviz.views.palette import GRID, colour
from attnviz.views.scrolled import paint_sentence
from attnviz.views.view import View

Marked = tuple[int | None, int | None]
STEPS = {Qt.Key.Key_Up: (-1, 0), Qt.Key.Key_Down: (1, 0), Qt.Key.Key_Left: (0, -1), Qt.Key.Key_Right: (0, 1)}
_ZOOM = {Qt.Key.Key_Plus: 0.8, Qt.Key.Key_Equal: 0.8, Qt.Key.Key_Minus: 1.25}


class MapView(View):
    """Base of maps. Hover points for a moment, a click or Enter pins, Esc or a second click frees.

    A subclass gives ``_build_picture``, ``_readout`` and ``_sentence``, and may override ``_marked`` and ``_aimed``.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture: Picture | None = None
        self._layers = MapLayers()
        self._window = Window.whole((1, 1))
        self._mouse: QPointF | None = None
        self._pressed: QPointF | None = None
        self._dragged = False
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    @property
    def picture(self) -> Picture | None:
        """What is on screen; None while nothing has arrived."""
        return self._picture

    @property
    def window_of_cells(self) -> Window:
        return self._window

    def frame(self) -> Frame | None:
        """Where the cells stand in the widget."""
        return None if self._picture is None else frame_of(self._picture, self._window, QRectF(self.rect()))

    def reset_zoom(self) -> None:
        if self._picture is not None:
            self._window = Window.whole(self._picture.shape)
            self.update()

    def refresh(self) -> None:
        """Build the picture anew, after an option has changed."""
        self._update(fresh=True)

    # what a subclass gives

    def _build_picture(self) -> Picture | None:
        raise NotImplementedError

    def _readout(self, picture: Picture, place: Place) -> str:
        raise NotImplementedError

    def _sentence(self) -> str:
        raise NotImplementedError

    def _marked(self) -> Marked:
        """The row and the column of the picture that the cursor stands for."""
        if self._picture is None:
            return None, None
        return _index(self._picture.rows, self.cursor_at.query), _index(self._picture.columns, self.cursor_at.key)

    def _aimed(self, picture: Picture, place: Place, *, pinned: bool) -> Cursor:
        """The cursor that stands for a cell."""
        row, column = place
        return replace(self.cursor_at, query=picture.rows[row], key=picture.columns[column], pinned=pinned)

    def _freed(self) -> Cursor:
        return replace(self.cursor_at, query=None, key=None, pinned=False)

    def _paint_over(self, painter: QPainter, picture: Picture, frame: Frame) -> None:
        """What lies over the cells and under the crosshair; painted anew whenever the cursor moves."""

    def _stale(self) -> bool:
        """Whether the cursor alone asks for a new picture."""
        return False

    # drawing

    def _update(self, *, fresh: bool) -> None:
        require_ui_thread()
        if fresh or self._stale():
            self._picture = self._build_picture()
            shape = (1, 1) if self._picture is None else self._picture.shape
            if shape != self._window.shape:
                self._window = Window.whole(shape)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(60 * GRID, 60 * GRID)

    def minimumSizeHint(self) -> QSize:
        return QSize(28 * GRID, 24 * GRID)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        room = QRectF(self.rect())
        frame = self.frame()
        if self._picture is None or frame is None:
            painter.fillRect(room, colour("surface"))
            paint_sentence(painter, room, self._sentence())
        else:
            marked = self._marked()
            self._layers.paint(painter, self._picture, frame, marked, room)
            self._paint_over(painter, self._picture, frame)
            paint_crosshair(painter, frame, marked, pinned=self.cursor_at.pinned)
            self._paint_readout(painter, self._picture, frame, marked)
        if self.hasFocus():
            paint_ring(painter, room)
        painter.end()

    def _paint_readout(self, painter: QPainter, picture: Picture, frame: Frame, marked: Marked) -> None:
        room = QRectF(self.rect())
        under = None if self._mouse is None else frame.cell_at(self._mouse)
        if under is not None and self._mouse is not None and not self._dragged:
            paint_readout(painter, self._mouse, self._readout(picture, under), room)
        elif marked[0] is not None and marked[1] is not None and self.hasFocus():
            place = (marked[0], marked[1])
            paint_readout(painter, frame.cell_area(*place).center(), self._readout(picture, place), room)

    # mouse

    def _place_at(self, point: QPointF) -> Place | None:
        frame = self.frame()
        return None if frame is None else frame.cell_at(point)

    def _cursor_for(self, place: Place | None, *, pinned: bool) -> Cursor:
        return (
            self._freed()
            if place is None or self._picture is None
            else self._aimed(self._picture, place, pinned=pinned)
        )

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._mouse = event.position()
        if self._pressed is not None and self._drag(event.position()):
            return
        place = self._place_at(event.position())
        if not self.cursor_at.pinned:
            self._say(self._cursor_for(place, pinned=False))
        self.update()

    def _drag(self, point: QPointF) -> bool:
        frame = self.frame()
        if frame is None or self._pressed is None:
            return False
        way = point - self._pressed
        if not self._dragged and way.manhattanLength() < QApplication.startDragDistance():
            return True
        self._dragged = True
        self._window = self._window.moved(-way.y() / frame.cell.height(), -way.x() / frame.cell.width())
        self._pressed = point
        self.setCursor(Qt.CursorShape.ClosedHandCursor)
        self.update()
        return True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed, self._dragged = event.position(), False
        else:
            super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        was_drag, self._pressed, self._dragged = self._dragged, None, False
        self.unsetCursor()
        place = self._place_at(event.position())
        if event.button() == Qt.MouseButton.LeftButton and place is not None and not was_drag:
            self._toggle(place)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        self.reset_zoom()

    def leaveEvent(self, event: QEvent) -> None:
        self._mouse = None
        if not self.cursor_at.pinned:
            self._say(self._freed())
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        frame = self.frame()
        turns = event.angleDelta().y() / 120.0
        if frame is None or not turns:
            event.ignore()
            return
        self._window = self._window.zoom(0.8**turns, *frame.spot(event.position()))
        self.update()
        event.accept()

    # keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        action = self._action(key)
        if action is None or self._picture is None:
            super().keyPressEvent(event)
            return
        action()

    def _action(self, key: Qt.Key) -> Callable[[], None] | None:
        if key in STEPS:
            return lambda: self._walk(*STEPS[key])
        if key in _ZOOM:
            return lambda: self._zoom_at_mark(_ZOOM[key])
        keys: dict[Qt.Key, Callable[[], None]] = {
            Qt.Key.Key_0: self.reset_zoom,
            Qt.Key.Key_Escape: self._free,
            Qt.Key.Key_Return: self._pin_here,
            Qt.Key.Key_Enter: self._pin_here,
            Qt.Key.Key_Space: self._pin_here,
        }
        return keys.get(key)

    def _walk(self, rows: int, columns: int) -> None:
        row, column = self._marked()
        place = (0, 0)
        if row is not None or column is not None:
            tall, wide = self._window.shape
            place = (min(max((row or 0) + rows, 0), tall - 1), min(max((column or 0) + columns, 0), wide - 1))
        self._window = self._window.revealing(place)
        self._say(self._cursor_for(place, pinned=True))
        self.update()

    def _zoom_at_mark(self, factor: float) -> None:
        row, column = self._marked()
        middle = self._window.top + self._window.rows / 2, self._window.left + self._window.columns / 2
        spot = (middle[0] if row is None else row + 0.5, middle[1] if column is None else column + 0.5)
        self._window = self._window.zoom(factor, *spot)
        self.update()

    def _pin_here(self) -> None:
        row, column = self._marked()
        if row is not None and column is not None:
            self._toggle((row, column))

    def _toggle(self, place: Place) -> None:
        again = self.cursor_at.pinned and self._marked() == place
        self._say(self._cursor_for(None if again else place, pinned=not again))

    def _free(self) -> None:
        self._say(self._freed())

    def _say(self, cursor: Cursor) -> None:
        if cursor != self.cursor_at:
            self.pointed.emit(cursor)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()


def _index(positions: tuple[int, ...], wanted: int | None) -> int | None:
    return positions.index(wanted) if wanted is not None and wanted in positions else None
