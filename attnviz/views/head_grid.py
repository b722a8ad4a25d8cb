"""All heads at once: layers down, heads across, every tile a small picture of one head's attention."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import (
    QFocusEvent,
    QFontMetricsF,
    QHelpEvent,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from attnviz.export.cells import indexed_image
from attnviz.table import Table
from attnviz.trace import LoadReport, Overview
from attnviz.views import palette
from attnviz.views.atlas import Atlas, atlas_codes, tile_side
from attnviz.views.head_table import COLUMNS, head_rows, spoken
from attnviz.views.image import require_ui_thread
from attnviz.views.lettering import show_tip
from attnviz.views.map_paint import paint_ring
from attnviz.views.map_view import STEPS
from attnviz.views.option import Option
from attnviz.views.palette import GRID, SMALL, colour, ui_font
from attnviz.views.scrolled import paint_sentence
from attnviz.views.view import View

POSITION = "position"
ORDERS = (POSITION, *Overview.SUMMARY)
Spot = tuple[int, int]


class HeadGrid(View):
    """The atlas of heads. A click or the arrow keys choose layer and head; query and key stay where they are.

    ``order`` sorts the heads within each layer, highest first, and letters each tile with its true head number.
    ``extent`` (layers, heads) reserves the whole grid before its layers have arrived.
    """

    order = Option(POSITION, ORDERS)
    colour_map = Option("blues", palette.MAPS)
    extent: Option[Spot | None] = Option(None)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._layers: dict[int, Overview] = {}
        self._image: QImage | None = None
        self._heads_at: dict[int, tuple[int, ...]] = {}
        self._framed: Spot = (0, 0)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Expanding)

    def refresh(self) -> None:
        self._update(fresh=True)

    def grid_shape(self) -> Spot:
        """Layers and heads that the grid has room for; (0, 0) when nothing is known."""
        report = self.trace.find(LoadReport)
        known = self.extent or ((report.layers, report.heads) if report else (0, 0))
        layers = max((known[0], *(layer + 1 for layer in self._layers)))
        return layers, max((known[1], *(overview.tiles.shape[0] for overview in self._layers.values())))

    def atlas(self) -> Atlas | None:
        """Where the tiles stand in the widget."""
        layers, heads = self.grid_shape()
        if not self._layers or not heads:
            return None
        metrics = QFontMetricsF(ui_font(SMALL))
        left = metrics.horizontalAdvance(f"layer {layers - 1}") + 1.5 * GRID
        top = metrics.height() * (1 if self.order == POSITION else 2) + GRID
        room = QRectF(left, top, self.width() - left - GRID, self.height() - top - GRID)
        return Atlas((layers, heads), room.topLeft(), tile_side(room, (layers, heads)))

    def head_at(self, layer: int, column: int) -> int | None:
        """The head that stands in a column of a layer; None where the layer hasn't arrived."""
        heads = self._heads_at.get(layer, ())
        return heads[column] if 0 <= column < len(heads) else None

    def column_of(self, layer: int, head: int) -> int:
        heads = self._heads_at.get(layer, ())
        return heads.index(head) if head in heads else head

    def numbers(self) -> Table:
        return Table(COLUMNS, head_rows(self.trace, self.cursor_at.site))

    def _update(self, *, fresh: bool) -> None:
        require_ui_thread()
        found = {
            overview.layer: overview for overview in self.trace.every(Overview) if overview.site is self.cursor_at.site
        }
        if fresh or found != self._layers:
            self._layers = found
            self._heads_at = {layer: _ordered(overview, self.order) for layer, overview in found.items()}
            self._image = None
            self.update()
        else:
            self._touch(self._framed, (self.cursor_at.layer, self.cursor_at.head))
        self._framed = self.cursor_at.layer, self.cursor_at.head

    def _touch(self, old: Spot, new: Spot) -> None:
        """Repaint the frames of two heads and what is lettered beside them; nothing where it is one and the same."""
        atlas = self.atlas()
        if atlas is None or old == new:
            return
        for layer, head in (old, new):
            tile = atlas.tile(layer, self.column_of(layer, head)).adjusted(-3, -3, 3, 3)
            self.update(tile.toAlignedRect())
            self.update(QRectF(0, tile.top(), atlas.origin.x(), tile.height()).toAlignedRect())
            self.update(QRectF(tile.left() - tile.width(), 0, 3 * tile.width(), atlas.origin.y()).toAlignedRect())

    def _atlas_image(self, atlas: Atlas) -> QImage:
        ratio = self.devicePixelRatio()
        if self._image is None:
            tiles = {layer: overview.tiles[list(self._heads_at[layer])] for layer, overview in self._layers.items()}
            table = palette.sequential(self.colour_map)
            self._image = indexed_image(atlas_codes(tiles, atlas, ratio), table)
            self._image.setDevicePixelRatio(ratio)
        return self._image

    def _spot_at(self, point: QPointF) -> Spot | None:
        """Layer and head under a point."""
        atlas = self.atlas()
        place = None if atlas is None else atlas.place_at(point)
        head = None if place is None else self.head_at(*place)
        return None if place is None or head is None else (place[0], head)

    def _choose(self, layer: int, head: int) -> None:
        chosen = replace(self.cursor_at, layer=layer, head=head)
        if chosen != self.cursor_at:
            self.pointed.emit(chosen)

    def _tip(self, spot: Spot) -> str:
        layer, head = spot
        numbers = self._layers[layer].summary[head]
        lines = (
            f"{title}: {spoken(name, float(value))}"
            for name, title, value in zip(Overview.SUMMARY, COLUMNS[2:], numbers, strict=False)
        )
        return "\n".join((f"layer {layer} · head {head}", *lines))

    def sizeHint(self) -> QSize:
        layers, heads = self.grid_shape()
        return QSize(8 * GRID + max(heads, 6) * 4 * GRID, 4 * GRID + max(layers, 6) * 4 * GRID)

    def minimumSizeHint(self) -> QSize:
        return QSize(24 * GRID, 16 * GRID)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour("surface"))
        atlas = self.atlas()
        if atlas is None:
            paint_sentence(painter, QRectF(self.rect()), "Type a sentence above to see all heads at once.")
        else:
            painter.drawImage(atlas.origin, self._atlas_image(atlas))
            self._outline(painter, atlas)
            self._letter(painter, atlas)
            self._frame_current(painter, atlas)
        if self.hasFocus():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            paint_ring(painter, QRectF(self.rect()))
        painter.end()

    def _outline(self, painter: QPainter, atlas: Atlas) -> None:
        """Gap lines around the tiles that are there; what hasn't arrived is an empty place."""
        arrived = [place for place in atlas.places() if self.head_at(*place) is not None]
        for place in set(atlas.places()).difference(arrived):
            painter.fillRect(atlas.tile(*place), colour("raised"))
        painter.setPen(QPen(colour("border"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRects([atlas.tile(*place).adjusted(-1, -1, 0, 0) for place in arrived])

    def _letter(self, painter: QPainter, atlas: Atlas) -> None:
        font = ui_font(SMALL)
        painter.setFont(font)
        metrics = QFontMetricsF(font)
        chosen = self.cursor_at.layer, self.column_of(self.cursor_at.layer, self.cursor_at.head)
        for layer in range(atlas.shape[0]):
            painter.setPen(colour("accent" if layer == chosen[0] else "muted"))
            text = f"layer {layer}" if layer == 0 or atlas.side >= metrics.height() * 0.8 else ""
            middle = atlas.tile(layer, 0).center().y() + metrics.capHeight() / 2
            painter.drawText(QPointF(atlas.origin.x() - GRID / 2 - 2 - metrics.horizontalAdvance(text), middle), text)
        if self.order != POSITION:
            painter.setPen(colour("muted"))
            painter.drawText(
                QPointF(atlas.origin.x(), metrics.ascent() + GRID / 4),
                f"heads by {_title(self.order)}, highest first →",
            )
        self._letter_columns(painter, atlas, chosen[1])
        if self.order != POSITION and atlas.side >= 2 * metrics.height():
            self._letter_tiles(painter, atlas)

    def _letter_columns(self, painter: QPainter, atlas: Atlas, chosen: int) -> None:
        metrics = QFontMetricsF(painter.font())
        baseline = atlas.origin.y() - GRID / 2
        wide = metrics.horizontalAdvance("head 00") + 4 < atlas.side
        for column in range(atlas.shape[1]):
            number = f"{column}" if self.order == POSITION else f"#{column + 1}"
            text = f"head {number}" if wide and self.order == POSITION else number
            painter.setPen(colour("accent" if column == chosen else "muted"))
            left = atlas.tile(0, column).center().x() - metrics.horizontalAdvance(text) / 2
            painter.drawText(QPointF(left, baseline), text)
        if not wide and self.order == POSITION:
            painter.setPen(colour("muted"))
            painter.drawText(
                QPointF(atlas.origin.x() - GRID / 2 - 2 - metrics.horizontalAdvance("head"), baseline), "head"
            )

    def _letter_tiles(self, painter: QPainter, atlas: Atlas) -> None:
        """True head numbers, each on a plate in its tile's corner."""
        metrics = QFontMetricsF(painter.font())
        for layer, heads in self._heads_at.items():
            for column, head in enumerate(heads):
                tile = atlas.tile(layer, column)
                width = metrics.horizontalAdvance(f"{head}") + 6
                plate = QRectF(tile.right() - width, tile.top(), width, metrics.height())
                painter.fillRect(plate, colour("surface", 0.88))
                painter.setPen(colour("text"))
                painter.drawText(plate, int(Qt.AlignmentFlag.AlignCenter), f"{head}")

    def _frame_current(self, painter: QPainter, atlas: Atlas) -> None:
        layer, head = self.cursor_at.layer, self.cursor_at.head
        column = self.column_of(layer, head)
        if layer < atlas.shape[0] and column < atlas.shape[1]:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour("accent"), 2.0))
            painter.drawRect(atlas.tile(layer, column).adjusted(-1, -1, 1, 1))

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._image = None
        super().resizeEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        spot = self._spot_at(event.position())
        if spot is not None and event.button() == Qt.MouseButton.LeftButton:
            self._choose(*spot)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        over = self._spot_at(event.position()) is not None
        self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = STEPS.get(Qt.Key(event.key()))
        if step is None or not self._layers:
            super().keyPressEvent(event)
            return
        layers, heads = self.grid_shape()
        layer = min(max(self.cursor_at.layer + step[0], 0), layers - 1)
        column = min(max(self.column_of(self.cursor_at.layer, self.cursor_at.head) + step[1], 0), heads - 1)
        head = self.head_at(layer, column)
        if head is not None:
            self._choose(layer, head)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            spot, atlas = self._spot_at(QPointF(event.pos())), self.atlas()
            if spot is None or atlas is None:
                show_tip(self, event.globalPos(), "", QRect())
            else:
                area = atlas.tile(spot[0], self.column_of(*spot)).toRect()
                show_tip(self, event.globalPos(), self._tip(spot), area)
            return True
        return super().event(event)


def _ordered(overview: Overview, order: str) -> tuple[int, ...]:
    heads = overview.tiles.shape[0]
    if order == POSITION:
        return tuple(range(heads))
    return tuple(int(head) for head in np.argsort(-overview.summary[:, Overview.SUMMARY.index(order)], kind="stable"))


def _title(order: str) -> str:
    return COLUMNS[2 + Overview.SUMMARY.index(order)]
