"""A trained encoder as a checkpoint folder in Hugging Face's layout, and the first weights of one that begins from nothing."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import nn

from attnviz.models.bert import Bert
from attnviz.models.bert_layout import bert_layout
from attnviz.models.members import KEYS
from checkpoints.recipes.folder import READABLE

SPREAD = 0.02


def initialise(model: Bert) -> Bert:
    """Embeddings with a standard deviation of 0.02; linear maps with 1 / √width, so that narrow layers pass on what wide ones do; biases 0."""
    for module in model.modules():
        if isinstance(module, nn.Embedding):
            nn.init.normal_(module.weight, std=SPREAD)
        if isinstance(module, nn.Linear):
            nn.init.normal_(module.weight, std=module.in_features**-0.5)
            nn.init.zeros_(module.bias)
    return model


def write_encoder(folder: Path, model: Bert, tokenizer: Tokenizer, architecture: str) -> None:
    """config.json, tokenizer.json and model.safetensors in float16, under Hugging Face's names; only README.md is left to write."""
    folder.mkdir(parents=True, exist_ok=True)
    config = model.config
    keys = KEYS[config.kind]
    sizes = {key: getattr(config, field) for field, (key, _) in keys.sizes.items()}
    stated = {
        "architectures": [architecture],
        "model_type": config.kind,
        **sizes,
        keys.activation[0]: config.activation,
        **({keys.epsilon_key: config.norm_epsilon} if keys.epsilon_key else {}),
        "tie_word_embeddings": config.tied,
        "torch_dtype": "float16",
    }
    (folder / "config.json").write_text(json.dumps(stated, indent=2) + "\n", encoding="utf-8")
    (folder / "tokenizer.json").write_text(tokenizer.to_str(), encoding="utf-8")
    theirs = {entry.name: entry.sources[0] for entry in bert_layout(config)}
    weights = {theirs[name]: tensor.to(torch.float16).contiguous() for name, tensor in model.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "model.safetensors").chmod(READABLE)
