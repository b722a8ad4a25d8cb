"""A table as lines of text: columns as wide as what stands in them, numbers at the right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnviz.errors import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from attnviz.table import Cell

LONGEST = 100


def print_columns(heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """The rows under their heads."""
    body = list(rows)
    texts = [tuple(map(lettered, row)) for row in body]
    for row, cells in ((None, tuple(heads)), *zip(body, texts, strict=True)):
        line = []
        for column, cell in enumerate(cells):
            width = max(len(other[column]) for other in (tuple(heads), *texts))
            right = row is not None and isinstance(row[column], int | float)
            line.append(cell.rjust(width) if right else cell.ljust(width))
        print("  ".join(line).rstrip())


def lettered(cell: Cell) -> str:
    """A number in four digits, whole ones in full; nothing for an empty cell."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return printable(cell, LONGEST)
    whole = float(cell).is_integer() and abs(cell) < 1e15
    return f"{cell:,.0f}" if whole else f"{cell:.4g}"
