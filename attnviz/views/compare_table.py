"""Tokenizers compared in numbers: tokens, fertility, characters per token, and how many pieces differ."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.trace import Compared, Comparison
from attnviz.views.lettering import visible
from attnviz.views.row_table import Rows, RowTable


class CompareTable(RowTable):
    """A row a tokenizer."""

    columns = (
        "tokenizer", "model", "vocabulary", "tokens", "tokens per word", "characters per token", "unknown", "pieces that differ",
    )  # fmt: skip
    numeric = frozenset(range(2, 8))
    wide = frozenset({0})

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Choose tokenizers to see their numbers.", parent)

    def numbers(self) -> Table:
        found = self.trace.find(Comparison)
        rows = (
            (r.name, r.model, r.size, r.tokens, r.fertility, r.characters_per_token, r.unknown, len(r.differs))
            for r in (found.rows if found else ())
        )
        return Table(self.columns, tuple(rows))

    def _rows(self) -> Rows:
        found = self.trace.find(Comparison)
        return tuple(map(_row, found.rows)) if found else ()


def _row(row: Compared) -> tuple[str, ...]:
    fertility = "–" if row.fertility is None else f"{row.fertility:.2f}"
    carried = row.characters_per_token
    return (
        visible(row.name, 40).replace("␣", " "),
        row.model,
        f"{row.size:,}",
        f"{row.tokens:,}",
        fertility,
        "–" if carried is None else f"{carried:.2f}",
        f"{row.unknown:,}",
        f"{len(row.differs):,}",
    )
