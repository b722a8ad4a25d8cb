"""What a Transformer's config.json may say, and that its layout names exactly the parameters there are."""

from __future__ import annotations

from dataclasses import asdict
from itertools import product

import pytest

from attnviz.errors import CheckpointError
from attnviz.models.layout import agree
from attnviz.models.transformer_config import TransformerConfig, parse_transformer, transformer_layout
from tests.transformers_at_random import SIZES, random_model

VALID = {"source_vocabulary": 31, "target_vocabulary": 29, **SIZES}


@pytest.mark.parametrize(
    ("norm", "position", "tied", "shared"),
    [*product(("post", "pre"), ("sinusoidal", "learned"), (True, False), (True, False))],
    ids=str,
)
def test_the_layout_is_what_the_model_has(norm, position, tied, shared):
    """Names and shapes of all parameters agree, none is missing and none left over."""
    choices = {"norm": norm, "position": position, "tied_output": tied, "shared_embeddings": shared}
    model = random_model(source_vocabulary=29, **choices)
    found = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    agreement = agree(transformer_layout(model.config), found)
    assert set(agreement.sources) == set(found)
    assert not agreement.missing
    assert not agreement.unexpected


def test_a_configuration_is_read_as_it_was_written():
    """Every size and choice comes back; what a recipe adds is passed over."""
    config = TransformerConfig(**{**VALID, "norm": "pre", "position": "learned", "end": 5})
    written = {"model_type": "attnviz-transformer", "format_version": 1, "task": "spelling", **asdict(config)}
    assert parse_transformer(written) == (config, ())


@pytest.mark.parametrize("version", [None, 2, "1", True])
def test_another_version_is_refused(version):
    """A folder of a later version is not read by guess."""
    with pytest.raises(CheckpointError, match="format_version"):
        parse_transformer({**VALID, "format_version": version})


@pytest.mark.parametrize("name", [name for name in VALID if name != "longest"])
def test_a_size_that_is_missing_is_named(name):
    """Nothing is assumed about the shapes."""
    found = {key: value for key, value in VALID.items() if key != name}
    with pytest.raises(CheckpointError, match=name):
        parse_transformer({"format_version": 1, **found})


@pytest.mark.parametrize(
    ("choices", "word"),
    [
        ({"heads": 5}, "heads"),
        ({"hidden": 0}, "hidden"),
        ({"hidden": True}, "hidden"),
        ({"hidden": 25, "heads": 5}, "even"),
        ({"norm": "both"}, "norm"),
        ({"norm": ["post"]}, "norm"),
        ({"position": "rotary"}, "position"),
        ({"activation": "maxout"}, "activation"),
        ({"norm_epsilon": float("nan")}, "norm_epsilon"),
        ({"norm_epsilon": "small"}, "norm_epsilon"),
        ({"tied_output": 1}, "tied_output"),
        ({"longest": 10**9}, "longest"),
        ({"begin": 29}, "begin"),
        ({"end": -1}, "end"),
        ({"shared_embeddings": True}, "target_vocabulary"),
    ],
    ids=str,
)
def test_values_that_no_model_has_are_refused(choices, word):
    """The sentence names the value that doesn't fit."""
    with pytest.raises(CheckpointError, match=word):
        TransformerConfig(**{**VALID, **choices})
