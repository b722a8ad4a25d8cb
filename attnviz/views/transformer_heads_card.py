"""The heads of one attention of one decoder layer at one step: where each looks among the words so far, or in the source."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.trace import Attention, Floats, Site
from attnviz.views.column_labels import ColumnLabels
from attnviz.views.head_cells import HeadCells, Spot, paint_band, paint_head_cells, paint_head_numbers
from attnviz.views.lettering import isolated
from attnviz.views.palette import GRID
from attnviz.views.scrolled import paint_focus
from attnviz.views.step_card import StepCard
from attnviz.views.step_moment import StepMoment, exact, moment_of
from attnviz.views.token_labels import lettered
from attnviz.views.vector_strip import paint_scale

GUTTER = 16.0
_NAMES = {Site.DECODER: "self-attention", Site.CROSS: "cross-attention"}
_ARROWS = {
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Down: (1, 0),
    Qt.Key.Key_Left: (0, -1),
    Qt.Key.Key_Right: (0, 1),
}


class HeadsCard(StepCard):
    """Heads down, tokens across. A click or an arrow key chooses a head: the cursor's site, layer and head.

    In cross-attention, pointing at a token is pointing at a source token, in all layers; a click pins it.
    """

    has_foot = False

    def __init__(self, site: Site, layer: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.site, self.layer = site, layer
        self._at: Spot | None = None
        self._pressed: QPointF | None = None
        self._kept: tuple[Attention, int, Floats] | None = None

    # what it draws

    @property
    def attention(self) -> Attention | None:
        return self.trace.attention(self.layer, self.site)

    def _found(self) -> StepMoment | None:
        moment, attention = moment_of(self.trace, self.cursor_at), self.attention
        if moment is None or attention is None or attention.query.shape[1] <= moment.step:
            return None
        keys = len(moment.tokens) if self.site is Site.CROSS else moment.step + 1
        fits = attention.key.shape[1] == keys if self.site is Site.CROSS else attention.key.shape[1] >= keys
        return moment if fits else None

    @property
    def weights(self) -> Floats | None:
        """The weights of the step, (heads, tokens that are there)."""
        moment, attention = self.moment, self.attention
        if moment is None or attention is None:
            return None
        if self._kept is None or self._kept[0] is not attention or self._kept[1] != moment.step:
            self._kept = attention, moment.step, attention.weights_of(moment.step)[:, : self._there(moment)]
        return self._kept[2]

    def _there(self, moment: StepMoment) -> int:
        """How many tokens can be looked at: all of the source, or the words so far."""
        return len(moment.tokens) if self.site is Site.CROSS else moment.step + 1

    def _names(self, moment: StepMoment) -> tuple[str, ...]:
        """The tokens that can be looked at, as they are."""
        names = moment.tokens.labels if self.site is Site.CROSS else moment.decoding.previous_labels
        return names[: self._there(moment)]

    def labels(self) -> tuple[str, ...]:
        """What stands above the columns, those of words to come among them."""
        moment = self.moment
        if moment is None:
            return ()
        return moment.labels if self.site is Site.CROSS else lettered(moment.decoding.previous_labels)

    @property
    def marked(self) -> int | None:
        """The source token that the cursor is at."""
        key = self.cursor_at.key
        return (
            key
            if self.site is Site.CROSS and self.moment is not None and key in range(len(self.moment.tokens))
            else None
        )

    @property
    def chosen(self) -> int | None:
        """The head that the cursor is at, if it is one of these."""
        cursor, attention = self.cursor_at, self.attention
        own = cursor.site is self.site and cursor.layer == self.layer
        return cursor.head if own and attention is not None and cursor.head < attention.heads else None

    def _title(self, moment: StepMoment) -> str:
        return f"{_NAMES[self.site]} {self.layer}"

    def _dims(self, moment: StepMoment) -> str:
        heads = 0 if self.attention is None else self.attention.heads
        return f"{heads} heads × {self._there(moment)}"

    def _formula(self, moment: StepMoment) -> str:
        attention = self.attention
        if not self._opened or attention is None:
            return ""
        width = attention.query.shape[2]
        root = (
            f"÷ √{width}" if math.isclose(attention.scale, width**-0.5, rel_tol=1e-4) else f"× {exact(attention.scale)}"
        )
        over = "all source tokens" if self.site is Site.CROSS else "the words so far; later ones are not there yet"
        return f"weight = softmax(q{moment.now} · k {root}) over {over}"

    def numbers(self) -> Table:
        """A row per head and token."""
        moment, attention, weights = self.moment, self.attention, self.weights
        columns = ("layer", "head", "position", "token", "q·k", "score", "weight")
        if moment is None or attention is None or weights is None:
            return Table(columns, ())
        products, scores = attention.products_of(moment.step), attention.scores_of(moment.step)
        rows = (
            (self.layer, head, at, label, float(products[head, at]), float(scores[head, at]), float(weights[head, at]))
            for head in range(attention.heads)
            for at, label in enumerate(self._names(moment))
        )
        return Table(columns, tuple(rows))

    # geometry

    def cells(self) -> HeadCells:
        """Where the cells stand in the widget."""
        moment, body = self.moment, self.body()
        if moment is None or self.attention is None:
            return HeadCells(QRectF(), 1, 1, 0)
        columns = len(self.labels())
        area = body.adjusted(GUTTER, 0, 0, 0)
        if self._opened:
            area.setTop(area.top() + self._labels_over(area, columns).height + 4)
        return HeadCells(area, self.attention.heads, columns, self._there(moment))

    def labels_in(self, width: float) -> ColumnLabels:
        """The labels of the columns of a card of this width."""
        area = QRectF(GRID + GUTTER, 0, max(width - 2 * GRID - GUTTER, 1.0), 0)
        return self._labels_over(area, max(len(self.labels()), 1))

    def _labels_over(self, area: QRectF, columns: int) -> ColumnLabels:
        there = 0 if self.moment is None else self._there(self.moment)
        return ColumnLabels(self.labels(), area.left(), area.width() / columns, there)

    def column_labels(self) -> ColumnLabels:
        """The labels of the columns, to be painted over them."""
        cells = self.cells()
        return self._labels_over(cells.area, cells.columns)

    def _spot_at(self, point: QPointF) -> tuple[int, int | None] | None:
        if self._chip or self.moment is None or not self.rect().contains(point.toPoint()):
            return None
        cells = self.cells()
        head = cells.head_at(point)
        return None if head is None else (head, cells.column_at(point))

    def stand(self, *, opened: bool, chip: bool) -> None:
        self.has_foot = opened
        super().stand(opened=opened, chip=chip)

    # drawing

    def _paint_body(self, painter: QPainter, moment: StepMoment) -> None:
        weights, cells = self.weights, self.cells()
        if weights is None:
            return
        paint_head_cells(painter, cells, weights, lettered=self._opened)
        if self._opened:
            self.column_labels().paint(painter, cells.area.top() - 3, self.marked)
            paint_scale(painter, self.foot(), 1.0, signed=False)
        paint_head_numbers(painter, cells, self.chosen)
        if self.marked is not None:
            paint_band(painter, cells.column(self.marked), strong=False)
        if self.chosen is not None:
            paint_band(painter, cells.row(self.chosen))
        under = None if self._mouse is None else self._spot_at(self._mouse)
        if under is not None and under[1] is not None:
            paint_band(painter, cells.cell((under[0], under[1])))
        if self.hasFocus() and self._at is not None and self._at[1] < cells.there:
            paint_focus(painter, cells.cell(self._at))

    # reading

    def says(self, head: int, column: int) -> str:
        """A cell in words, from the dot product to the weight."""
        moment, attention, weights = self.moment, self.attention, self.weights
        if moment is None or attention is None or weights is None or column >= weights.shape[1]:
            return ""
        product = exact(float(attention.products_of(moment.step)[head, column]))
        score = exact(float(attention.scores_of(moment.step)[head, column]))
        where = f"layer {self.layer} · head {head} · {isolated(self._names(moment)[column])} ({column})"
        return f"{where}   q·k {product} → scaled {score} → weight {exact(float(weights[head, column]))}"

    def _reading(self, point: QPointF) -> str:
        spot = self._spot_at(point)
        if spot is None:
            return ""
        return (
            f"layer {self.layer} · head {spot[0]}: click shows it in the alignment"
            if spot[1] is None
            else self.says(spot[0], spot[1])
        )

    def _key_reading(self) -> tuple[str, QPointF] | None:
        if self._at is None or self.moment is None:
            return None
        return self.says(*self._at), self.cells().cell(self._at).center()

    # pointing

    def _choose(self, head: int, column: int | None, *, pinned: bool) -> None:
        cursor = replace(self.cursor_at, site=self.site, layer=self.layer, head=head)
        if self.site is Site.CROSS and column is not None:
            cursor = replace(
                cursor, key=column if pinned else None, query=cursor.query if pinned else None, pinned=pinned
            )
        if cursor != self.cursor_at:
            self.pointed.emit(cursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        super().mouseMoveEvent(event)
        spot = self._spot_at(event.position())
        if not self._chip:
            self.setCursor(Qt.CursorShape.ArrowCursor if spot is None else Qt.CursorShape.PointingHandCursor)
        if not self.cursor_at.pinned and self.site is Site.CROSS:
            self._hover(None if spot is None else spot[1])

    def _hover(self, column: int | None) -> None:
        if column != self.cursor_at.key:
            self.pointed.emit(replace(self.cursor_at, key=column))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton:
            self._pressed = event.position()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed = self._pressed, None
        spot = self._spot_at(event.position())
        if pressed is None or spot is None or spot != self._spot_at(pressed):
            super().mouseReleaseEvent(event)
            return
        head, column = spot
        self._at = None if column is None else (head, column)
        again = self.cursor_at.pinned and self.marked == column and self.chosen == head
        self._choose(head, column, pinned=not again)

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        if not self.cursor_at.pinned and self.site is Site.CROSS:
            self._hover(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, weights = Qt.Key(event.key()), self.weights
        if self._chip or weights is None or key not in (*_ARROWS, Qt.Key.Key_Home, Qt.Key.Key_End):
            if key == Qt.Key.Key_Escape and self.cursor_at.pinned and not self._opened:
                self.pointed.emit(replace(self.cursor_at, query=None, key=None, pinned=False))
            else:
                super().keyPressEvent(event)
            return
        self._walk(key, *weights.shape)

    def _walk(self, key: Qt.Key, heads: int, tokens: int) -> None:
        """To the next head or token; the first key shows where one is."""
        if self._at is None or self._at[1] >= tokens:
            head, column = self.chosen or 0, self.marked or 0
        else:
            down, right = _ARROWS.get(key, (0, 0))
            head, column = min(max(self._at[0] + down, 0), heads - 1), min(max(self._at[1] + right, 0), tokens - 1)
        column = {Qt.Key.Key_Home: 0, Qt.Key.Key_End: tokens - 1}.get(key, column)
        self._at = head, column
        self._choose(head, column, pinned=True)
        self.setAccessibleDescription(self.says(head, column))
        self._remark()
        self.update()
