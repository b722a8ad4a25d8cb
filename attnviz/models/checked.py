"""One head's weights a second way, and the parameters that they come from: so that nobody need take them on trust."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - the name that everyone knows
from torch import Tensor, nn

from attnviz.edits import SetRow, Uniform
from attnviz.models.attention import numbers
from attnviz.models.edited import AttentionChange
from attnviz.trace import BlockWeights, Checked, Site

if TYPE_CHECKING:
    from attnviz.models.attention import Projections
    from attnviz.trace import Attention, Floats

HOW = "torch.nn.functional.multi_head_attention_forward in float64, from the hidden states and the raw weights"
HOW_CHANGED = HOW + ", with your changes made in them"


def block_weights(
    site: Site, layer: int, attention: Projections, norms: Sequence[nn.Module], epsilon: float, activation: str
) -> BlockWeights:
    """The parameters of one block, copied; ``norms`` are the attention's and, where it has a feed-forward network, the output's."""
    parts: Mapping[str, nn.Module] = {
        "query": attention.query,
        "key": attention.key,
        "value": attention.value,
        "output": attention.output,
        **dict(zip(("attention_norm", "output_norm"), norms, strict=False)),
    }
    parameters = {
        f"{part}.{name}": numbers(parameter)
        for part, module in parts.items()
        for name, parameter in module.named_parameters()
    }
    return BlockWeights(site, layer, parameters, epsilon, activation)


@torch.inference_mode()
def check(
    parts: Projections,
    entering: Floats,
    attention: Attention,
    head: int,
    change: AttentionChange | None = None,
    memory: Floats | None = None,
) -> Checked:
    """The largest difference between a record's weights of ``head`` and those made anew from the states that enter.

    ``entering`` is (queries, hidden); ``memory`` (keys, hidden) is what keys are made of where that is something else.
    Torch divides by √d_k itself, so another scale is made in W_Q; hidden keys are its padding; set rows are written over.
    """
    weights = _second_way(parts, entering, entering if memory is None else memory, attention)[head]  # (queries, keys)
    for edit in () if change is None else change.rows:
        if edit.head in {None, head}:
            _overwrite(weights, edit, attention)
    difference = float(np.abs(weights - attention.weights(head)).max(initial=0.0))
    return Checked(attention.site, attention.layer, head, difference, HOW if change is None else HOW_CHANGED)


def _second_way(parts: Projections, entering: Floats, memory: Floats, attention: Attention) -> np.ndarray:
    """Every head's weights before any row was set, (heads, queries, keys), float64."""

    def exact(tensor: Tensor) -> Tensor:
        return tensor.detach().to("cpu", torch.float64)

    stretch = attention.scale * math.sqrt(attention.query.shape[-1])  # 1 unless a person changed the scale
    queries, keys = (torch.tensor(states, dtype=torch.float64)[:, None] for states in (entering, memory))
    scaled = [exact(parts.query.weight) * stretch, exact(parts.key.weight), exact(parts.value.weight)]
    biases = [exact(parts.query.bias) * stretch, exact(parts.key.bias), exact(parts.value.bias)]
    closed = None if attention.mask is None else ~torch.tensor(attention.mask)  # True = may not look
    _, weights = F.multi_head_attention_forward(
        queries,
        keys,
        keys,
        entering.shape[-1],
        parts.heads,
        torch.cat(scaled),
        torch.cat(biases),
        bias_k=None,
        bias_v=None,
        add_zero_attn=False,
        dropout_p=0.0,
        out_proj_weight=exact(parts.output.weight),
        out_proj_bias=exact(parts.output.bias),
        training=False,
        need_weights=True,
        attn_mask=closed,
        average_attn_weights=False,
    )
    if weights is None:
        raise RuntimeError("torch gave no weights")
    found: np.ndarray = weights[0].nan_to_num(0.0).numpy()
    return found


def _overwrite(weights: np.ndarray, edit: SetRow | Uniform, attention: Attention) -> None:
    """The rows of one head (queries, keys) that a person set."""
    queries, keys = weights.shape
    if isinstance(edit, SetRow):
        weights[edit.query] = np.pad(edit.weights[:keys], (0, max(0, keys - len(edit.weights))))
        return
    shown = np.ones((queries, keys)) if attention.mask is None else attention.mask.astype(np.float64)
    weights[:] = shown / np.maximum(shown.sum(1, keepdims=True), 1.0)
