"""The least that one forward of the shipped model needs: torch, tokenizers, safetensors and BERT in thirty lines."""

import json
import os
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

FOLDER = Path(__file__).parents[2] / "checkpoints" / "bert-l6-h384-en"
SENTENCE = "The quick brown fox jumps over the lazy dog, because it is not in the mood to walk around it."


def forward(weights: dict[str, Tensor], config: dict[str, int], ids: Tensor) -> Tensor:
    """Last states (tokens, hidden) of one sentence."""

    def linear(states: Tensor, name: str) -> Tensor:
        return functional.linear(states, weights[f"{name}.weight"], weights[f"{name}.bias"])

    def norm(states: Tensor, name: str) -> Tensor:
        name = f"bert.{name}.LayerNorm"
        return functional.layer_norm(
            states, states.shape[-1:], weights[f"{name}.weight"], weights[f"{name}.bias"], 1e-12
        )

    table = {name: weights[f"bert.embeddings.{name}_embeddings.weight"] for name in ("word", "position", "token_type")}
    states = norm(table["word"][ids] + table["position"][: len(ids)] + table["token_type"][0], "embeddings")
    for layer in range(config["num_hidden_layers"]):
        place = f"encoder.layer.{layer}"
        query, key, value = (
            linear(states, f"bert.{place}.attention.self.{name}")
            .unflatten(-1, (config["num_attention_heads"], -1))
            .transpose(0, 1)
            for name in ("query", "key", "value")
        )  # (heads, tokens, head_dim)
        context = functional.scaled_dot_product_attention(query, key, value).transpose(0, 1).flatten(1)
        states = norm(linear(context, f"bert.{place}.attention.output.dense") + states, f"{place}.attention.output")
        inner = functional.gelu(linear(states, f"bert.{place}.intermediate.dense"))
        states = norm(linear(inner, f"bert.{place}.output.dense") + states, f"{place}.output")
    return states


with torch.inference_mode():
    found = {name: tensor.float() for name, tensor in load_file(FOLDER / "model.safetensors").items()}
    sizes = json.loads((FOLDER / "config.json").read_text())
    encoded = Tokenizer.from_file(str(FOLDER / "tokenizer.json")).encode(SENTENCE).ids
    assert forward(found, sizes, torch.tensor(encoded)).isfinite().all()
print("there", flush=True)
os._exit(0)
