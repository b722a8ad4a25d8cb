"""transformers' BertForNextSentencePrediction on the weights of a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import BertConfig, BertForNextSentencePrediction


class PairModel:
    """The authority on whether a second sentence follows; it knows neither pooled vectors nor records."""

    def __init__(self, folder: Path) -> None:
        self._model = BertForNextSentencePrediction(BertConfig.from_json_file(folder / "config.json")).eval()
        lacking, _ = self._model.load_state_dict(load_file(folder / "model.safetensors"), strict=False)
        assert not [name for name in lacking if "position_ids" not in name], lacking
        self._model.float()

    @torch.inference_mode()
    def logits(self, ids: Sequence[int], segments: Sequence[int]) -> list[float]:
        """Is next, is not."""
        answer = self._model(torch.tensor([list(ids)]), token_type_ids=torch.tensor([list(segments)]))
        found: list[float] = answer.logits[0].tolist()
        return found

    @torch.inference_mode()
    def pooled(self, ids: Sequence[int], segments: Sequence[int]) -> list[float]:
        """What its pooler gives to the classifier."""
        answer = self._model.bert(torch.tensor([list(ids)]), token_type_ids=torch.tensor([list(segments)]))
        found: list[float] = answer.pooler_output[0].tolist()
        return found
