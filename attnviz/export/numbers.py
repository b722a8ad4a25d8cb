"""Numbers as files: any table as CSV, a head's map as a matrix, arrays as NPZ."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import ExportError, printable
from attnviz.export.atomic import write_bytes, write_text
from attnviz.table import Table
from attnviz.trace import Attention, Tokens


def save_table(table: Table, path: str | Path) -> None:
    """Write ``table`` as CSV, whole or not at all. Raises ExportError."""
    write_text(path, table.csv())


def save_arrays(path: str | Path, arrays: Mapping[str, NDArray[np.generic]]) -> None:
    """Write named arrays as one NPZ, whole or not at all. Raises ExportError."""
    held = {name: np.asarray(array) for name, array in arrays.items()}
    if pickled := [name for name, array in held.items() if array.dtype.hasobject]:
        raise ExportError(
            f"the array {printable(pickled[0])!r} holds objects; only numbers and text are written", "EXPORT_OBJECTS"
        )
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        for name, array in held.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as entry:
                np.lib.format.write_array(entry, array, allow_pickle=False)
    write_bytes(path, target.getvalue())


def attention_table(attention: Attention, tokens: Tokens, head: int, *, keys: Tokens | None = None) -> Table:
    """The weights of one head: a row per query, a column per key, both as "label·position"."""
    over = tokens if keys is None else keys
    return matrix_table("query", numbered(tokens.labels), numbered(over.labels), attention.weights(head))


def matrix_table(corner: str, rows: Sequence[str], columns: Sequence[str], values: NDArray[np.generic]) -> Table:
    """``values`` (rows, columns) under column labels, each row opened by its label; not a number = empty cell."""
    cells = values.astype(np.float64)
    body = tuple(
        (label, *(cell if math.isfinite(cell) else None for cell in line.tolist()))
        for label, line in zip(rows, cells, strict=True)
    )
    return Table((corner, *columns), body)


def numbered(labels: Sequence[str], positions: Sequence[int] | None = None) -> tuple[str, ...]:
    """Labels made unambiguous by their position: "the·1"."""
    return tuple(f"{labels[index]}·{index}" for index in (range(len(labels)) if positions is None else positions))
