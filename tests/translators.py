"""Tiny encoder–decoder folders with random weights, large enough for every letter to matter."""

from __future__ import annotations

import json
import string
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from attnviz.models.seq2seq import Seq2seq
from attnviz.models.seq2seq_config import Seq2seqConfig

SPECIAL = ("<pad>", "<s>", "</s>", "<unk>")
WORDS = ("A", "B", "C", "D")
SIZES = {"embedding": 6, "encoder_width": 10, "decoder_width": 10, "attention_width": 7, "longest": 12}


def tiny_config(attention: str = "general", **changes: Any) -> Seq2seqConfig:
    """The configuration of a tiny model that reads letters and writes a handful of words."""
    letters = len(SPECIAL) + len(string.ascii_lowercase)
    return Seq2seqConfig(attention, letters, len(SPECIAL) + len(WORDS), **{**SIZES, **changes})


def tiny_model(attention: str = "general", seed: int = 3, **changes: Any) -> Seq2seq:
    """Weights drawn widely, so that attention and words are far from uniform."""
    model = Seq2seq(tiny_config(attention, **changes)).eval()
    noise = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=noise) * 0.6)
    return model.requires_grad_(requires_grad=False)


def write_translator(path: Path, attention: str = "general", seed: int = 3, **changes: Any) -> Path:
    """A loadable checkpoint in ``path``."""
    path.mkdir(parents=True, exist_ok=True)
    model = tiny_model(attention, seed, **changes)
    (path / "config.json").write_text(json.dumps(config_json(model.config)), encoding="utf-8")
    (path / "tokenizer.json").write_text(json.dumps(tokenizers_json()), encoding="utf-8")
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, path / "model.safetensors")
    return path


def config_json(config: Seq2seqConfig) -> dict[str, Any]:
    values = {name: getattr(config, name) for name in config.__slots__}
    return {"model_type": "attnviz-seq2seq", "format_version": 1, "task": "spelling", **values}


def tokenizers_json() -> dict[str, Any]:
    """Letters in, words out."""
    source = word_level((*SPECIAL, *string.ascii_lowercase))
    source["pre_tokenizer"] = {"type": "Split", "pattern": {"Regex": "."}, "behavior": "Isolated", "invert": False}
    target = word_level((*SPECIAL, *WORDS))
    target["pre_tokenizer"] = {"type": "WhitespaceSplit"}
    return {"format_version": 1, "source": source, "target": target}


def word_level(pieces: tuple[str, ...]) -> dict[str, Any]:
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    return {"version": "1.0", "model": {"type": "WordLevel", "vocab": vocabulary, "unk_token": "<unk>"}}
