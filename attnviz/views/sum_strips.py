"""A token's first vector as a sum: its word, its position and its segment as strips of one scale, and the total."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from attnviz.export.cells import is_vector, pooled
from attnviz.table import Table
from attnviz.trace import Cursor, Floats
from attnviz.views.cell_image import paint_codes
from attnviz.views.image import coded, safe_image
from attnviz.views.lens_reading import site_of
from attnviz.views.lettering import isolated
from attnviz.views.map_frame import Place
from attnviz.views.palette import GRID, SMALL, colour, diverging, ui_font
from attnviz.views.place_view import PlaceView
from attnviz.views.position_maps import PERCENTILE, Placing, read_positions
from attnviz.views.vector_strip import paint_scale

_CENTRE = Qt.AlignmentFlag.AlignCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LINE, _STRIP, _PITCH, _NAMES, _NORMS = 18.0, 18.0, 24.0, 84.0, 84.0
HEIGHT = int(2 * _LINE + 4 * _PITCH + 2 * GRID)


class SumStrips(PlaceView):
    """The cursor's token. Left and right walk through the dimensions, up and down through the tokens."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.placing: Placing | None = None
        self._drawn_for: int | None = None
        self._dimension = 0
        self.setAccessibleName("The first vector of a token as a sum")

    def token(self) -> int | None:
        query = self.cursor_at.query
        return query if self.placing is not None and query is not None and query < len(self.placing.tokens) else None

    def rows(self) -> tuple[tuple[str, str, Floats], ...]:
        """Sign, name and vector of each part, and of the total."""
        token = self.token()
        if self.placing is None or token is None:
            return ()
        record = self.placing.record
        parts = [("+" if place else "", name, part[token]) for place, (name, part) in enumerate(record.parts.items())]
        return (*parts, ("=", "total", record.total[token]))

    def numbers(self) -> Table:
        """A row per dimension, a column per part."""
        rows = self.rows()
        if not rows:
            return Table((), ())
        columns = zip(*(map(float, np.nan_to_num(values)) for _, _, values in rows), strict=True)
        lines = tuple((dimension, *line) for dimension, line in enumerate(columns))
        return Table(("dimension", *(name for _, name, _ in rows)), lines)

    def _sentence(self) -> str:
        return "" if self.token() is not None else "Point at a token to see of what its first vector is the sum."

    def _update(self, *, fresh: bool) -> None:
        if fresh or self.placing is None or self.placing.tokens.site is not site_of(self.cursor_at):
            self.placing = read_positions(self.trace, self.cursor_at)
        moved, self._drawn_for = self.token() != self._drawn_for, self.token()
        super()._update(fresh=fresh or moved)

    # geometry

    def strip_area(self, row: int) -> QRectF:
        wide = max(self.width() - _NAMES - _NORMS - GRID, 1.0)
        return QRectF(_NAMES, _LINE + GRID + row * _PITCH, wide, _STRIP)

    def _width(self) -> int:
        return 0 if self.placing is None else self.placing.record.total.shape[1]

    # painting

    def _paint_face(self, painter: QPainter) -> None:
        rows, token = self.rows(), self.token()
        if self.placing is None or token is None:
            return
        safe = [safe_image(values[None])[0] for _, _, values in rows]
        limit = float(np.percentile(np.abs(np.concatenate(safe, axis=1)), PERCENTILE)) or 1.0
        label = isolated(self.placing.tokens.labels[token])
        painter.setFont(ui_font(SMALL, bold=True))
        painter.setPen(colour("text"))
        line = QRectF(GRID, 4, self.width() - 2 * GRID, _LINE)
        painter.drawText(line, int(_LEFT), f"first vector of {label} ({token}), before any norm")
        ratio = painter.device().devicePixelRatio()
        for row, ((sign, name, values), drawable) in enumerate(zip(rows, safe, strict=True)):
            area = self.strip_area(row)
            codes = coded(drawable, -limit, limit)
            if not is_vector(painter):
                codes = pooled(codes, 1, int(area.width() * ratio), signed=True)
            paint_codes(painter, area, codes, diverging())
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colour("border"), 1))
            painter.drawRect(area)
            self._paint_words(painter, area, (sign, name), float(np.linalg.norm(values)))
        self._paint_below(painter, len(rows), limit)

    def _paint_words(self, painter: QPainter, area: QRectF, name: tuple[str, str], norm: float) -> None:
        is_total = name[0] == "="
        painter.setFont(ui_font(SMALL, bold=is_total))
        painter.setPen(colour("text"))
        painter.drawText(QRectF(GRID, area.top(), 12, _STRIP), int(_CENTRE), name[0])
        painter.drawText(QRectF(GRID + 16, area.top(), _NAMES - GRID - 16, _STRIP), int(_LEFT), name[1])
        painter.drawText(QRectF(area.right() + 6, area.top(), _NORMS, _STRIP), int(_LEFT), f"norm {norm:.2f}")

    def _paint_below(self, painter: QPainter, rows: int, limit: float) -> None:
        """The name of the axis and the scale of all strips."""
        area = self.strip_area(rows)
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("muted"))
        line = QRectF(area.left(), area.top() - 4, area.width(), _LINE)
        painter.drawText(line, int(_LEFT), f"dimensions 0 to {self._width() - 1} →")
        scale = QRectF(max(area.right() - 22 * GRID, area.left() + 18 * GRID), line.top(), 22 * GRID, _LINE)
        paint_scale(painter, scale, limit, signed=True)

    def _paint_over(self, painter: QPainter, marked: Place | None) -> None:
        under = None if self._mouse is None else self._place_at(self._mouse)
        place = under or (marked if self.hasFocus() else None)
        if place is None:
            return
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour("accent"), 1.5))
        painter.drawRect(self._area_of((0, place[1])).united(self._area_of((len(self.rows()) - 1, place[1]))))

    # pointing

    def _place_at(self, point: QPointF) -> Place | None:
        for row in range(len(self.rows())):
            area = self.strip_area(row)
            if area.contains(point):
                dimension = int((point.x() - area.left()) / area.width() * self._width())
                return row, min(dimension, self._width() - 1)
        return None

    def _marked(self) -> Place | None:
        inside = self.token() is not None and self._dimension < self._width()
        return (len(self.rows()) - 1, self._dimension) if inside else None

    def _hover(self, place: Place | None) -> None:
        """The token is chosen elsewhere: here the mouse only reads."""
        self.update()

    def _toggle(self, place: Place) -> None:
        self._dimension = place[1]
        self._describe()
        self.update()

    def _aimed(self, place: Place, *, pinned: bool) -> Cursor:
        self._dimension = place[1]
        return replace(self.cursor_at, query=place[0], key=None, pinned=pinned)

    def _freed(self) -> Cursor:
        return replace(self.cursor_at, query=None, key=None, pinned=False)

    def _walked(self, place: Place | None, rows: int, columns: int) -> Place | None:
        """Here the first number is the token: all parts of a dimension are read together."""
        token = self.token()
        if self.placing is None or token is None:
            return None
        last = len(self.placing.tokens) - 1
        dimension = min(max(self._dimension + columns, 0), self._width() - 1)
        return min(max(token + rows, 0), last), dimension

    def _readout(self, place: Place) -> str:
        dimension = place[1]
        said = (f"{sign} {name} {float(values[dimension]):.3g}".strip() for sign, name, values in self.rows())
        return f"dimension {dimension}:   {' '.join(said)}".replace("-", "−")

    def _area_of(self, place: Place) -> QRectF:
        area = self.strip_area(place[0])
        wide = area.width() / max(self._width(), 1)
        return QRectF(area.left() + place[1] * wide, area.top(), max(wide, 2.0), area.height())

    def sizeHint(self) -> QSize:
        return QSize(60 * GRID, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(40 * GRID, HEIGHT)
