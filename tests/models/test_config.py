from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attnviz.errors import CheckpointError
from attnviz.models.config import ACTIVATIONS, BertConfig
from attnviz.models.families import Config, parse_config

SMALL: dict[str, Any] = {"vocabulary": 9, "hidden": 8, "layers": 1, "heads": 2, "intermediate": 4, "positions": 5}


def parse(**keys: Any) -> tuple[Config, tuple[str, ...]]:
    return parse_config(json.dumps(keys).encode())[1:]


def test_missing_keys_take_hugging_faces_defaults() -> None:
    """A bare model_type gives BERT base, as transformers' BertConfig does, and says what was assumed."""
    config, notes = parse(model_type="bert")
    assert config == BertConfig(vocabulary=30522, hidden=768, layers=12, heads=12, intermediate=3072, positions=512)
    assert len(notes) == 5
    assert "vocab_size" in notes[0]


def test_every_key_is_read() -> None:
    """Each whitelisted key arrives in its field."""
    config, notes = parse(
        model_type="bert",
        vocab_size=11,
        hidden_size=12,
        num_hidden_layers=2,
        num_attention_heads=3,
        intermediate_size=13,
        max_position_embeddings=14,
        type_vocab_size=1,
        hidden_act="gelu_new",
        layer_norm_eps=1e-7,
        pad_token_id=4,
        tie_word_embeddings=False,
    )
    assert config == BertConfig(11, 12, 2, 3, 13, 14, 1, "gelu_new", 1e-7, 4, tied=False)
    assert notes == ()


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_listed_activations_are_taken(activation: str) -> None:
    """Whatever is listed can be configured."""
    assert BertConfig(**SMALL, activation=activation).activation == activation


@pytest.mark.parametrize(
    "change",
    [
        {"heads": 3},
        {"layers": 0},
        {"layers": True},
        {"positions": 40_000},
        {"padding": 9},
        {"norm_epsilon": 0.0},
        {"norm_epsilon": float("nan")},
    ],
)
def test_a_configuration_out_of_range_can_not_be_made(change: dict[str, Any]) -> None:
    """The ranges hold for every BertConfig, wherever it comes from."""
    with pytest.raises(CheckpointError) as caught:
        BertConfig(**{**SMALL, **change})
    assert caught.value.code == "CONFIG_RANGE"


def test_a_configuration_is_frozen() -> None:
    """Nobody downstream checks again, so nobody may change it."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        BertConfig(**SMALL).hidden = 3  # type: ignore[misc]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    (
        "hidden_size",
        "hidden_act",
        "layer_norm_eps",
        "pad_token_id",
        "id2label",
        "pruned_heads",
        "is_decoder",
        "auto_map",
    )
)


@settings(suppress_health_check=[HealthCheck.too_slow])  # drawing is slow on a busy machine, and that is all it says
@given(st.dictionaries(KEYS, JSON))
def test_any_json_gives_a_configuration_or_a_typed_refusal(keys: dict[str, Any]) -> None:
    """No value of any key escapes as something else than CheckpointError."""
    try:
        config, _ = parse(**{"model_type": "bert", **keys})
    except CheckpointError:
        return
    assert config.hidden % config.heads == 0
