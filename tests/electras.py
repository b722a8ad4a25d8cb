"""Tiny ELECTRA discriminators of random weights, written by transformers and asked of transformers again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import ElectraConfig, ElectraForMaskedLM, ElectraForPreTraining

from tests.badinputs.valid import SIZES, tokenizer_json, write_json


def write_discriminator(folder: Path, seed: int = 1, *, generates: bool = False, positions: int = 64) -> Path:
    """A folder as transformers saves one, with the vocabulary of the tiny BERTs; ``generates`` has it predict masked words instead."""
    torch.manual_seed(seed)
    config = ElectraConfig(**{**SIZES, "max_position_embeddings": positions}, embedding_size=8)
    model = (ElectraForMaskedLM if generates else ElectraForPreTraining)(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                parameter.zero_()
            else:
                parameter.normal_(1.0 if name.endswith("LayerNorm.weight") else 0.0, 1.0)
    folder.mkdir(parents=True)
    model.save_pretrained(folder)
    write_json(folder / "tokenizer.json", tokenizer_json())
    return folder


@torch.inference_mode()
def replaced_logits(folder: Path, ids: Sequence[int], segments: Sequence[int] | None = None) -> torch.Tensor:
    """The authority: transformers' logits (tokens,) that a token was replaced."""
    model = ElectraForPreTraining(ElectraConfig.from_json_file(folder / "config.json")).eval()
    model.load_state_dict(load_file(folder / "model.safetensors"))
    kinds = None if segments is None else torch.tensor([list(segments)])
    return model(torch.tensor([list(ids)]), token_type_ids=kinds).logits[0]
