"""A trained encoder–decoder as a checkpoint folder: config.json, tokenizer.json, model.safetensors in float16."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import nn

from attnviz.models import seq2seq_config, transformer_config
from attnviz.models.config import FORMAT_VERSION
from attnviz.models.seq2seq import Seq2seq
from attnviz.models.transformer import Transformer

Model = Seq2seq | Transformer
READABLE = 0o644  # safetensors writes files that only their owner can read


def write(folder: Path, model: Model, source: Tokenizer, target: Tokenizer, task: str) -> None:
    """The folder is complete when this returns, but for its README.md."""
    recurrent = isinstance(model, Seq2seq)
    config = {
        "model_type": seq2seq_config.MODEL_TYPE if recurrent else transformer_config.MODEL_TYPE,
        "format_version": FORMAT_VERSION,
        "task": task,
        **({"recurrence": "gru"} if recurrent else {}),
        **asdict(model.config),
    }
    write_parts(folder, model, config, source, target)


def write_parts(
    folder: Path, model: nn.Module, config: Mapping[str, object], source: Tokenizer, target: Tokenizer
) -> None:
    """Three files for any encoder–decoder; both tokenizers stand in one of them, the weights become float16."""
    folder.mkdir(parents=True, exist_ok=True)
    both = {
        "format_version": FORMAT_VERSION,
        "source": json.loads(source.to_str()),
        "target": json.loads(target.to_str()),
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    (folder / "tokenizer.json").write_text(json.dumps(both, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    weights = {name: tensor.to(torch.float16).contiguous() for name, tensor in model.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(READABLE)
