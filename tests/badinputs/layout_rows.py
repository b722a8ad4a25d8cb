"""Rows W: weights that don't fit their configuration or their tokenizer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from tests.badinputs import valid
from tests.badinputs.case import Case

NAME = "model.safetensors"


def keys(change: Callable[[list[str]], dict[str, str]]) -> Callable[[Path], None]:
    """The weights with only some names, or other ones: ``change`` gives new name -> old name."""

    def build(folder: Path) -> None:
        arrays = valid.tensors()
        valid.write_safetensors(folder / NAME, {new: arrays[old] for new, old in change(list(arrays)).items()})

    return build


def shape(name: str, *sizes: int) -> Callable[[Path], None]:
    def build(folder: Path) -> None:
        valid.write_safetensors(folder / NAME, {**valid.tensors(), name: np.zeros(sizes, np.float32)})

    return build


def small_vocabulary(folder: Path) -> None:
    """A model of fifty words under a tokenizer of more."""
    words = 50
    arrays = valid.tensors()
    for name in ("bert.embeddings.word_embeddings.weight", "cls.predictions.bias"):
        arrays[name] = arrays[name][:words].copy()
    valid.write_safetensors(folder / NAME, arrays)
    valid.write_json(folder / "config.json", valid.config_json(vocab_size=words))


def untied(folder: Path) -> None:
    valid.write_json(folder / "config.json", valid.config_json(tie_word_embeddings=False))


def only(part: str) -> Callable[[list[str]], dict[str, str]]:
    return lambda names: {name: name for name in names if part not in name}


QUERY = "bert.encoder.layer.1.attention.self.query.weight"
CASES = (
    Case(
        "W01-every-second",
        keys(lambda names: {name: name for name in names[::2]}),
        "KEYS_MISMATCH",
        ("missing", "0 unexpected"),
    ),
    Case(
        "W01-all-dropped",
        keys(lambda names: {"other.weight": names[0]}),
        "KEYS_MISMATCH",
        ("37 missing", "1 unexpected"),
    ),
    Case(
        "W01-prefixed",
        keys(lambda names: {f"zz.{name}": name for name in names}),
        "KEYS_MISMATCH",
        ("37 missing", "46 unexpected", "embeddings.word"),
    ),
    Case("W01-half-a-head", keys(only("predictions.bias")), "KEYS_MISMATCH", ("1 missing", "cls.predictions.bias")),
    Case("W01-untied-without-decoder", untied, "KEYS_MISMATCH", ("cls.predictions.decoder.weight",)),
    Case("W01-without-heads", keys(only("cls.")), None),
    Case("W02-one-shape", shape(QUERY, 16, 15), "SHAPE_MISMATCH", (QUERY, "[16, 15]", "[16, 16]")),
    Case(
        "W02-transposed",
        shape("bert.encoder.layer.0.output.dense.weight", 32, 16),
        "SHAPE_MISMATCH",
        ("[32, 16]", "[16, 32]"),
    ),
    Case("W05-vocabulary", small_vocabulary, "VOCAB_MISMATCH", ("50",)),
)
