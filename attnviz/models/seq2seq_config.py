"""The sizes of a recurrent encoder–decoder, refused where they don't fit together."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.errors import CheckpointError

MODEL_TYPE = "attnviz-seq2seq"
FORMAT_VERSION = 1
ATTENTIONS = ("none", "dot", "general", "additive")


@dataclass(frozen=True, slots=True)
class Seq2seqConfig:
    """Widths in numbers, vocabularies in pieces. Raises CheckpointError for values that no model can have."""

    attention: str
    source_vocabulary: int
    target_vocabulary: int
    embedding: int = 256
    encoder_width: int = 256
    decoder_width: int = 256
    attention_width: int = 128
    longest: int = 100

    def __post_init__(self) -> None:
        if self.attention not in ATTENTIONS:
            _refuse("attention", self.attention, "one of " + ", ".join(ATTENTIONS))
        for name in (
            "source_vocabulary",
            "target_vocabulary",
            "embedding",
            "encoder_width",
            "decoder_width",
            "attention_width",
            "longest",
        ):
            value = getattr(self, name)
            most = 1_000_000 if name.endswith("vocabulary") else 8192
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
                _refuse(name, value, f"a whole number from 1 to {most}")
        if self.encoder_width % 2:
            _refuse("encoder_width", self.encoder_width, "even: half of it reads in each direction")
        if self.attention == "dot" and self.encoder_width != self.decoder_width:
            _refuse(
                "decoder_width",
                self.decoder_width,
                f"{self.encoder_width} as encoder_width, because dot attention multiplies the two",
            )


def _refuse(name: str, value: object, allowed: str) -> None:
    raise CheckpointError(f"config.json says {name} = {str(value)[:40]!r}; it must be {allowed}.", "CONFIG_VALUE")
