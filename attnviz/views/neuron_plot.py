"""A query and a key neuron by neuron: their vectors, the products of their numbers, the running sum, and the weight."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from attnviz.views.card import LEFT
from attnviz.views.cell_reading import scale_name
from attnviz.views.map_paint import paint_readout, paint_ring
from attnviz.views.neuron_pair import NeuronRow, neuron_absence, neuron_row
from attnviz.views.palette import BASE, GRID, SMALL, colour, ui_font
from attnviz.views.ruler import small_width
from attnviz.views.scrolled import paint_sentence
from attnviz.views.source_bars import signed_ink
from attnviz.views.step_moment import exact, lettered_number
from attnviz.views.vector_strip import Fold, Strip, limit_of, paint_scale, paint_strip
from attnviz.views.view import View

_HEADING, _LABEL, _NOTE, _EQUATION = 26.0, 16.0, 14.0, 66.0
_LEAST_STRIP, _MOST_STRIP, _STRIP_SHARE = 26.0, 44.0, 0.045
_LEAST_PLOT = 56.0


class NeuronPlot(View):
    """The pair that the cursor is at. The arrow keys go through the dimensions and through the keys."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.row: NeuronRow | None = None
        self._dimension: int | None = None
        self._mouse: QPointF | None = None
        self.setAccessibleName("Query and key, neuron by neuron")
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def _update(self, *, fresh: bool) -> None:
        self.row = neuron_row(self.trace, self.cursor_at)
        if self.row is not None:
            self.setAccessibleDescription(" ".join(text for text, _ in equation(self.row)))
        self.update()

    # geometry

    def strips(self) -> tuple[Strip, ...]:
        """The query, the key, and the products of their numbers."""
        row = self.row
        if row is None:
            return ()
        query, key, terms = row.query_vector, row.key_vector, row.terms
        limit = limit_of(query, key)
        return (
            Strip("q", f"query of {row.token('query', row.query)}", query, limit),
            Strip("k", f"key of {row.token('key', row.chosen)}", key, limit),
            Strip("q × k", "their products, dimension by dimension", terms, limit_of(terms)),
        )

    def _left(self) -> float:
        return GRID + small_width("q × k", bold=True) + GRID

    def folds(self) -> tuple[Fold, ...]:
        """Where the strips stand; the same dimension is in the same column of each."""
        strips, left = self.strips(), self._left()
        width, step = self.width() - left - 2 * GRID, self._step()
        tops = (_HEADING + _LABEL + place * step for place in range(len(strips)))
        size = 0 if self.row is None else len(self.row.query_vector)
        return tuple(Fold(size, size, QRectF(left, top, width, self._strip())) for top in tops)

    def _step(self) -> float:
        return _LABEL + self._strip() + 2 + _NOTE

    def _strip(self) -> float:
        return min(max(self.height() * _STRIP_SHARE, _LEAST_STRIP), _MOST_STRIP)

    def plot(self) -> QRectF:
        """Where the running sum is drawn."""
        top = _HEADING + 3 * self._step() + _LABEL + 6
        left = self._left()
        return QRectF(left, top, self.width() - left - 2 * GRID, self.height() - top - _EQUATION - GRID)

    # drawing

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), colour("surface"))
        row = self.row
        if row is None:
            paint_sentence(painter, QRectF(self.rect()), neuron_absence(self.trace, self.cursor_at))
        else:
            self._paint_heading(painter, row)
            self._paint_strips(painter)
            self._paint_running(painter, row)
            self._paint_equation(painter, row)
            self._paint_reading(painter, row)
        if self.hasFocus():
            paint_ring(painter, QRectF(self.rect()))
        painter.end()

    def _paint_heading(self, painter: QPainter, row: NeuronRow) -> None:
        painter.setFont(ui_font(BASE, bold=True))
        painter.setPen(colour("text"))
        text = f"{row.token('query', row.query)} → {row.token('key', row.chosen)}"
        room = QRectF(GRID, 4, self.width() - 2 * GRID, 20)
        painter.drawText(
            room, int(LEFT), painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(room.width()))
        )
        used = painter.fontMetrics().horizontalAdvance(text) + 2 * GRID
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("muted"))
        note = "" if self.cursor_at.key is not None else "the key with the most weight; choose another one in the list"
        if used + small_width(note) < room.width():
            painter.drawText(room.adjusted(used, 1, 0, 1), int(LEFT), note)

    def _paint_strips(self, painter: QPainter) -> None:
        looked = self._looked()
        for strip, fold in zip(self.strips(), self.folds(), strict=True):
            painter.setFont(ui_font(SMALL))
            painter.setPen(colour("muted"))
            above = QRectF(fold.area.left(), fold.area.top() - _LABEL, fold.area.width(), _LABEL)
            painter.drawText(above, int(LEFT), strip.meaning)
            painter.setFont(ui_font(SMALL, bold=True))
            painter.setPen(colour("text"))
            painter.drawText(QRectF(GRID, fold.area.top(), self._left(), fold.area.height()), int(LEFT), strip.symbol)
            paint_strip(painter, strip, fold, looked)
            below = QRectF(fold.area.left(), fold.area.bottom() + 2, fold.area.width(), _NOTE)
            paint_scale(painter, below, strip.limit, signed=True)

    def _paint_running(self, painter: QPainter, row: NeuronRow) -> None:
        """A step per dimension from 0 to q·k, upwards in the colour of positive terms."""
        area, running, terms = self.plot(), row.running, row.terms
        if area.height() < _LEAST_PLOT:
            return
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("muted"))
        total = float(row.products[row.chosen])
        title = QRectF(area.left(), area.top() - _LABEL - 2, area.width(), _LABEL)
        painter.drawText(
            title, int(LEFT), f"running sum over the {len(terms)} dimensions → q·k = {lettered_number(total, 3)}"
        )
        low, high = min(float(running.min()), 0.0), max(float(running.max()), 0.0)
        span = (high - low) or 1.0
        fold = Fold(len(terms), len(terms), area)

        def level(value: float) -> float:
            return area.bottom() - (value - low) / span * area.height()

        self._paint_levels(painter, area, tuple((value, level(value)) for value in {low, 0.0, high}))
        before = 0.0
        for dimension, value in enumerate(running.tolist()):
            cell = fold.cell(dimension)
            top, bottom = sorted((level(before), level(value)))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(signed_ink(float(terms[dimension])))
            gap = min(cell.width() * 0.15, 3.0)
            painter.drawRect(QRectF(cell.left() + gap, top, max(cell.width() - 2 * gap, 1.0), max(bottom - top, 1.0)))
            before = value
        looked = self._looked()
        if looked is not None:
            cell = fold.cell(looked)
            painter.fillRect(
                QRectF(cell.left(), area.top(), max(cell.width(), 2.0), area.height()), colour("accent", 0.16)
            )

    def _paint_levels(self, painter: QPainter, area: QRectF, levels: tuple[tuple[float, float], ...]) -> None:
        right = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        painter.setFont(ui_font(SMALL))
        drawn: list[float] = []
        for value, y in sorted(levels, key=lambda level: abs(level[0])):
            painter.setPen(QPen(colour("muted" if value == 0 else "border"), 1))
            painter.drawLine(QPointF(area.left(), round(y) + 0.5), QPointF(area.right(), round(y) + 0.5))
            if all(abs(y - other) > 12 for other in drawn):
                drawn.append(y)
                painter.setPen(colour("muted"))
                text = "0" if value == 0 else lettered_number(value, 1)
                painter.drawText(QRectF(0, y - 8, area.left() - 6, 16), right, text)

    def _paint_equation(self, painter: QPainter, row: NeuronRow) -> None:
        """q·k, scaled, biased, softmaxed: a plate for each with its name under it."""
        top = self.height() - _EQUATION
        painter.setPen(QPen(colour("border"), 1))
        painter.drawLine(QPointF(GRID, top + 0.5), QPointF(self.width() - GRID, top + 0.5))
        parts = equation(row)
        width = (self.width() - 2 * GRID) / len(parts)
        middle = int(Qt.AlignmentFlag.AlignCenter)
        for place, (number, name) in enumerate(parts):
            last = place == len(parts) - 1
            room = QRectF(GRID + place * width, top + 8, width, 28)
            painter.setFont(ui_font(BASE, bold=last))
            painter.setPen(colour("accent" if last else "text"))
            painter.drawText(room, middle, number)
            painter.setFont(ui_font(SMALL))
            painter.setPen(colour("muted"))
            painter.drawText(room.translated(0, 22), middle, name)

    def _paint_reading(self, painter: QPainter, row: NeuronRow) -> None:
        looked = self._looked()
        if looked is None:
            return
        query, key, term, sum_so_far = (
            lettered_number(float(values[looked]), 4)
            for values in (row.query_vector, row.key_vector, row.terms, row.running)
        )
        text = f"dimension {looked}   {query} × {key} = {term}   sum so far {sum_so_far}"
        at = self._mouse or self.folds()[2].cell(looked).center()
        paint_readout(painter, at, text, QRectF(self.rect()))

    # reading

    def _looked(self) -> int | None:
        if self._mouse is not None:
            return self._dimension_at(self._mouse)
        row = self.row
        inside = row is not None and self._dimension is not None and self._dimension < len(row.query_vector)
        return self._dimension if inside and self.hasFocus() else None

    def _dimension_at(self, point: QPointF) -> int | None:
        row = self.row
        if row is None:
            return None
        size = len(row.query_vector)
        places = (*self.folds(), Fold(size, size, self.plot()))
        return next((found for fold in places if (found := fold.at(point)) is not None), None)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._mouse = event.position()
        self.update()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self._mouse = None
        self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row, key = self.row, Qt.Key(event.key())
        across = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        along = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if row is None:
            event.ignore()
        elif key in across:
            last = len(row.query_vector) - 1
            self._dimension = 0 if self._dimension is None else min(max(self._dimension + across[key], 0), last)
            self._mouse = None
            self.setAccessibleDescription(f"dimension {self._dimension}: {exact(float(row.terms[self._dimension]))}")
            self.update()
        elif key in along:
            chosen = min(max(row.chosen + along[key], 0), len(row.keys) - 1)
            self.pointed.emit(replace(self.cursor_at, query=row.query, key=chosen, pinned=True))
        elif key == Qt.Key.Key_Escape and self.cursor_at.pinned:
            self.pointed.emit(replace(self.cursor_at, query=None, key=None, pinned=False))
        else:
            event.ignore()

    def sizeHint(self) -> QSize:
        return QSize(64 * GRID, 52 * GRID)

    def minimumSizeHint(self) -> QSize:
        least = _LABEL + _LEAST_STRIP + 2 + _NOTE
        return QSize(36 * GRID, int(_HEADING + 3 * least + _LABEL + _LEAST_PLOT + _EQUATION + 2 * GRID))


def equation(row: NeuronRow) -> tuple[tuple[str, str], ...]:
    """The stages from q·k to the weight: each number as it is written, and its name."""
    product, score, weight = (float(values[row.chosen]) for values in (row.products, row.scores, row.weights))
    width = len(row.query_vector)
    scaled = product * row.attention.scale
    parts = [
        (lettered_number(product, 3), "q·k"),
        (f"{scale_name(row.attention.scale, width)} = {lettered_number(scaled, 3)}", "scaled"),
    ]
    if row.bias is not None:
        parts.append((f"+ {lettered_number(float(row.bias[row.chosen]), 3)}", "bias"))
    masked = "may not look: masked" if row.masked else "score"
    parts.append((lettered_number(score, 3), masked))
    shown = f"{weight:.2e}".replace("-", "−") if 0 < weight < 0.0005 else lettered_number(weight, 3)
    return (*parts, (shown, "weight, set by hand" if row.by_hand else f"weight, of {len(row.weights)} keys"))
