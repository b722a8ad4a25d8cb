"""The pieces of a stage in rows: id, bytes and span; the row under the mouse is the chip under the mouse."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.trace import Cut, Piece
from attnviz.views.cut_chips import stage_number
from attnviz.views.lettering import isolated
from attnviz.views.moment import moment_of
from attnviz.views.row_table import Rows, RowTable


class PieceTable(RowTable):
    """Choosing a row pins its chip."""

    columns = ("", "piece", "id", "characters", "bytes")
    numeric = frozenset({0, 2})
    pieces = frozenset({1, 4})
    wide = frozenset({4})

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Type a sentence above to see its pieces in numbers.", parent)

    def numbers(self) -> Table:
        columns = ("piece", "label", "id", "start", "end", "bytes", "score")
        rows = (
            (p.text, p.label, p.id, *(p.span or (None, None)), p.raw.hex(" ").upper(), p.score) for p in self._found()
        )
        return Table(columns, tuple(rows))

    def _found(self) -> tuple[Piece, ...]:
        cut = next(iter(self.trace.every(Cut)), None)
        return () if cut is None or not cut.stages else cut.at(stage_number(cut, moment_of(self.cursor_at)))

    def _rows(self) -> Rows:
        return tuple(_row(place, piece) for place, piece in enumerate(self._found()))

    def _chosen(self) -> int | None:
        return self.cursor_at.query

    def _came_to(self, row: int) -> None:
        self.pointed.emit(replace(moment_of(self.cursor_at), query=row, pinned=True))


def _row(place: int, piece: Piece) -> tuple[str, ...]:
    span = "template" if piece.span is None else f"{piece.span[0]}–{piece.span[1]}"
    number = "–" if piece.id is None else str(piece.id)
    return str(place), isolated(piece.label), number, span, piece.raw.hex(" ").upper()
