"""A decoding's attention as a matrix that grows row by row: output words down, what they look at across, up to the play head."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QLineF, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from attnviz.export.numbers import matrix_table, numbered
from attnviz.export.ticks import linear_ticks
from attnviz.table import Table
from attnviz.trace import Cursor, Decoding
from attnviz.views import palette
from attnviz.views.alignment_source import Alignment, Reading, alignment_of
from attnviz.views.image import coded, safe_image, spread
from attnviz.views.lettering import isolated
from attnviz.views.map_frame import Frame, Place
from attnviz.views.map_paint import Picture
from attnviz.views.map_view import MapView, Marked
from attnviz.views.option import Option
from attnviz.views.palette import GRID, SMALL, colour
from attnviz.views.token_labels import lettered

KINDS = ("weights", "scores")
WIDEST_CELL = 2.5  # times as wide as high, where two maps share the height
_UNITS = {"weights": "attention weight", "scores": "score (nats)"}


class AlignmentMap(MapView):
    """The weights (or scores) of every step so far. A click pins a cell and moves the play head to its row.

    ``reading`` says which attention of a Transformer; in its self-attention the columns are words, which the cursor doesn't know. Rows after the cursor's step are veiled; the veil is painted over a picture that is built once a trace.
    """

    kind = Option("weights", KINDS)
    colour_map = Option("blues", palette.MAPS)
    reading = Option(Reading())

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Alignment of the output with the source")
        self._shown: Alignment | None = None
        self._word: int | None = None

    def reached(self) -> int:
        """How many rows are drawn as data: those up to the play head."""
        rows = 0 if self._picture is None else self._picture.shape[0]
        return min(max(self.cursor_at.step + 1, 0), rows)

    def numbers(self) -> Table:
        """The rows that are drawn, a column per source token."""
        found = self._shown
        if self._picture is None or found is None:
            return Table((), ())
        rows = range(self.reached())
        values = self._picture.values[: len(rows)]
        return matrix_table("output", numbered(found.rows, rows), numbered(found.columns), values)

    # what is drawn

    def _sentence(self) -> str:
        decoding, tokens = self.trace.find(Decoding), self.trace.tokens()
        if decoding is None and tokens is None:
            return "Type a source above to see which of its tokens each output word looks at."
        if decoding is None or tokens is None:
            return "The decoding has not arrived yet."
        if decoding.weights is None and decoding.is_recurrent:
            return "This model has no attention: all that it gets of the source is the fixed vector."
        if not len(decoding):
            return "The output is empty: no step has looked at the source."
        if self.kind == "scores" and alignment_of(self.trace, self.reading) is not None:
            return "A mean over heads has no scores; choose one head."
        return "The decoding belongs to another source; decode again."

    def _found(self) -> Alignment | None:
        found = alignment_of(self.trace, self.reading)
        return None if found is None or found.values(self.kind) is None else found

    def _build_picture(self) -> Picture | None:
        self._shown = found = self._found()
        if found is None or self._word not in range(len(found.columns)):
            self._word = None
        values = None if found is None else found.values(self.kind)
        if found is None or values is None:
            return None
        drawable, note = safe_image(values)
        signed = self.kind == "scores"
        low, high = spread(drawable, signed=signed)
        masked = (note or "").replace("−∞ clipped", "masked")
        return Picture(
            values,
            coded(drawable, low, high),
            palette.diverging() if signed else palette.sequential(self.colour_map),
            tuple(range(len(found.rows))),
            tuple(range(len(found.columns))),
            lettered(found.rows),
            lettered(found.columns),
            "output ↓",
            "words so far →" if found.is_own else "source →",
            linear_ticks(low, high, _UNITS[self.kind]),
            "hatched: not written yet" if found.is_own and not signed else masked,
            widest=WIDEST_CELL,
            signed=signed,
        )

    def minimumSizeHint(self) -> QSize:
        return QSize(28 * GRID, 15 * GRID)  # two of them share the height of a window

    def _paint_over(self, painter: QPainter, picture: Picture, frame: Frame) -> None:
        """The veil over the rows to come, and the play head on its edge."""
        first = self.reached()
        edge = max(frame.cell_area(first, 0).top(), frame.area.top())
        if first >= picture.shape[0] or edge >= frame.area.bottom():
            return
        cells = QRectF(frame.area.left(), edge, frame.area.width(), frame.area.bottom() - edge)
        painter.fillRect(QRectF(cells.toAlignedRect()), colour("window"))  # images fill the pixels that they touch
        painter.setPen(QPen(colour("border"), 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(cells)
        top = max(edge, frame.cell_area(first - 1, 0).center().y() + SMALL / 2 + 2)  # the newest label stays whole
        labels = QRectF(QPointF(0, top), QPointF(frame.area.left() - 1, cells.bottom() + GRID))
        painter.fillRect(labels, colour("surface", 0.6))
        painter.setPen(QPen(colour("accent"), 2))
        painter.drawLine(QLineF(frame.area.left() - GRID / 2, edge, frame.area.right(), edge))

    # pointing

    def _marked(self) -> Marked:
        _, column = super()._marked()
        step = self.cursor_at.at_step
        inside = self._picture is not None and 0 <= step < self._picture.shape[0]
        return step if inside else None, self._word if self._is_own() else column

    def _is_own(self) -> bool:
        """Whether the columns are words, and not source tokens."""
        return self._shown is not None and self._shown.is_own

    def _aimed(self, picture: Picture, place: Place, *, pinned: bool) -> Cursor:
        aimed = super()._aimed(picture, place, pinned=pinned)
        if self._is_own():
            self._word = place[1]
            aimed = replace(aimed, key=self.cursor_at.key)
        return replace(aimed, step=picture.rows[place[0]]) if pinned else aimed

    def _freed(self) -> Cursor:
        self._word = None
        return super()._freed()

    def _readout(self, picture: Picture, place: Place) -> str:
        row, column = place
        found = self._shown
        if row >= self.reached() or found is None:
            return f"step {row + 1} of {picture.shape[0]}: not reached yet; a click goes there"
        arrow = "←" if found.is_own else "→"
        said = [f"{isolated(picture.row_labels[row])} {arrow} {isolated(picture.column_labels[column])}"]
        if found.is_own and column > row:
            return f"{said[0]}   not written yet at this step"
        said.append(f"weight {_weight(float(found.weights[place]))}")
        if found.scores is not None:
            said.append(f"score {_score(float(found.scores[place]))}")
        return "   ".join(said)

    def _update(self, *, fresh: bool) -> None:
        super()._update(fresh=fresh)
        row, column = self._marked()
        if self.hasFocus() and self._picture is not None and row is not None and column is not None:
            self.setAccessibleDescription(self._readout(self._picture, (row, column)))


def _weight(value: float) -> str:
    return f"{value:.1e}" if 0 < value < 0.0005 else f"{value:.3f}" if math.isfinite(value) else "not a number"


def _score(value: float) -> str:
    if value == -np.inf:
        return "−∞ (masked)"
    return f"{value:.2f}".replace("-", "−") if math.isfinite(value) else "not a number"
