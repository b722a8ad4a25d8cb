"""Coded cells as a picture that is quick to paint: colours looked up once, edges on whole pixels."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QImage, QPainter

from attnviz.export.cells import is_vector, paint_cells
from attnviz.export.colours import Codes
from attnviz.views.palette import diverging, readable_on, sequential


def cell_image(codes: Codes, table: Codes) -> QImage:
    """A picture of (rows, columns) codes with a pixel per cell, in the format that Qt scales fastest."""
    red, green, blue, alpha = table.astype(np.uint32).T
    pixels = np.ascontiguousarray((alpha << 24 | red << 16 | green << 8 | blue)[codes])
    rows, columns = codes.shape
    return QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_RGB32).copy()


def paint_image(painter: QPainter, area: QRectF, image: QImage) -> None:
    """A picture stretched over ``area`` without blurring its cells."""
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, False)
    painter.drawImage(area.toRect(), image)
    painter.restore()


def paint_codes(painter: QPainter, area: QRectF, codes: Codes, table: Codes) -> None:
    """Codes as a picture on the screen, as strokes where a figure is saved."""
    if is_vector(painter):
        paint_cells(painter, area, codes, table)
    else:
        paint_image(painter, area, cell_image(codes, table))


def inks_on(*, signed: bool) -> tuple[QColor, ...]:
    """Black or white for each colour of the map that is in force, whichever reads better on it."""
    return inks_of(diverging() if signed else sequential())


def inks_of(table: Codes) -> tuple[QColor, ...]:
    """Black or white for each colour of ``table``, whichever reads better on it."""
    return _inks(table.tobytes())


@lru_cache(maxsize=8)
def _inks(table: bytes) -> tuple[QColor, ...]:
    rows = np.frombuffer(table, np.uint8).reshape(-1, 4).tolist()
    return tuple(readable_on(QColor(*row)) for row in rows)
