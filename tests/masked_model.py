"""transformers' BertForMaskedLM on the weights of a folder, asked for one place of one text at a time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import BertConfig, BertForMaskedLM

from tests.windows import strong_folder


def swayed_folder(path: Path) -> Path:
    """A tiny checkpoint in which each word changes by much what is expected at the others."""
    made = strong_folder(path)
    weights = load_file(made / "model.safetensors")
    for name, tensor in weights.items():
        if name.endswith("LayerNorm.weight"):
            weights[name] = 1 + tensor / 5
        elif "attention" in name and name.endswith("weight"):
            weights[name] = 2 * tensor
    save_file(weights, made / "model.safetensors")
    return made


class MaskedModel:
    """The authority on what stands behind a mask; it knows neither batches nor records."""

    def __init__(self, folder: Path) -> None:
        self._model = BertForMaskedLM(BertConfig.from_json_file(folder / "config.json")).eval()
        lacking, _ = self._model.load_state_dict(load_file(folder / "model.safetensors"), strict=False)
        assert not [name for name in lacking if "position_ids" not in name and "decoder" not in name], lacking
        self._model.tie_weights()

    @torch.inference_mode()
    def at(self, ids: Sequence[int], place: int, segments: Sequence[int] | None = None) -> torch.Tensor:
        """Ln p of every word at a place, in double precision."""
        kinds = None if segments is None else torch.tensor([list(segments)])
        logits = self._model(torch.tensor([list(ids)]), token_type_ids=kinds).logits
        return logits[0, place].double().log_softmax(-1)
