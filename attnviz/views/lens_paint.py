"""Strokes of the logit lens: the words in its cells, where the watched word becomes first, and the watched words below."""

from __future__ import annotations

from PySide6.QtCore import QLineF, QRectF, Qt
from PySide6.QtGui import QFontMetricsF, QPainter, QPen

from attnviz.export.cells import paint_column_label, paint_row_label
from attnviz.views.cell_image import inks_of
from attnviz.views.lens_reading import NEVER, Reading
from attnviz.views.lettering import isolated
from attnviz.views.map_frame import Frame
from attnviz.views.map_paint import Picture
from attnviz.views.palette import GRID, SMALL, colour, token_font, ui_font

_CENTRE = Qt.AlignmentFlag.AlignCenter
_ELIDED = Qt.TextElideMode.ElideRight
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


def paint_words(painter: QPainter, picture: Picture, frame: Frame, reading: Reading, *, upright: bool) -> None:
    """The best word of every cell that is seen, in black or white, level or upright."""
    painter.setFont(token_font(SMALL))
    inks, metrics = inks_of(picture.table), QFontMetricsF(painter.font())
    rows, columns = frame.seen_rows(), frame.seen_columns()
    first, wide, tall = frame.cell_area(rows.start, columns.start), frame.cell.width(), frame.cell.height()
    if upright:  # as if the map lay on its side
        painter.save()
        painter.rotate(-90)
    cut: dict[str, str] = {}
    for row in rows:
        codes = picture.codes[row, columns.start : columns.stop].tolist()
        top = first.top() + (row - rows.start) * tall
        for place, code in enumerate(codes):
            word = reading.best_word(row, columns.start + place)
            if word not in cut:
                cut[word] = metrics.elidedText(isolated(word), _ELIDED, (tall if upright else wide) - 3)
            left = first.left() + place * wide
            painter.setPen(inks[code])
            cell = QRectF(-top - tall, left, tall, wide) if upright else QRectF(left, top, wide, tall)
            painter.drawText(cell, _CENTRE, cut[word])
    if upright:
        painter.restore()


def paint_marked_labels(
    painter: QPainter, picture: Picture, frame: Frame, marked: tuple[int | None, int | None]
) -> None:
    """The labels of a row and a column once more, set off."""
    painter.setFont(token_font(SMALL))
    painter.setPen(colour("accent"))
    row, column = marked
    if row is not None and row in frame.seen_rows():
        middle = frame.cell_area(row, 0).center().y()
        paint_row_label(painter, frame.area.left() - GRID / 2 - 2, middle, picture.row_labels[row])
    if column is not None and column in frame.seen_columns():
        middle, bottom = frame.cell_area(0, column).center().x(), frame.area.top() - GRID / 2
        paint_column_label(painter, middle, bottom, picture.column_labels[column], slanted=frame.slanted)


def paint_firsts(painter: QPainter, frame: Frame, reading: Reading) -> None:
    """A bar in the cell from which on the watched word is first."""
    for column in frame.seen_columns():
        row = int(reading.first[column])
        if row == NEVER:
            continue
        cell = frame.cell_area(row, column)
        _paint_bar(painter, QLineF(cell.left() + 3, cell.top() + 2, cell.right() - 3, cell.top() + 2))


def _paint_bar(painter: QPainter, line: QLineF) -> None:
    for name, width in (("surface", 4.5), ("text", 2.5)):
        painter.setPen(QPen(colour(name), width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        painter.drawLine(line)


def paint_foot(painter: QPainter, frame: Frame, reading: Reading, width: float, *, level: bool) -> None:
    """The watched words under their columns, strong where they were masked, and what the bars mean."""
    area = frame.area
    painter.setFont(ui_font(SMALL))
    painter.setPen(colour("muted"))
    painter.drawText(QRectF(0, area.bottom() + 2, area.left() - GRID / 2 - 2, 18), int(_RIGHT), "watched")
    legend = QRectF(area.left() + 3 * GRID, area.bottom() + 22, width - area.left() - 4 * GRID, 18)
    painter.drawText(legend, int(_LEFT), "from this layer on the watched word is first (no bar: not at the end)")
    _paint_bar(painter, QLineF(area.left() + 4, legend.center().y(), area.left() + 2 * GRID, legend.center().y()))
    painter.save()
    painter.setClipRect(area.adjusted(0, 0, 0, 24), Qt.ClipOperation.IntersectClip)
    painter.setFont(token_font(SMALL))
    metrics = QFontMetricsF(painter.font())
    for column in frame.seen_columns():
        cell, masked = frame.cell_area(0, column), reading.was_masked(column)
        if not level and not masked:
            continue
        painter.setPen(colour("text" if masked else "muted"))
        word = metrics.elidedText(isolated(reading.watched(column)), _ELIDED, cell.width() - 4 if level else 8.0 * GRID)
        spare = max(0.0, metrics.horizontalAdvance(word) - cell.width()) / 2 + 1
        painter.drawText(
            QRectF(cell.left() - spare, area.bottom() + 2, cell.width() + 2 * spare, 18), int(_CENTRE), word
        )
    painter.restore()
