"""A stage of a block as a picture: coded when it is first seen, and kept for the last size and theme."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen

from attnviz.export.cells import is_vector, paint_cells, pooled
from attnviz.export.colours import Codes
from attnviz.trace import Floats
from attnviz.views.cell_image import cell_image, inks_on, paint_image
from attnviz.views.palette import SMALL, colour, diverging, sequential, theme, ui_font
from attnviz.views.ruler import small_width
from attnviz.views.step_moment import lettered_number
from attnviz.views.vector_strip import LETTER_HEIGHT, limit_of

PERCENTILE = 99.5
LEAST_LETTERED = 24.0
_SAMPLE, _FEW = 2**13, 2**9
_Key = tuple[int, int, str]


class BlockPicture:
    """``values`` (rows, columns), blue below zero and orange above, or from 0 to ``limit`` when not ``signed``.

    The scale ends where all but half a per cent of the numbers lie, since a few dimensions of a language model tower
    over the others. Cells that aren't ``open`` are grey.
    """

    def __init__(
        self,
        values: Floats,
        *,
        signed: bool = True,
        limit: float | None = None,
        open_cells: NDArray[np.bool_] | None = None,
    ) -> None:
        self.values = values
        self.signed = signed
        self._limit = limit
        self._open = open_cells
        self._image: QImage | None = None
        self._key: _Key | None = None

    @property
    def shape(self) -> tuple[int, int]:
        return int(self.values.shape[0]), int(self.values.shape[1])

    @cached_property
    def limit(self) -> float:
        """The end of the scale."""
        if self._limit is not None:
            return self._limit
        flat = self.values.ravel()
        if self.signed and flat.size > _FEW:
            sample = np.abs(flat[:: max(flat.size // _SAMPLE, 1)])
            if np.isfinite(sample).all() and (most := float(np.percentile(sample, PERCENTILE))) > 0:
                return most
        return limit_of(flat)

    @cached_property
    def beyond(self) -> int:
        """How many numbers lie outside the scale, and have the colour of its end."""
        return int((np.abs(self.values) > self.limit * (1 + 1e-6)).sum())

    @cached_property
    def codes(self) -> Codes:
        values = self.values
        if not np.isfinite(values).all():
            values = np.nan_to_num(values, nan=0.0, posinf=self.limit, neginf=-self.limit)
        span = np.float32(127.5 / self.limit if self.signed else 255.0 / self.limit)
        scaled = np.multiply(values, span, dtype=np.float32)
        if self.signed:
            scaled += np.float32(127.5)
        scaled += np.float32(0.5)  # so that cutting off the decimals rounds
        np.clip(scaled, 0.0, 255.0, out=scaled)
        return scaled.astype(np.uint8)

    def table(self) -> Codes:
        return diverging() if self.signed else sequential()

    def image(self, width: int, height: int) -> QImage:
        """The picture with at most a cell a pixel; the strongest value of a patch stays."""
        key = (width, height, theme().name)
        if self._image is None or key != self._key:
            image = cell_image(pooled(self.codes, height, width, signed=self.signed), self.table())
            if self._open is not None:
                seen = pooled(self._open.astype(np.uint8), height, width)
                _veil(image, seen)
            self._image, self._key = image, key
        return self._image

    def paint(self, painter: QPainter, area: QRectF) -> None:
        painter.save()
        if is_vector(painter) and self._open is None:
            paint_cells(painter, area, self.codes, self.table())
        else:
            ratio = painter.device().devicePixelRatio()
            image = self.image(max(int(area.width() * ratio), 1), max(int(area.height() * ratio), 1))
            paint_image(painter, area, image)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour("border"), 1))
        painter.drawRect(area)
        self._paint_numbers(painter, area)
        painter.restore()

    def _digits(self, width: float) -> int | None:
        """With how many decimals the numbers fit into cells that wide; None where they don't."""
        if width < LEAST_LETTERED:
            return None
        largest = float(np.abs(self.values, where=np.isfinite(self.values), out=np.zeros_like(self.values)).max())
        fits = (digits for digits in (2, 1) if small_width(lettered_number(-largest, digits)) + 5 <= width)
        return next(fits, None)

    def _paint_numbers(self, painter: QPainter, area: QRectF) -> None:
        rows, columns = self.shape
        width, height = area.width() / max(columns, 1), area.height() / max(rows, 1)
        digits = self._digits(width) if height >= LETTER_HEIGHT else None
        if digits is None:
            return
        inks, grey = inks_on(signed=self.signed), colour("text")
        painter.setFont(ui_font(SMALL))
        for row in range(rows):
            for column in range(columns):
                closed = self._open is not None and not self._open[row, column]
                painter.setPen(grey if closed else inks[self.codes[row, column]])
                cell = QRectF(area.left() + column * width, area.top() + row * height, width, height)
                painter.drawText(
                    cell, Qt.AlignmentFlag.AlignCenter, lettered_number(float(self.values[row, column]), digits)
                )


def closed_ink() -> QColor:
    """The colour of cells that a query may not look at."""
    return colour("border")


def _veil(image: QImage, seen: Codes) -> None:
    """Make the pixels grey where nothing is open."""
    rows, columns = seen.shape
    pixels = np.frombuffer(image.bits(), np.uint32).reshape(rows, columns)  # RGB32 has no padding
    pixels[seen == 0] = np.uint32(closed_ink().rgb())
