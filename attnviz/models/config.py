"""What a checkpoint's config.json may say: whitelisted keys, each with its range, copied into our own frozen record."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from attnviz.errors import CheckpointError, printable
from attnviz.text.strict_json import shown

FORMAT_VERSION = 1  # of the formats that are attnviz's own
ACTIVATIONS: tuple[str, ...] = ("gelu", "gelu_new", "gelu_pytorch_tanh", "gelu_fast", "relu", "silu", "swish", "tanh")
MOST_LABELS = 10_000

_RANGES: dict[str, tuple[int, int]] = {
    "vocabulary": (1, 1_000_000),
    "hidden": (1, 8192),
    "layers": (1, 96),
    "heads": (1, 128),
    "intermediate": (1, 65_536),
    "positions": (1, 32_768),
    "segments": (0, 16),
    "padding": (0, 999_999),
    "embedding": (1, 8192),
    "groups": (1, 96),
}
_NOTED_WHEN_MISSING = ("vocabulary", "hidden", "layers", "heads", "intermediate")
_IGNORED_EXACT = ("auto_map", "trust_remote_code", "quantization_config", "use_kernels", "custom_pipelines")
_IGNORED_PARTS = ("attn_implementation", "experts_implementation")


@dataclass(frozen=True, slots=True)
class BertConfig:
    """The sizes of an encoder of BERT's family (Devlin et al. 2019); refuses values that no real checkpoint has.

    ``kind`` is the member's model_type. ``embedding`` is the width of the embeddings where it isn't ``hidden``;
    ``first_position`` is the row of the position table that the first token has; ``groups`` says how many sets of
    parameters all layers share; ``head_activation`` is the masked-word head's own. Without ``segments`` there are no segment embeddings.
    """

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
    kind: str = "bert"
    embedding: int | None = None
    first_position: int = 0
    groups: int | None = None
    head_activation: str | None = None

    def __post_init__(self) -> None:
        for size, limits in _RANGES.items():
            value = getattr(self, size)
            if value is not None:
                check_range(size, value, *limits)
        if self.hidden % self.heads:
            refuse("num_attention_heads", self.heads, f"a divisor of hidden_size {self.hidden}")
        for activation in (self.activation, self.head_activation or "gelu"):
            if activation not in ACTIVATIONS:
                refuse("hidden_act", activation, "one of " + ", ".join(ACTIVATIONS))
        if type(self.norm_epsilon) not in (int, float):
            refuse("layer_norm_eps", self.norm_epsilon, "a number")
        if not (math.isfinite(self.norm_epsilon) and 0 < self.norm_epsilon <= 0.1):
            refuse("layer_norm_eps", self.norm_epsilon, "above 0, at most 0.1")
        if self.padding >= self.vocabulary:
            refuse("pad_token_id", self.padding, f"0 to {self.vocabulary - 1}")
        if not isinstance(self.tied, bool):
            refuse("tie_word_embeddings", self.tied, "true or false")
        if self.longest < 1:
            refuse("max_position_embeddings", self.positions, f"more than {self.first_position}")
        if self.groups is not None and self.layers % self.groups:
            refuse("num_hidden_groups", self.groups, f"a divisor of num_hidden_layers {self.layers}")

    @property
    def longest(self) -> int:
        """How many tokens there are positions for."""
        return self.positions - self.first_position

    @property
    def word_width(self) -> int:
        """The width of the embeddings."""
        return self.hidden if self.embedding is None else self.embedding

    @property
    def projects(self) -> bool:
        """Whether the embeddings are projected to the hidden width: ALBERT does it always, ELECTRA where the widths differ."""
        return self.embedding is not None and (self.kind == "albert" or self.embedding != self.hidden)


@dataclass(frozen=True, slots=True)
class Keys:
    """Where a member of the family writes what in config.json: our field → (key, default), and what is fixed."""

    sizes: Mapping[str, tuple[str, int]]
    activation: tuple[str, str] = ("hidden_act", "gelu")
    fixed: Mapping[str, Any] = field(default_factory=dict)
    positions_after_padding: bool = False
    epsilon_key: str | None = "layer_norm_eps"


def parse_encoder(found: dict[str, Any], keys: Keys, kind: str) -> tuple[BertConfig, tuple[str, ...]]:
    """The configuration in a config.json that was read, and remarks to show; raises CheckpointError."""
    _check_variants(found)
    _check_labels(found)
    values: dict[str, Any] = {size: found.get(key, default) for size, (key, default) in keys.sizes.items()}
    for size, (key, _) in keys.sizes.items():
        least, most = _RANGES[size]
        check_range(key, values[size], 1 if size == "segments" else least, most)
    act, usual = keys.activation
    if keys.positions_after_padding:
        values["first_position"] = values["padding"] + 1
    config = BertConfig(
        **values,
        kind=kind,
        activation=found.get(act, usual),
        norm_epsilon=1e-12 if keys.epsilon_key is None else found.get(keys.epsilon_key, 1e-12),
        tied=found.get("tie_word_embeddings", True),
        **keys.fixed,
    )
    return config, (*ignored(found), *_assumed(found, keys))


def _check_variants(found: dict[str, Any]) -> None:
    """Refuse what would silently compute something else than the plain encoder."""
    if found.get("position_embedding_type", "absolute") != "absolute":
        refuse("position_embedding_type", found["position_embedding_type"], "absolute", "CONFIG_UNSUPPORTED")
    for key in ("is_decoder", "add_cross_attention", "is_encoder_decoder"):
        if found.get(key) not in (False, None):
            refuse(key, found[key], "false: decoders are not supported", "CONFIG_UNSUPPORTED")
    if found.get("inner_group_num", 1) != 1:
        refuse("inner_group_num", found["inner_group_num"], "1", "CONFIG_UNSUPPORTED")
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


def _assumed(found: dict[str, Any], keys: Keys) -> tuple[str, ...]:
    missing = [keys.sizes[size] for size in _NOTED_WHEN_MISSING if keys.sizes[size][0] not in found]
    return tuple(f"config.json has no {key}; {default} is assumed and checked by shapes." for key, default in missing)


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
