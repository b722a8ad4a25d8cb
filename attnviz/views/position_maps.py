"""Two maps of a position encoding: positions by dimensions, and how alike any two positions are."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from PySide6.QtCore import QLineF
from PySide6.QtGui import QPainter, QPen
from PySide6.QtWidgets import QWidget

from attnviz.export.numbers import matrix_table
from attnviz.export.ticks import linear_ticks
from attnviz.table import Table
from attnviz.trace import Cursor, Floats, Positions, Tokens, Trace
from attnviz.views import palette
from attnviz.views.image import coded, safe_image, spread
from attnviz.views.lens_reading import site_of
from attnviz.views.lettering import isolated
from attnviz.views.map_frame import Frame, Place
from attnviz.views.map_paint import Picture
from attnviz.views.map_view import MapView, Marked
from attnviz.views.option import Option
from attnviz.views.palette import colour

RELATIONS = ("dot products", "cosines")
EXTENTS = ("all positions", "the text's positions")
PERCENTILE = 99.5
CLIPPED = f"clipped at {PERCENTILE} %"


@dataclass(frozen=True, slots=True, eq=False)
class Placing:
    """A Positions record with its tokens; ``first`` is the row of the table that the first token takes."""

    record: Positions
    tokens: Tokens
    first: int

    @property
    def used(self) -> range:
        """The rows of the table that the text takes."""
        return range(self.first, min(self.first + len(self.tokens), len(self.record.table)))

    def rows(self, extent: str) -> range:
        return self.used if extent == EXTENTS[1] else range(len(self.record.table))

    def name(self, row: int) -> str:
        """A position, and the token that stands there."""
        return f"{row} {isolated(self.tokens.labels[row - self.first])}" if row in self.used else str(row)


def read_positions(trace: Trace, cursor: Cursor) -> Placing | None:
    """The positions of the cursor's queries; None before they have arrived, or where they belong to other tokens."""
    record, tokens = trace.find(Positions, site_of(cursor)), trace.tokens(site_of(cursor))
    if record is None or tokens is None or not len(tokens) or not record.table.size or len(record.total) != len(tokens):
        return None
    own = record.parts.get("position")
    same = [] if own is None else np.flatnonzero((record.table == own[0]).all(axis=1)).tolist()
    return Placing(record, tokens, same[0] if same else 0)


class PositionMap(MapView):
    """What both maps share: their rows are positions, and a row that a token takes stands for it."""

    extent = Option(EXTENTS[0], EXTENTS)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.placing: Placing | None = None

    def _sentence(self) -> str:
        return "Type a sentence above to see where its positions come from."

    def _stale(self) -> bool:
        return self.placing is not None and self.placing.tokens.site is not site_of(self.cursor_at)

    def _build_picture(self) -> Picture | None:
        self.placing = read_positions(self.trace, self.cursor_at)
        return None if self.placing is None else self._pictured(self.placing, self.placing.rows(self.extent))

    def _pictured(self, placing: Placing, rows: range) -> Picture:
        raise NotImplementedError

    def _token(self, row: int | None) -> int | None:
        """The token that takes a row of the table."""
        if self.placing is None or row is None or row not in self.placing.used:
            return None
        return row - self.placing.first

    def _line(self, token: int | None, lines: tuple[int, ...]) -> int | None:
        """The line of the map that a token takes."""
        if self.placing is None or token is None or self.placing.first + token not in lines:
            return None
        return lines.index(self.placing.first + token)

    def _paint_over(self, painter: QPainter, picture: Picture, frame: Frame) -> None:
        """Where the text is, when there are more positions than it takes."""
        if self.placing is None or len(self.placing.used) == len(picture.rows):
            return
        used, area = self.placing.used, frame.area
        top = max(frame.cell_area(used.start, 0).top(), area.top())
        bottom = min(frame.cell_area(used.stop - 1, 0).bottom(), area.bottom())
        if top < bottom:
            painter.setPen(QPen(colour("text"), 3))
            painter.drawLine(QLineF(area.left() - 2, top, area.left() - 2, bottom))


