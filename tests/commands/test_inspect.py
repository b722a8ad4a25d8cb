"""``attnviz inspect``: arrays and figures that can be read by others and hold the right numbers."""

from __future__ import annotations

import csv
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from PySide6.QtGui import QImage

from tests.commands.authority import forward
from tests.commands.conftest import Run

TEXT, PAIR = "the cat sat on a mat", "it sat in the plain"
TOKENS, HEADS, DIMENSIONS, HIDDEN, LAYERS = 14, 2, 8, 16, 2


@pytest.fixture
def arrays(run: Run, tiny: Path, tmp_path: Path) -> dict[str, np.ndarray]:
    """The arrays of a pair of sentences."""
    target = tmp_path / "x.npz"
    outcome = run("inspect", TEXT, "--pair", PAIR, "--checkpoint", tiny, "--out", target)
    assert (outcome.status, outcome.err) == (0, "")
    with np.load(target, allow_pickle=False) as found:
        return dict(found)


def test_the_archive_holds_exactly_what_was_promised(arrays: dict[str, np.ndarray]) -> None:
    """Every name with its shape; all numbers but the ids are float32."""
    shapes = {
        **{f"attention/encoder/{layer}": (HEADS, TOKENS, TOKENS) for layer in range(LAYERS)},
        **{
            f"{part}/encoder/{layer}": (HEADS, TOKENS, DIMENSIONS)
            for part in ("query", "key", "value")
            for layer in range(LAYERS)
        },
        **{f"hidden/encoder/{layer}": (TOKENS, HIDDEN) for layer in range(LAYERS + 1)},
    }
    numbers = {name: array for name, array in arrays.items() if name not in {"tokens", "ids"}}
    assert {name: array.shape for name, array in numbers.items()} == shapes
    assert {array.dtype for array in numbers.values()} == {np.dtype(np.float32)}
    assert arrays["tokens"].shape == arrays["ids"].shape == (TOKENS,)
    assert arrays["tokens"].tolist()[:3] == ["[CLS]", "the", "cat"]


def test_attention_and_states_are_those_of_transformers(arrays: dict[str, np.ndarray], tiny: Path) -> None:
    """The authority's eager attentions and hidden states on the same ids and segments, to 1e-5."""
    first = arrays["tokens"].tolist().index("[SEP]") + 1
    segments = [int(place >= first) for place in range(TOKENS)]
    expected = forward(tiny, arrays["ids"].tolist(), segments)
    for layer in range(LAYERS):
        np.testing.assert_allclose(
            arrays[f"attention/encoder/{layer}"], expected.attentions[layer][0].numpy(), atol=1e-5
        )
    for layer in range(LAYERS + 1):
        np.testing.assert_allclose(
            arrays[f"hidden/encoder/{layer}"], expected.hidden_states[layer][0].numpy(), atol=1e-5
        )


def test_rows_of_attention_sum_to_one(arrays: dict[str, np.ndarray]) -> None:
    """Each query spends all of its attention."""
    for layer in range(LAYERS):
        np.testing.assert_allclose(arrays[f"attention/encoder/{layer}"].sum(-1), 1.0, atol=1e-5)


def test_the_matrix_of_one_head_equals_the_archive(
    run: Run, tiny: Path, tmp_path: Path, arrays: dict[str, np.ndarray]
) -> None:
    """The CSV of layer 1, head 0, read by Python's own reader."""
    target = tmp_path / "head.csv"
    run("inspect", TEXT, "--pair", PAIR, "--checkpoint", tiny, "--layer", 1, "--head", 0, "--out", target)
    heading, *rows = list(csv.reader(target.read_text(encoding="utf-8").splitlines()))
    assert [label.rpartition("·")[0] for label in heading[1:]] == arrays["tokens"].tolist()
    values = np.array([[float(cell) for cell in row[1:]] for row in rows], np.float32)
    np.testing.assert_array_equal(values, arrays["attention/encoder/1"][0])


def test_raw_products_are_queries_times_keys(
    run: Run, tiny: Path, tmp_path: Path, arrays: dict[str, np.ndarray]
) -> None:
    """--kind chooses the stage; the softmax of the scaled products gives the weights back."""
    target = tmp_path / "raw.csv"
    words = ("--layer", 0, "--head", 1, "--kind", "raw products", "--out", target)
    run("inspect", TEXT, "--pair", PAIR, "--checkpoint", tiny, *words)
    rows = list(csv.reader(target.read_text(encoding="utf-8").splitlines()))[1:]
    values = np.array([[float(cell) for cell in row[1:]] for row in rows])
    query, key = arrays["query/encoder/0"][1], arrays["key/encoder/0"][1]
    np.testing.assert_allclose(values, query.astype(np.float64) @ key.T.astype(np.float64), atol=1e-4)
    exponentials = np.exp(values / np.sqrt(DIMENSIONS))
    weights = exponentials / exponentials.sum(-1, keepdims=True)
    np.testing.assert_allclose(weights, arrays["attention/encoder/0"][1], atol=1e-5)


@pytest.mark.parametrize("suffix", [".svg", ".png", ".pdf", ".SVG"])
def test_a_figure_is_a_file_of_its_kind(run: Run, tiny: Path, tmp_path: Path, qapp: object, suffix: str) -> None:
    """Readable by an XML parser, an image reader, or by its first and last bytes."""
    target = tmp_path / f"head{suffix}"
    outcome = run("inspect", "<b>the</b> cat", "--checkpoint", tiny, "--layer", 0, "--head", 1, "--out", target)
    assert (outcome.status, outcome.err) == (0, "")
    if suffix.lower() == ".svg":
        root = ET.fromstring(target.read_text(encoding="utf-8"))  # noqa: S314 - our own file
        text = " ".join("".join(part.itertext()) for part in root.iter())
        assert "layer 0, head 1" in text
        assert "<b>the</b> cat" in text
        assert "--layer 0 --head 1" in text
    elif suffix == ".png":
        assert not QImage(str(target)).isNull()
    else:
        assert target.read_bytes().startswith(b"%PDF")
        assert b"%%EOF" in target.read_bytes()[-32:]


def test_a_file_that_stands_there_is_replaced(run: Run, tiny: Path, tmp_path: Path) -> None:
    """The same command twice; nothing else stays in the folder."""
    target = tmp_path / "x.npz"
    for text in ("a cat", "a dog sat"):
        assert run("inspect", text, "--checkpoint", tiny, "--out", target).status == 0
    with np.load(target) as found:
        assert len(found["tokens"]) == 5
    assert [path.name for path in tmp_path.iterdir()] == ["x.npz"]
