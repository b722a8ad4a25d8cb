"""Tables and arrays as files: what is read back is what was written, to the last digit of a float32."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from attnviz.errors import ExportError
from attnviz.export.numbers import attention_table, matrix_table, save_arrays, save_table
from attnviz.table import Table
from tests.views.traces import WORDS, attention_of, tokens_of


def test_a_table_comes_back_from_its_file(tmp_path: Path) -> None:
    """Commas, quotes and line breaks in tokens survive."""
    table = Table(("token", "weight"), (("a,b", 0.1), ('"', None), ("x\ny", 3)))
    save_table(table, tmp_path / "t.csv")
    with (tmp_path / "t.csv").open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file)) == [["token", "weight"], ["a,b", "0.1"], ['"', ""], ["x\ny", "3"]]


def test_an_attention_table_holds_the_weights(tmp_path: Path) -> None:
    """Read back as float32 they are the record's weights exactly."""
    attention, tokens = attention_of(9), tokens_of(WORDS)
    save_table(attention_table(attention, tokens, 1), tmp_path / "w.csv")
    with (tmp_path / "w.csv").open(newline="", encoding="utf-8") as file:
        header, *lines = csv.reader(file)
    assert header == ["query", *(f"{label}·{at}" for at, label in enumerate(WORDS))]
    read = np.array([[np.float32(cell) for cell in line[1:]] for line in lines])
    assert np.array_equal(read, attention.weights(1))


def test_cross_attention_has_its_own_column_labels() -> None:
    """Rows are queries, columns are keys of another text."""
    source = tokens_of(("a", "b", "c", "d", "e"))
    table = attention_table(attention_of(3, 5), tokens_of(("x", "y", "z")), 0, keys=source)
    assert table.columns == ("query", "a·0", "b·1", "c·2", "d·3", "e·4")
    assert len(table.rows) == 3


def test_what_is_no_number_is_an_empty_cell() -> None:
    """NaN and infinities are not written as words."""
    table = matrix_table("", ["r"], ["a", "b", "c"], np.array([[np.nan, -np.inf, 1.0]], np.float32))
    assert table.rows == (("r", None, None, 1.0),)


def test_arrays_come_back_under_their_names(tmp_path: Path) -> None:
    """Names may hold slashes, and may be those of numpy's own parameters."""
    arrays: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.generic]]] = {
        "attention/encoder/0": attention_of(4).query, "file": np.arange(3), "tokens": np.array(WORDS),
    }  # fmt: skip
    save_arrays(tmp_path / "a.npz", arrays)
    with np.load(tmp_path / "a.npz", allow_pickle=False) as read:
        assert set(read.files) == set(arrays)
        for name, array in arrays.items():
            assert np.array_equal(read[name], array)
            assert read[name].dtype == array.dtype


def test_objects_are_refused_and_nothing_is_written(tmp_path: Path) -> None:
    """No file of ours needs pickle to be opened."""
    with pytest.raises(ExportError, match="holds objects"):
        save_arrays(tmp_path / "o.npz", {"odd": np.array([None])})
    assert not (tmp_path / "o.npz").exists()