class EncodingMap(PositionMap):
    """The encoding itself: a row per position, a column per dimension."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._dimension: int | None = None
        self.setAccessibleName("Position encoding")

    def _pictured(self, placing: Placing, rows: range) -> Picture:
        values = placing.record.table[rows.start : rows.stop]
        drawable, note = safe_image(values)
        low, high = spread(drawable, signed=True, percentile=PERCENTILE)
        columns = tuple(range(values.shape[1]))
        said = f"{placing.record.kind} encoding, {CLIPPED} · {len(placing.record.table)} × {values.shape[1]}"
        bar = "the bar marks the text" if len(placing.used) < len(rows) else ""
        return Picture(
            values,
            coded(drawable, low, high),
            palette.diverging(),
            tuple(rows),
            columns,
            tuple(map(placing.name, rows)),
            tuple(map(str, columns)),
            "positions ↓",
            "dimensions →",
            linear_ticks(low, high, "value"),
            " · ".join(part for part in (said, bar, note) if part),
            square=False,
            signed=True,
            slants=False,
        )

    def _marked(self) -> Marked:
        if self._picture is None:
            return None, None
        row = self._line(self.cursor_at.query, self._picture.rows)
        return row, self._dimension if row is not None else None

    def _aimed(self, picture: Picture, place: Place, *, pinned: bool) -> Cursor:
        token = self._token(picture.rows[place[0]])
        return replace(self.cursor_at, query=token, key=None, pinned=pinned and token is not None)

    def _cursor_for(self, place: Place | None, *, pinned: bool) -> Cursor:
        self._dimension = None if place is None else place[1]
        return super()._cursor_for(place, pinned=pinned)

    def _readout(self, picture: Picture, place: Place) -> str:
        row, dimension = place
        return (
            f"position {picture.row_labels[row]}   dimension {dimension}   {_signed(float(picture.values[place]), 4)}"
        )

    def numbers(self) -> Table:
        """A row per position, a column per dimension."""
        picture = self._picture
        if picture is None:
            return Table((), ())
        return matrix_table("position", picture.row_labels, picture.column_labels, picture.values)


class RelationMap(PositionMap):
    """How alike any two positions are: dot products of their rows, or these divided by both lengths."""

    relation = Option(RELATIONS[0], RELATIONS)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._products: tuple[Positions, Floats] | None = None
        self.setAccessibleName("Likeness of positions")

    def products(self, record: Positions) -> Floats:
        """Dot products of all rows of the table, computed once for a record."""
        if self._products is None or self._products[0] is not record:
            self._products = record, np.matmul(record.table, record.table.T, dtype=np.float32)  # (positions, positions)
        return self._products[1]

    def _pictured(self, placing: Placing, rows: range) -> Picture:
        values = self.products(placing.record)
        if self.relation == "cosines":
            lengths = np.sqrt(np.diagonal(values))
            ones = np.where(lengths > 0, lengths, np.float32(1))
            values = np.divide(values, ones[:, None] * ones[None], dtype=np.float32)
        values = np.ascontiguousarray(values[rows.start : rows.stop, rows.start : rows.stop])
        drawable, note = safe_image(values)
        if self.relation == "cosines":
            low, high, unit, clipped = -1.0, 1.0, "cosine", ""
        else:
            low, high = spread(drawable, signed=True, percentile=PERCENTILE)
            unit, clipped = "dot product", CLIPPED
        names = tuple(map(placing.name, rows))
        return Picture(
            values,
            coded(drawable, low, high),
            palette.diverging(),
            tuple(rows),
            tuple(rows),
            names,
            names if self.extent == EXTENTS[1] else tuple(map(str, rows)),
            "positions ↓",
            "positions →",
            linear_ticks(low, high, unit),
            " · ".join(part for part in (f"{self.relation} between positions", clipped, note) if part),
            signed=True,
            slants=self.extent == EXTENTS[1],
        )

    def _marked(self) -> Marked:
        if self._picture is None:
            return None, None
        rows = self._picture.rows
        return self._line(self.cursor_at.query, rows), self._line(self.cursor_at.key, rows)

    def _aimed(self, picture: Picture, place: Place, *, pinned: bool) -> Cursor:
        query, key = (self._token(picture.rows[line]) for line in place)
        key = None if query is None else key
        return replace(self.cursor_at, query=query, key=key, pinned=pinned and query is not None)

    def _readout(self, picture: Picture, place: Place) -> str:
        one, other = (picture.row_labels[line] for line in place)
        name = "cosine" if self.relation == "cosines" else "dot product"
        return f"position {one} · position {other}   {name} {_signed(float(picture.values[place]), 3)}"

    def numbers(self) -> Table:
        """A row and a column per position."""
        picture = self._picture
        if picture is None:
            return Table((), ())
        return matrix_table("position", picture.row_labels, picture.row_labels, picture.values)


def _signed(value: float, digits: int) -> str:
    return f"{value:.{digits}g}".replace("-", "−")
