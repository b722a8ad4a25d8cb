"""Several tokenizers on one text: a row of chips each, aligned by character, differences marked."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QMouseEvent, QPainter, QPen
from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.text.readable import visible
from attnviz.trace import Comparison, Piece
from attnviz.views.cut_chips import chip_label, said
from attnviz.views.cut_layout import PADDING, Box, Sheet, sheet
from attnviz.views.moment import Moment, moment_of
from attnviz.views.palette import BASE, GRID, SMALL, colour, token_font, ui_font
from attnviz.views.piece_ink import paint_box, piece_colour
from attnviz.views.ruler import token_width
from attnviz.views.scrolled import ScrolledView

GUTTER = 17.0 * GRID
CHARACTERS, CHIP, ROW, BETWEEN = 20.0, 26.0, 36.0, 16.0


class CompareRows(ScrolledView):
    """The cursor's layer is the row and its query the piece that is pointed at; what stands under it is lit in all rows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sheet = Sheet((), 0, ())
        self._differs: tuple[frozenset[int], ...] = ()
        self._sheets: dict[int, Sheet] = {}
        self._shown: Comparison | None = None
        self.setAccessibleName("Tokenizers compared, aligned by character")

    @property
    def comparison(self) -> Comparison | None:
        return self.trace.find(Comparison)

    @property
    def moment(self) -> Moment:
        return moment_of(self.cursor_at)

    def chip_area(self, row: int, index: int) -> QRectF:
        """Where a piece stands in the widget now."""
        return self.to_view(self._areas(row, self._sheet.rows[row][index])[0])

    def numbers(self) -> Table:
        found = self.comparison
        columns = ("tokenizer", "piece", "label", "id", "start", "end", "differs")
        rows = (
            (row.name, piece.text, piece.label, piece.id, *(piece.span or (None, None)), int(place in row.differs))
            for row in (found.rows if found else ())
            for place, piece in enumerate(row.pieces)
        )
        return Table(columns, tuple(rows))

    def _sentence(self) -> str:
        found = self.comparison
        return "" if found is not None and found.text else "Type a sentence above to compare tokenizers on it."

    def _pitch(self) -> float:
        found = self.comparison
        return CHARACTERS + (len(found.rows) if found else 0) * ROW + BETWEEN

    def _content_height(self, width: int) -> int:
        laid = self._laid(width)
        return int(GRID + len(laid.lines) * self._pitch())

    def _laid(self, width: int) -> Sheet:
        found = self.comparison
        if found is None:
            return Sheet((), 0, ())
        if self._shown is not found:
            self._shown = found
            self._sheets.clear()
            self._differs = tuple(frozenset(row.differs) for row in found.rows)
        if width not in self._sheets:
            rows = tuple(row.pieces for row in found.rows)
            self._sheets[width] = sheet(found.text, rows, max(width - GUTTER - GRID, 8 * GRID), _room)
        return self._sheets[width]

    def _refit(self) -> None:
        super()._refit()
        self._sheet = self._laid(self._content_width())

    def _areas(self, row: int, box: Box) -> list[QRectF]:
        down = GRID + CHARACTERS + row * ROW
        return [area.translated(GUTTER, down) for area in self._sheet.areas(box, self._top, CHIP)]

    def _top(self, line: int) -> float:
        return line * self._pitch()

    def _looked(self) -> Piece | None:
        found, row, query = self.comparison, self.moment.layer, self.moment.query
        if found is None or query is None or row >= len(found.rows) or query >= len(found.rows[row].pieces):
            return None
        return found.rows[row].pieces[query]

    # painting

    def _paint(self, painter: QPainter, exposed: QRectF) -> None:
        found = self.comparison
        if found is None:
            return
        for number, line in enumerate(self._sheet.lines):
            if self._top(number) > exposed.bottom() or self._top(number + 1) + GRID < exposed.top():
                continue
            self._paint_characters(painter, found, number, line.start, line.end)
            self._paint_disputed(painter, found, number)
            self._paint_names(painter, found, number)
        for row, boxes in enumerate(self._sheet.rows):
            for box in boxes:
                areas = self._areas(row, box)
                if any(area.intersects(exposed) for area in areas):
                    self._paint_chip(painter, found, row, box, areas)

    def _paint_characters(self, painter: QPainter, found: Comparison, number: int, start: int, end: int) -> None:
        looked = self._looked()
        span = looked.span if looked is not None else None
        line = self._sheet.lines[number]
        painter.setFont(token_font(BASE))
        for place in range(start, min(end, len(found.text))):
            area = QRectF(GUTTER + line.at(place), GRID + self._top(number), 0, CHARACTERS)
            area.setRight(GUTTER + line.at(place + 1))
            under = span is not None and span[0] <= place < span[1]
            if under:
                painter.fillRect(
                    area.adjusted(0, 0, 0, len(found.rows) * ROW - (ROW - CHIP) + 2), colour("accent", 0.10)
                )
            painter.setPen(colour("text" if under else "muted"))
            painter.drawText(area, Qt.AlignmentFlag.AlignCenter, visible(found.text[place]))

    def _paint_disputed(self, painter: QPainter, found: Comparison, number: int) -> None:
        """A dotted line where some tokenizers cut and others don't."""
        line = self._sheet.lines[number]
        top = GRID + self._top(number) + CHARACTERS - 4
        painter.setPen(QPen(colour("warning"), 1, Qt.PenStyle.DotLine))
        for border in found.disputed:
            if line.start < border < line.end:
                left = round(GUTTER + line.at(border)) + 0.5
                painter.drawLine(QPointF(left, top), QPointF(left, top + len(found.rows) * ROW - 2))

    def _paint_names(self, painter: QPainter, found: Comparison, number: int) -> None:
        painter.setFont(ui_font(SMALL))
        metrics = QFontMetricsF(ui_font(SMALL))
        for row, compared in enumerate(found.rows):
            area = QRectF(GRID, GRID + self._top(number) + CHARACTERS + row * ROW, GUTTER - 2 * GRID, CHIP)
            painter.setPen(colour("text"))
            name = metrics.elidedText(compared.name, Qt.TextElideMode.ElideMiddle, area.width())
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, name)

    def _paint_chip(self, painter: QPainter, found: Comparison, row: int, box: Box, areas: list[QRectF]) -> None:
        piece = found.rows[row].pieces[box.index]
        differs = box.index in self._differs[row]
        looked = (row, box.index) == (self.moment.layer, self.moment.query)
        ink = colour("error") if piece.unknown else piece_colour(piece.text) if differs else None
        for area in areas:
            painter.fillRect(area, colour("surface"))
            paint_box(painter, area, ink, looked=looked)
        painter.setFont(token_font(BASE))
        painter.setPen(colour("text"))
        painter.drawText(areas[0], Qt.AlignmentFlag.AlignCenter, chip_label(piece))

    # pointing

    def _place(self, point: QPointF) -> tuple[int, int] | None:
        for row, boxes in enumerate(self._sheet.rows):
            for box in boxes:
                if any(area.contains(point) for area in self._areas(row, box)):
                    return row, box.index
        return None

    def _look(self, place: tuple[int, int] | None) -> None:
        row, query = (0, None) if place is None else place
        moment = replace(self.moment, layer=row, query=query)
        if moment != self.cursor_at:
            self.pointed.emit(moment)

    def _tip(self, point: QPointF) -> tuple[str, QRectF]:
        place, found = self._place(point), self.comparison
        if place is None or found is None:
            return "", QRectF()
        return said(found.rows[place[0]].pieces[place[1]]), QRectF(point, point).adjusted(-4, -4, 4, 4)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._look(self._place(self.to_content(event.position())))

    def leaveEvent(self, event: QEvent) -> None:
        self._look(None)
        super().leaveEvent(event)

    def sizeHint(self) -> QSize:
        return QSize(80 * GRID, 40 * GRID)


def _room(piece: Piece) -> float:
    return token_width(chip_label(piece)) + PADDING
