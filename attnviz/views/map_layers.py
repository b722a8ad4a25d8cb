"""A map as kept layers: its lettering, its cells and its colour bar change at different times, the crosshair all the time."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect, QRectF
from PySide6.QtGui import QPainter, QPixmap

from attnviz.export.cells import paint_bar
from attnviz.views.map_frame import Frame
from attnviz.views.map_paint import (
    Picture,
    bar_area,
    paint_border,
    paint_lettering,
    paint_map,
    paint_seen,
    screen_ink,
)
from attnviz.views.palette import colour, theme
from attnviz.views.plot_face import is_screen


class Layer:
    """One pixmap, painted anew when what it is painted from is not what it was."""

    def __init__(self) -> None:
        self._key: object = None
        self._pixmap = QPixmap()
        self.paints = 0

    def show(self, painter: QPainter, area: QRect, key: object, paint: Callable[[QPainter], None]) -> None:
        """Put what ``paint`` paints in ``area``; ``key`` is all that it depends on but the area, the theme and the screen."""
        ratio = painter.device().devicePixelRatioF()
        whole = (area, ratio, theme(), key)
        if self._key != whole:
            self._key, self._pixmap = whole, self._painted(area, ratio, painter.renderHints(), paint)
        painter.drawPixmap(area.topLeft(), self._pixmap)

    def _painted(
        self, area: QRect, ratio: float, hints: QPainter.RenderHint, paint: Callable[[QPainter], None]
    ) -> QPixmap:
        self.paints += 1
        pixmap = QPixmap(area.size() * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(colour("surface"))
        painter = QPainter(pixmap)
        painter.setRenderHints(hints)
        painter.translate(-area.topLeft())
        paint(painter)
        painter.end()
        return pixmap


class MapLayers:
    """Paints a map like ``paint_map``, stroke by stroke on paper and from its layers on the screen."""

    def __init__(self) -> None:
        self.lettering, self.cells, self.bar = Layer(), Layer(), Layer()

    def paint(
        self, painter: QPainter, picture: Picture, frame: Frame, marked: tuple[int | None, int | None], room: QRectF
    ) -> None:
        if not is_screen(painter, painter.device().devicePixelRatioF()):
            painter.fillRect(room, colour("surface"))
            paint_map(painter, picture, frame, marked, room)
            return
        letters = (picture.row_labels, picture.column_labels, picture.row_title, picture.column_title, picture.caption)
        self.lettering.show(
            painter,
            room.toAlignedRect(),
            (letters, frame, marked),
            lambda inner: paint_lettering(inner, picture, frame, marked, room),
        )
        self.cells.show(
            painter,
            frame.area.toAlignedRect(),
            (picture, frame),
            lambda inner: paint_seen(inner, picture, frame),
        )
        paint_border(painter, frame)
        bar = bar_area(frame)
        beside = bar.adjusted(-1, -1, room.right() - bar.right(), 1)
        self.bar.show(
            painter,
            beside.toAlignedRect(),
            (picture.table.tobytes(), picture.ticks, frame),
            lambda inner: paint_bar(inner, bar, picture.table, picture.ticks, screen_ink()),
        )
