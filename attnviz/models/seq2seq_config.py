"""The sizes of a recurrent encoder–decoder, refused where they don't fit together, and which tensors it has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from attnviz.models.config import check_range, check_version, ignored, known_values, refuse
from attnviz.models.layout import Entry, Part

MODEL_TYPE = "attnviz-seq2seq"
ATTENTIONS = ("none", "dot", "general", "additive")
_NEEDED = ("attention", "source_vocabulary", "target_vocabulary", "embedding", "encoder_width", "decoder_width")
_WIDTHS = ("embedding", "encoder_width", "decoder_width", "attention_width", "longest")
_SIGNS = ("begin", "end", "padding")


@dataclass(frozen=True, slots=True)
class Seq2seqConfig:
    """Widths in numbers, vocabularies in pieces; refuses values that no model can have.

    ``longest`` is the most words that an answer may have. ``begin``, ``end`` and ``padding`` are ids of the target vocabulary:
    what the decoder is fed first, what ends an answer, and what filled batches in training.
    """

    attention: str
    source_vocabulary: int
    target_vocabulary: int
    embedding: int = 256
    encoder_width: int = 256
    decoder_width: int = 256
    attention_width: int = 128
    longest: int = 100
    begin: int = 1
    end: int = 2
    padding: int = 0

    def __post_init__(self) -> None:
        if self.attention not in ATTENTIONS:
            refuse("attention", self.attention, "one of " + ", ".join(ATTENTIONS))
        for name in ("source_vocabulary", "target_vocabulary"):
            check_range(name, getattr(self, name), 1, 1_000_000)
        for name in _WIDTHS:
            check_range(name, getattr(self, name), 1, 8192)
        for name in _SIGNS:
            check_range(name, getattr(self, name), 0, self.target_vocabulary - 1)
        if self.encoder_width % 2:
            refuse("encoder_width", self.encoder_width, "even: half of it reads in each direction")
        if self.attention == "dot" and self.encoder_width != self.decoder_width:
            refuse(
                "decoder_width",
                self.decoder_width,
                f"{self.encoder_width} as encoder_width, because dot attention multiplies the two",
            )

    # what is said of every model

    @property
    def layers(self) -> int:
        return 1

    @property
    def heads(self) -> int:
        return 0 if self.attention == "none" else 1

    @property
    def hidden(self) -> int:
        return self.decoder_width

    @property
    def vocabulary(self) -> int:
        return self.target_vocabulary

    @property
    def positions(self) -> int:
        return self.longest


def parse_seq2seq(found: dict[str, Any]) -> tuple[Seq2seqConfig, tuple[str, ...]]:
    """The configuration in a config.json that was read, and remarks to show; raises CheckpointError."""
    check_version(found)
    if found.get("recurrence", "gru") != "gru":
        refuse("recurrence", found["recurrence"], "gru", "CONFIG_UNSUPPORTED")
    known = {field.name for field in fields(Seq2seqConfig)}
    return Seq2seqConfig(**known_values(found, known, _NEEDED)), ignored(found)


def seq2seq_layout(config: Seq2seqConfig) -> tuple[Entry, ...]:
    """Every parameter of the encoder–decoder, in the order of computation."""
    return tuple(Entry(name, (name,), shape, Part.ENCODER) for name, shape in _shapes(config))


def _shapes(config: Seq2seqConfig) -> Iterator[tuple[str, tuple[int, ...]]]:
    embedding, encoder, decoder = config.embedding, config.encoder_width, config.decoder_width
    yield "encoder.embedding.weight", (config.source_vocabulary, embedding)
    for direction in ("", "_reverse"):
        yield from _gru("encoder.recurrence", direction, embedding, encoder // 2)
    yield "encoder.bridge.weight", (decoder, encoder)
    yield "encoder.bridge.bias", (decoder,)
    yield "embedding.weight", (config.target_vocabulary, embedding)
    yield from _gru("recurrence", "", embedding, decoder)
    if config.attention == "general":
        yield "attention.weight.weight", (decoder, encoder)
    if config.attention == "additive":
        yield "attention.query.weight", (config.attention_width, decoder)
        yield "attention.key.weight", (config.attention_width, encoder)
        yield "attention.value.weight", (1, config.attention_width)
    yield "combine.weight", (embedding, decoder if config.attention == "none" else decoder + encoder)
    yield "output_bias", (config.target_vocabulary,)


def _gru(name: str, direction: str, inputs: int, width: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Torch's GRU: reset, update and candidate rows below each other."""
    yield f"{name}.weight_ih_l0{direction}", (3 * width, inputs)
    yield f"{name}.weight_hh_l0{direction}", (3 * width, width)
    yield f"{name}.bias_ih_l0{direction}", (3 * width,)
    yield f"{name}.bias_hh_l0{direction}", (3 * width,)
