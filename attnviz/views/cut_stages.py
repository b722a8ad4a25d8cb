"""The stages of a cut one by one, as a list to walk through."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.trace import STEPS, Cut
from attnviz.views.cut_chips import stage_number
from attnviz.views.lettering import visible
from attnviz.views.moment import moment_of
from attnviz.views.row_table import Rows, RowTable


class CutStages(RowTable):
    """Choosing a row shows the text at that stage; the arrow keys step through merges and matches."""

    columns = ("stage", "", "what happens")
    numeric = frozenset({0})
    wide = frozenset({2})

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Type a sentence above to see the stages of its cut.", parent)
        self._rows_of: tuple[Cut | None, Rows] = (None, ())

    @property
    def cut(self) -> Cut | None:
        return next(iter(self.trace.every(Cut)), None)

    def numbers(self) -> Table:
        cut = self.cut
        columns = ("stage", "kind", "word", "rank", "pieces", "note")
        stages = () if cut is None else cut.stages
        rows = (
            (number, str(stage.kind), stage.word, stage.rank, " ".join(p.text for p in stage.pieces), stage.note)
            for number, stage in enumerate(stages)
        )
        return Table(columns, tuple(rows))

    def _rows(self) -> Rows:
        cut = self.cut
        if cut is None or not cut.text:
            return ()
        if self._rows_of[0] is not cut:
            self._rows_of = (cut, tuple(_row(cut, number) for number in range(len(cut.stages))))
        return self._rows_of[1]

    def _chosen(self) -> int | None:
        return None if self.cut is None else stage_number(self.cut, moment_of(self.cursor_at))

    def _came_to(self, row: int) -> None:
        self.pointed.emit(replace(moment_of(self.cursor_at), stage=row, query=None, pinned=False))


def _row(cut: Cut, number: int) -> tuple[str, ...]:
    stage = cut.stages[number]
    kind = str(stage.kind)
    return str(number + 1), kind if stage.kind not in STEPS else f"  {kind}", visible_note(stage.note)


def visible_note(note: str) -> str:
    """A note on one line."""
    return visible(note, 160).replace("␣", " ")
