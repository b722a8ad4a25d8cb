"""Small Transformers of random weights."""

from __future__ import annotations

from typing import Any

import torch

from attnviz.models.transformer import Transformer
from attnviz.models.transformer_config import TransformerConfig

SIZES = {"hidden": 24, "heads": 4, "encoder_layers": 2, "decoder_layers": 3, "intermediate": 50, "longest": 40}


def random_model(seed: int = 0, **choices: Any) -> Transformer:
    """A small model, every parameter random, norms and biases included."""
    torch.manual_seed(seed)
    model = Transformer(TransformerConfig(**{"source_vocabulary": 31, "target_vocabulary": 29, **SIZES, **choices}))
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.normal_(1.0 if name.endswith("norm.weight") else 0.0, 0.3)
    return model.eval()
