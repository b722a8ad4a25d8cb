"""One token through the logit lens: the watched word's probability by layer, and the best words of the layer that is looked at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from attnviz.export.cells import stride
from attnviz.export.ticks import even_ticks
from attnviz.trace import Cursor
from attnviz.views.lens_reading import NEVER, Reading, read_lens, site_of
from attnviz.views.lettering import isolated, percent
from attnviz.views.map_frame import Place
from attnviz.views.option import Option
from attnviz.views.palette import BASE, GRID, SMALL, colour, token_font, ui_font
from attnviz.views.place_view import PlaceView
from attnviz.views.ruler import small_width

_CENTRE = Qt.AlignmentFlag.AlignCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_ELIDED = Qt.TextElideMode.ElideRight
_LINE, _CARD, _LEAST_WITH_CARD = 16.0, 208.0, 480.0
HEIGHT = 21 * GRID


class LensCurve(PlaceView):
    """The cursor's token, else the first mask. ``row`` is the row of the layer whose words are listed; None follows the cursor."""

    row: Option[int | None] = Option(None)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.reading: Reading | None = None
        self._shown: object = None
        self.setAccessibleName("Probability of the watched word by layer")

    def token(self) -> int | None:
        """The token whose way is drawn."""
        if self.reading is None:
            return None
        masks, query = self.reading.tokens.masks, self.cursor_at.query
        if query is not None and query < self.reading.shape[1]:
            return query
        return masks[0] if masks else None

    def shown_row(self) -> int:
        """The layer whose words are listed."""
        if self.reading is None:
            return 0
        if self.row is not None and self.row < self.reading.shape[0]:
            return self.row
        layers = [lens.layer for lens in self.reading.lenses]
        wanted = self.cursor_at.layer + 1
        return layers.index(wanted) if wanted in layers else len(layers) - 1

    def _sentence(self) -> str:
        if self.reading is None:
            return "The lens has not arrived yet."
        return "" if self.token() is not None else "Point at a token to see when its word becomes known."

    def _update(self, *, fresh: bool) -> None:
        if fresh or self.reading is None or self.reading.tokens.site is not site_of(self.cursor_at):
            self.reading = read_lens(self.trace, self.cursor_at)
        shown = self.trace, self.token(), self.shown_row(), self.reading
        fresh, self._shown = fresh or shown != self._shown, shown
        super()._update(fresh=fresh)

    # geometry

    def _card_width(self) -> float:
        return _CARD if self.width() >= _LEAST_WITH_CARD else 0.0

    def plot_area(self) -> QRectF:
        """Where the curve is."""
        room = QRectF(self.rect())
        card = self._card_width() + (3 * GRID if self._card_width() else GRID)
        return room.adjusted(7.5 * GRID, self._top(), -card, -2 * _LINE - GRID)

    def _top(self) -> float:
        return 2.2 * _LINE + GRID

    def _ends(self, reading: Reading, token: int) -> float:
        """The top of the probability axis."""
        highest = float(np.nan_to_num(reading.probabilities[:, token]).max())
        return 1.0 if highest > 0.5 else max(1.15 * highest, 1e-4)

    def _point(self, reading: Reading, token: int, row: int) -> QPointF:
        area, rows = self.plot_area(), reading.shape[0]
        share = float(np.nan_to_num(reading.probabilities[row, token])) / self._ends(reading, token)
        return QPointF(area.left() + (row + 0.5) / rows * area.width(), area.bottom() - share * area.height())

    # painting

    def _paint_face(self, painter: QPainter) -> None:
        reading, token = self.reading, self.token()
        if reading is None or token is None:
            return
        painter.setFont(ui_font(BASE))
        painter.setPen(colour("text"))
        words = QRectF(self.rect()).adjusted(GRID, 2, -GRID, 0)
        words.setHeight(2.2 * _LINE)
        painter.drawText(words, int(_LEFT | Qt.TextFlag.TextWordWrap), reading.way(token))
        self._paint_axes(painter, reading, token)
        first = int(reading.first[token])
        if first != NEVER:
            self._paint_first(painter, self._point(reading, token, first).x())
        self._paint_curve(painter, reading, token)
        if self._card_width():
            self._paint_card(painter, reading, token)

    def _paint_axes(self, painter: QPainter, reading: Reading, token: int) -> None:
        area, end = self.plot_area(), self._ends(reading, token)
        painter.setFont(ui_font(SMALL))
        for value, _ in ((0.0, ""), *even_ticks(end, max(1, int(area.height() / (1.8 * _LINE))))):
            level = area.bottom() - value / end * area.height()
            painter.setPen(QPen(colour("border", 0.6), 1))
            painter.drawLine(QLineF(area.left(), level, area.right(), level))
            painter.setPen(colour("muted"))
            painter.drawText(QRectF(0, level - 8, area.left() - 5, 16), int(_RIGHT), f"{100 * value:.3g} %")
        painter.setPen(colour("muted"))
        painter.save()
        painter.translate(2, area.center().y())
        painter.rotate(-90)
        painter.drawText(QRectF(-60, 0, 120, _LINE), int(_CENTRE), "probability")
        painter.restore()
        ranks = tuple(_short(int(rank)) for rank in reading.ranks[:, token])
        names = tuple("emb." if lens.layer == 0 else str(lens.layer - 1) for lens in reading.lenses)
        widest = max(small_width(text) for text in (*ranks, *names)) + GRID / 2
        step = stride(area.width() / len(names), widest)
        for line, title, texts in ((0, "layer", names), (1, "rank", ranks)):
            top = area.bottom() + 3 + line * (_LINE - 1)
            painter.setPen(colour("muted"))
            painter.drawText(QRectF(0, top, area.left() - 5, _LINE), int(_RIGHT), title)
            painter.setPen(colour("text" if line else "muted"))
            for row in range(len(names) - 1, -1, -step):
                middle = self._point(reading, token, row).x()
                painter.drawText(QRectF(middle - 40, top, 80, _LINE), int(_CENTRE), texts[row])

    def _paint_first(self, painter: QPainter, across: float) -> None:
        area = self.plot_area()
        painter.setPen(QPen(colour("text"), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QLineF(across, area.top() - 3, across, area.bottom()))

    def _paint_curve(self, painter: QPainter, reading: Reading, token: int) -> None:
        points = [self._point(reading, token, row) for row in range(reading.shape[0])]
        painter.setPen(QPen(colour("accent"), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(points))
        for row, point in enumerate(points):
            looked = row == self.shown_row()
            painter.setPen(QPen(colour("surface"), 1.5))
            painter.setBrush(colour("text" if looked else "accent"))
            painter.drawEllipse(point, *((5.5, 5.5) if looked else (4.0, 4.0)))

    def _paint_card(self, painter: QPainter, reading: Reading, token: int) -> None:
        """The best words of one layer with their probabilities as bars."""
        row, left = self.shown_row(), self.width() - self._card_width() - GRID
        lens = reading.lenses[row]
        line = QRectF(left, self._top() - 4, self._card_width(), _LINE)
        painter.setFont(ui_font(SMALL, bold=True))
        painter.setPen(colour("text"))
        painter.drawText(line, int(_LEFT), f"{reading.name(row)} says")
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("muted"))
        painter.drawText(line, int(_RIGHT), f"entropy {float(reading.entropy[row, token]):.2f} nats")
        letters = QFontMetricsF(token_font(SMALL))
        for label, share, number in zip(lens.labels[token], lens.probabilities[token], lens.ids[token], strict=True):
            line = line.translated(0, _LINE + 1)
            if line.bottom() > self.height():
                return
            bar = QRectF(left + 84, line.top() + 4, 72 * min(max(float(np.nan_to_num(share)), 0.0), 1.0), _LINE - 8)
            painter.fillRect(QRectF(bar.left(), bar.top(), 72, bar.height()), colour("raised"))
            painter.fillRect(bar, colour("accent"))
            painter.setFont(token_font(SMALL))
            painter.setPen(colour("text" if int(number) == int(lens.watched[token]) else "muted"))
            painter.drawText(line, int(_LEFT), letters.elidedText(isolated(label), _ELIDED, 80))
            painter.setFont(ui_font(SMALL))
            painter.drawText(line, int(_RIGHT), percent(float(share)))

    # pointing

    def _place_at(self, point: QPointF) -> Place | None:
        reading, token, area = self.reading, self.token(), self.plot_area()
        if reading is None or token is None or not area.adjusted(0, -GRID, 0, 2 * _LINE).contains(point):
            return None
        row = int((point.x() - area.left()) / area.width() * reading.shape[0])
        return min(max(row, 0), reading.shape[0] - 1), token

    def _marked(self) -> Place | None:
        token = self.token()
        return None if token is None else (self.shown_row(), token)

    def _hover(self, place: Place | None) -> None:
        """The token is chosen elsewhere: here the mouse only reads."""
        self.update()

    def _aimed(self, place: Place, *, pinned: bool) -> Cursor:
        layer = self.reading.lenses[place[0]].layer if self.reading is not None else 0
        moved = max(layer - 1, 0) if pinned else self.cursor_at.layer
        return replace(self.cursor_at, layer=moved, query=place[1], key=None, pinned=pinned)

    def _freed(self) -> Cursor:
        return replace(self.cursor_at, query=None, key=None, pinned=False)

    def _walked(self, place: Place | None, rows: int, columns: int) -> Place | None:
        """Left and right go through the layers, up and down through the tokens."""
        if self.reading is None or place is None:
            return None
        tall, wide = self.reading.shape
        return min(max(place[0] + columns, 0), tall - 1), min(max(place[1] + rows, 0), wide - 1)

    def _readout(self, place: Place) -> str:
        return "" if self.reading is None else f"{self.reading.name(place[0])}: {self.reading.standing(*place)}"

    def _area_of(self, place: Place) -> QRectF:
        if self.reading is None:
            return QRectF()
        point = self._point(self.reading, place[1], place[0])
        return QRectF(point.x() - 4, point.y() - 4, 8, 8)

    def sizeHint(self) -> QSize:
        return QSize(60 * GRID, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(40 * GRID, HEIGHT)


def _short(rank: int) -> str:
    """A rank in few characters: thousands as k."""
    return str(rank) if rank < 10_000 else f"{rank / 1000:.0f}k"
