"""Writing a trained encoder–decoder as a checkpoint folder: config.json, tokenizer.json, model.safetensors in float16."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer

from attnviz.models.seq2seq import Seq2seq
from attnviz.models.seq2seq_config import FORMAT_VERSION, MODEL_TYPE

TASKS = ("spelling", "dates", "phrases")


def write(folder: Path, model: Seq2seq, source: Tokenizer, target: Tokenizer, task: str) -> None:
    """The folder is complete when this returns; both tokenizers stand in one file."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {
        "model_type": MODEL_TYPE,
        "format_version": FORMAT_VERSION,
        "task": task,
        "recurrence": "gru",
        **asdict(model.config),
    }
    both = {
        "format_version": FORMAT_VERSION,
        "source": json.loads(source.to_str()),
        "target": json.loads(target.to_str()),
    }
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    (folder / "tokenizer.json").write_text(json.dumps(both, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    weights = {name: tensor.to(torch.float16).contiguous() for name, tensor in model.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
