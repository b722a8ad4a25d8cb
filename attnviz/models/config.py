"""What a checkpoint's config.json may say: whitelisted keys, each with its range, copied into our own frozen record."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NoReturn

from attnviz.errors import CheckpointError, printable
from attnviz.text.strict_json import shown

MODEL_TYPE = "bert"
FORMAT_VERSION = 1  # of the formats that are attnviz's own
ACTIVATIONS: tuple[str, ...] = ("gelu", "gelu_new", "gelu_pytorch_tanh", "gelu_fast", "relu", "silu", "swish", "tanh")
MOST_LABELS = 10_000

# our field -> (Hugging Face key, its default in BertConfig, lowest, highest)
_SIZES: dict[str, tuple[str, int, int, int]] = {
    "vocabulary": ("vocab_size", 30522, 1, 1_000_000),
    "hidden": ("hidden_size", 768, 1, 8192),
    "layers": ("num_hidden_layers", 12, 1, 96),
    "heads": ("num_attention_heads", 12, 1, 128),
    "intermediate": ("intermediate_size", 3072, 1, 65_536),
    "positions": ("max_position_embeddings", 512, 1, 32_768),
    "segments": ("type_vocab_size", 2, 1, 16),
    "padding": ("pad_token_id", 0, 0, 999_999),
}
_NOTED_WHEN_MISSING = ("vocabulary", "hidden", "layers", "heads", "intermediate")
_IGNORED_EXACT = ("auto_map", "trust_remote_code", "quantization_config", "use_kernels", "custom_pipelines")
_IGNORED_PARTS = ("attn_implementation", "experts_implementation")


@dataclass(frozen=True, slots=True)
class BertConfig:
    """The sizes of a BERT encoder (Devlin et al. 2018); refuses values that no real checkpoint has."""

    vocabulary: int
    hidden: int
    layers: int
    heads: int
    intermediate: int
    positions: int
    segments: int = 2
    activation: str = "gelu"
    norm_epsilon: float = 1e-12
    padding: int = 0
    tied: bool = True

    def __post_init__(self) -> None:
        for field, (key, _, lowest, highest) in _SIZES.items():
            check_range(key, getattr(self, field), lowest, highest)
        if self.hidden % self.heads:
            refuse("num_attention_heads", self.heads, f"a divisor of hidden_size {self.hidden}")
        if self.activation not in ACTIVATIONS:
            refuse("hidden_act", self.activation, "one of " + ", ".join(ACTIVATIONS))
        if type(self.norm_epsilon) not in (int, float):
            refuse("layer_norm_eps", self.norm_epsilon, "a number")
        if not (math.isfinite(self.norm_epsilon) and 0 < self.norm_epsilon <= 0.1):
            refuse("layer_norm_eps", self.norm_epsilon, "above 0, at most 0.1")
        if self.padding >= self.vocabulary:
            refuse("pad_token_id", self.padding, f"0 to {self.vocabulary - 1}")
        if not isinstance(self.tied, bool):
            refuse("tie_word_embeddings", self.tied, "true or false")


def parse_bert(found: dict[str, Any]) -> tuple[BertConfig, tuple[str, ...]]:
    """The configuration in a config.json that was read, and remarks to show; raises CheckpointError."""
    _check_variants(found)
    _check_labels(found)
    values: dict[str, Any] = {field: found.get(key, default) for field, (key, default, _, _) in _SIZES.items()}
    config = BertConfig(
        **values,
        activation=found.get("hidden_act", "gelu"),
        norm_epsilon=found.get("layer_norm_eps", 1e-12),
        tied=found.get("tie_word_embeddings", True),
    )
    return config, (*ignored(found), *_assumed(found))


def _check_variants(found: dict[str, Any]) -> None:
    """Refuse what would silently compute something else than the plain encoder."""
    if found.get("position_embedding_type", "absolute") != "absolute":
        refuse("position_embedding_type", found["position_embedding_type"], "absolute", "CONFIG_UNSUPPORTED")
    for key in ("is_decoder", "add_cross_attention", "is_encoder_decoder"):
        if found.get(key) not in (False, None):
            refuse(key, found[key], "false: decoders are not supported", "CONFIG_UNSUPPORTED")
    if found.get("pruned_heads", {}) not in ({}, None, []):
        refuse("pruned_heads", found["pruned_heads"], "empty", "CONFIG_UNSUPPORTED")


def _check_labels(found: dict[str, Any]) -> None:
    labels = found.get("id2label")
    if isinstance(labels, (dict, list)) and len(labels) > MOST_LABELS:
        refuse("id2label", len(labels), f"at most {MOST_LABELS} entries")
    if found.get("num_labels") is not None:
        check_range("num_labels", found["num_labels"], 0, MOST_LABELS)


def ignored(found: dict[str, Any]) -> tuple[str, ...]:
    """Remarks about keys that would have code run or kernels swapped, and are passed over."""
    names = [key for key in found if key in _IGNORED_EXACT or any(part in key for part in _IGNORED_PARTS)]
    return tuple(f"config.json: {printable(key, 60)} is ignored; attnviz runs its own code only." for key in names[:10])


def _assumed(found: dict[str, Any]) -> tuple[str, ...]:
    missing = [_SIZES[field] for field in _NOTED_WHEN_MISSING if _SIZES[field][0] not in found]
    return tuple(
        f"config.json has no {key}; {default} is assumed and checked by shapes." for key, default, _, _ in missing
    )


def check_range(key: str, value: object, lowest: int, highest: int) -> None:
    """Raise CheckpointError unless ``value`` is a whole number in the range."""
    if isinstance(value, bool) or not isinstance(value, int):
        refuse(key, value, f"a whole number from {lowest} to {highest}")
    elif not lowest <= value <= highest:
        refuse(key, value, f"{lowest} to {highest}")


def check_version(found: dict[str, Any]) -> None:
    """Refuse a format of attnviz's own in a version that this program doesn't read."""
    version = found.get("format_version")
    if type(version) is not int or version != FORMAT_VERSION:
        refuse("format_version", version, f"{FORMAT_VERSION}, the one that this version reads", "FORMAT_VERSION")


def known_values(found: dict[str, Any], known: Collection[str], needed: Collection[str]) -> dict[str, Any]:
    """What was found under the known names; refuses where a needed one is missing."""
    for name in needed:
        if name not in found:
            refuse(name, None, "a value: it is missing")
    return {name: value for name, value in found.items() if name in known}


def refuse(key: str, value: object, allowed: str, code: str = "CONFIG_RANGE") -> NoReturn:
    """Raise CheckpointError for a key whose value no model can have."""
    raise CheckpointError(f"config.json: {key} is {shown(value)}; allowed: {allowed}.", code)
