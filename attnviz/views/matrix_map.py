"""A matrix of an experiment as a heat map; where a run left one at several moments, one of them."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from attnviz.export.numbers import matrix_table, numbered
from attnviz.export.ticks import linear_ticks
from attnviz.table import Table
from attnviz.trace import Matrix
from attnviz.views import palette
from attnviz.views.image import coded, safe_image, spread
from attnviz.views.line_plot import number_of
from attnviz.views.map_frame import Place
from attnviz.views.map_paint import Picture
from attnviz.views.map_view import MapView
from attnviz.views.option import Option
from attnviz.views.token_labels import lettered


class MatrixMap(MapView):
    """Draws the Matrix of one name at ``moment``, the newest where that is None; all moments share one scale of colours."""

    moment: Option[int | None] = Option(None)

    def __init__(self, name: str, sentence: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.name = name
        self._what_to_do = sentence
        self.setAccessibleName(name)

    @property
    def matrices(self) -> tuple[Matrix, ...]:
        """All moments that have arrived, in order."""
        found = (matrix for matrix in self.trace.every(Matrix) if matrix.name == self.name)
        return tuple(sorted(found, key=_moment))

    @property
    def matrix(self) -> Matrix | None:
        """The one that is shown."""
        found = self.matrices
        return next((matrix for matrix in found if matrix.moment == self.moment), found[-1] if found else None)

    def numbers(self) -> Table:
        """A row for each row of the matrix."""
        if (matrix := self.matrix) is None or not matrix.values.size:
            return Table((), ())
        return matrix_table(matrix.axes[0], numbered(matrix.rows), numbered(matrix.columns), matrix.values)

    def _sentence(self) -> str:
        return self._what_to_do

    def _build_picture(self) -> Picture | None:
        matrix = self.matrix
        if matrix is None or not matrix.values.size:
            return None
        values, note = safe_image(matrix.values)
        spreads = [spread(safe_image(each.values)[0], signed=each.signed) for each in self.matrices if each.values.size]
        low, high = min(ends[0] for ends in spreads), max(ends[1] for ends in spreads)
        said = f"{matrix.moments} {matrix.moment:,}" if matrix.moments else ""
        return Picture(
            matrix.values,
            coded(values, low, high),
            palette.diverging() if matrix.signed else palette.sequential(),
            tuple(range(len(matrix.rows))),
            tuple(range(len(matrix.columns))),
            lettered(matrix.rows),
            lettered(matrix.columns),
            f"{matrix.axes[0]} ↓",
            f"{matrix.axes[1]} →",
            linear_ticks(low, high, matrix.unit),
            " · ".join(part for part in (said, note) if part),
            signed=matrix.signed,
        )

    def _readout(self, picture: Picture, place: Place) -> str:
        row, column = place
        unit = "" if self.matrix is None else self.matrix.unit
        value = number_of(float(picture.values[place]))
        return f"{picture.row_labels[row]} → {picture.column_labels[column]}   {unit} {value}"


def _moment(matrix: Matrix) -> int:
    return matrix.moment
