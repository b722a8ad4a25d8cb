"""A table of numbers as every view can give one: column names, rows, and the CSV text of it."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under named columns; None is an empty cell."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def __post_init__(self) -> None:
        for row in self.rows:
            if len(row) != len(self.columns):
                raise ValueError(f"a row has {len(row)} cells under {len(self.columns)} columns")

    def csv(self) -> str:
        """RFC 4180 text with a header line; floats keep nine significant digits, enough for a float32."""
        target = io.StringIO()
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(self.columns)
        for row in self.rows:
            writer.writerow([f"{cell:.9g}" if isinstance(cell, float) else cell for cell in row])
        return target.getvalue()
