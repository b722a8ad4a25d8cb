"""The sizes of an encoder–decoder Transformer, refused where they don't fit together, and which tensors it has."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from attnviz.models.config import ACTIVATIONS, check_range, check_version, ignored, known_values, refuse
from attnviz.models.layout import Entry, Part

MODEL_TYPE = "attnviz-transformer"
POSITIONS = ("sinusoidal", "learned")
NORMS = ("post", "pre")

_HIGHEST = {
    "source_vocabulary": 1_000_000,
    "target_vocabulary": 1_000_000,
    "hidden": 8192,
    "heads": 128,
    "encoder_layers": 96,
    "decoder_layers": 96,
    "intermediate": 65_536,
    "longest": 8192,
}
_NEEDED = tuple(name for name in _HIGHEST if name != "longest")
_SIGNS = ("begin", "end", "padding")


@dataclass(frozen=True, slots=True)
class TransformerConfig:
    """Widths in numbers, vocabularies in pieces; the defaults are the choices of Vaswani et al. 2017, but small.

    ``position``: sinusoidal (section 3.5) or learned; ``norm``: "post" normalises after each residual sum as the paper
    does, "pre" before each sublayer and once more at the end. ``shared_embeddings``: source and target use one table;
    ``tied_output``: the target's table is the output matrix too (section 3.4). ``longest`` is the most words that an
    answer may have, and the number of learned positions. ``begin``, ``end`` and ``padding`` are ids of the target
    vocabulary. Refuses values that no model can have.
    """

    source_vocabulary: int
    target_vocabulary: int
    hidden: int = 256
    heads: int = 4
    encoder_layers: int = 3
    decoder_layers: int = 3
    intermediate: int = 1024
    activation: str = "relu"
    position: str = "sinusoidal"
    norm: str = "post"
    norm_epsilon: float = 1e-5
    shared_embeddings: bool = False
    tied_output: bool = True
    longest: int = 100
    begin: int = 1
    end: int = 2
    padding: int = 0

    def __post_init__(self) -> None:
        for name, most in _HIGHEST.items():
            check_range(name, getattr(self, name), 1, most)
        for name in _SIGNS:
            check_range(name, getattr(self, name), 0, self.target_vocabulary - 1)
        for name, allowed in (("activation", ACTIVATIONS), ("position", POSITIONS), ("norm", NORMS)):
            if getattr(self, name) not in allowed:
                refuse(name, getattr(self, name), "one of " + ", ".join(allowed))
        if self.hidden % self.heads:
            refuse("heads", self.heads, f"a divisor of hidden {self.hidden}")
        if self.hidden % 2 and self.position == "sinusoidal":
            refuse("hidden", self.hidden, "even: half of it are sines, half cosines")
        for name in ("shared_embeddings", "tied_output"):
            if not isinstance(getattr(self, name), bool):
                refuse(name, getattr(self, name), "true or false")
        if type(self.norm_epsilon) not in (int, float):
            refuse("norm_epsilon", self.norm_epsilon, "a number")
        if not (math.isfinite(self.norm_epsilon) and 0 < self.norm_epsilon <= 0.1):
            refuse("norm_epsilon", self.norm_epsilon, "above 0, at most 0.1")
        if self.shared_embeddings and self.source_vocabulary != self.target_vocabulary:
            refuse(
                "target_vocabulary",
                self.target_vocabulary,
                f"{self.source_vocabulary} as source_vocabulary, because the two share their embeddings",
            )

    @property
    def longest_source(self) -> int | None:
        """The most source tokens that have a position; None where every number has one."""
        return self.longest if self.position == "learned" else None

    # what is said of every model

    @property
    def layers(self) -> int:
        return self.encoder_layers + self.decoder_layers

    @property
    def vocabulary(self) -> int:
        return self.target_vocabulary

    @property
    def positions(self) -> int:
        return self.longest


def parse_transformer(found: dict[str, Any]) -> tuple[TransformerConfig, tuple[str, ...]]:
    """The configuration in a config.json that was read, and remarks to show; raises CheckpointError."""
    check_version(found)
    known = {field.name for field in fields(TransformerConfig)}
    return TransformerConfig(**known_values(found, known, _NEEDED)), ignored(found)


def transformer_layout(config: TransformerConfig) -> tuple[Entry, ...]:
    """Every parameter of the Transformer, in the order of computation."""
    return tuple(Entry(name, (name,), shape, Part.ENCODER) for name, shape in _shapes(config))


def _shapes(config: TransformerConfig) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield from _embeddings("source", config.source_vocabulary, config)
    for index in range(config.encoder_layers):
        yield from _layer(f"encoder.{index}", config)
    if config.norm == "pre":
        yield from _norm("encoder_norm", config)
    if not config.shared_embeddings:
        yield from _embeddings("target", config.target_vocabulary, config)
    for index in range(config.decoder_layers):
        yield from _layer(f"decoder.{index}", config)
        yield from _projections(f"decoder.{index}.cross", config)
        yield from _norm(f"decoder.{index}.cross_norm", config)
    if config.norm == "pre":
        yield from _norm("decoder_norm", config)
    if not config.tied_output:
        yield "output.weight", (config.target_vocabulary, config.hidden)
    yield "output_bias", (config.target_vocabulary,)


def _embeddings(name: str, vocabulary: int, config: TransformerConfig) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{name}.word.weight", (vocabulary, config.hidden)
    if config.position == "learned":
        yield f"{name}.position.weight", (config.longest, config.hidden)


def _layer(name: str, config: TransformerConfig) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield from _projections(f"{name}.attention", config)
    yield from _norm(f"{name}.attention_norm", config)
    yield f"{name}.feed_forward.inner.weight", (config.intermediate, config.hidden)
    yield f"{name}.feed_forward.inner.bias", (config.intermediate,)
    yield f"{name}.feed_forward.outer.weight", (config.hidden, config.intermediate)
    yield f"{name}.feed_forward.outer.bias", (config.hidden,)
    yield from _norm(f"{name}.output_norm", config)


def _projections(name: str, config: TransformerConfig) -> Iterator[tuple[str, tuple[int, ...]]]:
    for part in ("query", "key", "value", "output"):
        yield f"{name}.{part}.weight", (config.hidden, config.hidden)
        yield f"{name}.{part}.bias", (config.hidden,)


def _norm(name: str, config: TransformerConfig) -> Iterator[tuple[str, tuple[int, ...]]]:
    yield f"{name}.weight", (config.hidden,)
    yield f"{name}.bias", (config.hidden,)
