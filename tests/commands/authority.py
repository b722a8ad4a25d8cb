"""transformers' BERT on the same weights and ids: the numbers that ours must equal."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file


def bert(folder: Path) -> Any:
    """The pre-training model with plain, recorded attention."""
    from transformers import BertConfig, BertForPreTraining

    config = BertConfig.from_json_file(folder / "config.json")
    config._attn_implementation = "eager"
    model = BertForPreTraining(config).eval()
    lacking = model.load_state_dict(load_file(folder / "model.safetensors"), strict=False).missing_keys
    assert not [name for name in lacking if "position_ids" not in name and "decoder" not in name], lacking
    model.tie_weights()
    return model


@torch.inference_mode()
def forward(folder: Path, ids: Sequence[int], segments: Sequence[int] | None = None) -> Any:
    """Its outputs with attentions and hidden states."""
    kinds = None if segments is None else torch.tensor([list(segments)])
    return bert(folder)(
        torch.tensor([list(ids)]), token_type_ids=kinds, output_attentions=True, output_hidden_states=True
    )
