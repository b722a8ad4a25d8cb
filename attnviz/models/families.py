"""The model families that can be opened: how each reads its configuration and which tensors it has. Needs no torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from attnviz.errors import CheckpointError
from attnviz.models import seq2seq_config as seq2seq
from attnviz.models import transformer_config as transformer
from attnviz.models.bert_layout import bert_layout
from attnviz.models.config import BertConfig
from attnviz.models.layout import Entry
from attnviz.models.members import PARSE
from attnviz.models.seq2seq_config import Seq2seqConfig
from attnviz.models.transformer_config import TransformerConfig
from attnviz.text.strict_json import parse_object, shown

Config = BertConfig | Seq2seqConfig | TransformerConfig


@dataclass(frozen=True, slots=True)
class Family:
    """``translates``: it reads with one tokenizer and writes with another, and is opened in the decoding tab."""

    model_type: str
    config: Callable[..., Config]
    parse: Callable[[dict[str, Any]], tuple[Config, tuple[str, ...]]]
    layout: Callable[[Any], tuple[Entry, ...]]
    translates: bool = False


FAMILIES = {
    family.model_type: family
    for family in (
        *(Family(kind, BertConfig, parse, bert_layout) for kind, parse in PARSE.items()),
        Family(seq2seq.MODEL_TYPE, Seq2seqConfig, seq2seq.parse_seq2seq, seq2seq.seq2seq_layout, translates=True),
        Family(
            transformer.MODEL_TYPE,
            TransformerConfig,
            transformer.parse_transformer,
            transformer.transformer_layout,
            translates=True,
        ),
    )
}


def translates(model_type: str) -> bool:
    """Whether models of that type are opened in the decoding tab."""
    return model_type in FAMILIES and FAMILIES[model_type].translates


def parse_config(raw: bytes) -> tuple[Family, Config, tuple[str, ...]]:
    """The family and configuration in the bytes of a config.json, and remarks to show; raises CheckpointError."""
    found = parse_object(raw, "config.json", "CONFIG_UNREADABLE")
    family = _family(found)
    config, notes = family.parse(found)
    return family, config, notes


def _family(found: dict[str, Any]) -> Family:
    name, supported = found.get("model_type"), ", ".join(FAMILIES)
    if "model_type" not in found:
        sentence = f"config.json names no model_type; supported: {supported}. Add it if you know what the model is."
    elif not isinstance(name, str) or name not in FAMILIES:
        sentence = f"config.json: model_type {shown(name)} is not supported; supported: {supported}."
        if "auto_map" in found:
            sentence += " Code that comes with a checkpoint (auto_map) is never run."
    else:
        return FAMILIES[name]
    raise CheckpointError(sentence, "MODEL_TYPE_UNSUPPORTED")
