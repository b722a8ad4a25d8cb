"""Scaled dot-product attention, and how it is recorded: Vaswani et al. 2017, section 3.2 and equation 1.

Attention(Q, K, V) = softmax(Q Kᵀ / √d_k) V. The forward uses torch's fused kernel; a record keeps Q, K and V, from
which every score and weight can be had again.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F  # noqa: N812 - the name that everyone knows
from torch import Tensor, nn

from attnviz.trace import Attention, Floats, Overview, Site

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LARGEST_TILE = 64


def split_heads(states: Tensor, heads: int) -> Tensor:
    """(batch, tokens, hidden) → (batch, heads, tokens, head_dim)."""
    return states.unflatten(-1, (heads, -1)).transpose(1, 2)


def join_heads(context: Tensor) -> Tensor:
    """(batch, heads, tokens, head_dim) → (batch, tokens, hidden): the heads' outputs side by side."""
    return context.transpose(1, 2).flatten(2)


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Tensor:
    """Context (batch, heads, queries, head_dim); ``mask`` is boolean, True = may look, (batch, 1, queries | 1, keys)."""
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)


def scale_of(head_dim: int) -> float:
    """1 / √d_k."""
    return 1.0 / math.sqrt(head_dim)


class Projections(nn.Module):
    """W_Q, W_K, W_V and W_O of one multi-head attention; hidden = heads × head_dim."""

    def __init__(self, hidden: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(hidden, hidden)
        self.key = nn.Linear(hidden, hidden)
        self.value = nn.Linear(hidden, hidden)
        self.output = nn.Linear(hidden, hidden)


def numbers(tensor: Tensor) -> Floats:
    """A read-only float32 copy on the CPU, sharing nothing with ``tensor``."""
    array: Floats = tensor.detach().to("cpu", torch.float32, copy=True).contiguous().numpy()
    array.flags.writeable = False
    return array


def record(site: Site, layer: int, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None) -> Attention:
    """The record of one batch row; ``query`` … are (heads, tokens, head_dim), ``mask`` boolean (queries | 1, keys)."""
    return Attention(
        site, layer, numbers(query), numbers(key), numbers(value), scale_of(query.shape[-1]), _mask(query, key, mask)
    )


def _mask(query: Tensor, key: Tensor, mask: Tensor | None) -> NDArray[np.bool_] | None:
    if mask is None:
        return None
    array: NDArray[np.bool_] = mask.expand(query.shape[-2], key.shape[-2]).cpu().numpy().copy()
    array.flags.writeable = False
    return array


@torch.inference_mode()
def overview(attention: Attention, separators: tuple[int, ...], device: torch.device | str = "cpu") -> Overview:
    """All heads of a layer in small: max-pooled pictures, and the averages over queries that ``Overview.SUMMARY`` names.

    Entropy is in nats, distance in tokens, the rest are shares of the attention mass in [0, 1].
    """
    query, key = (torch.tensor(part, device=device) for part in (attention.query, attention.key))
    scores = query @ key.transpose(-1, -2) * attention.scale  # (heads, queries, keys)
    if attention.bias is not None:
        scores = scores + torch.tensor(attention.bias, device=device)
    if attention.mask is not None:
        scores = scores.masked_fill(~torch.tensor(attention.mask, device=device), -math.inf)
    weights = scores.softmax(-1)  # (heads, queries, keys)
    summary = numbers(_summary(weights, separators))
    return Overview(attention.site, attention.layer, _tiles(weights), summary)


def _tiles(weights: Tensor) -> NDArray[np.uint8]:
    size = tuple(min(side, LARGEST_TILE) for side in weights.shape[-2:])
    pooled = (
        F.adaptive_max_pool2d(weights, size) if size != tuple(weights.shape[-2:]) else weights
    )  # (heads, rows, columns)
    array: NDArray[np.uint8] = (pooled * 255).round().to("cpu", torch.uint8).contiguous().numpy()
    array.flags.writeable = False
    return array


def _summary(weights: Tensor, separators: tuple[int, ...]) -> Tensor:
    heads, queries, keys = weights.shape
    entropy = torch.special.entr(weights).sum(-1).mean(-1)  # (heads,)
    steps = (torch.arange(queries, device=weights.device)[:, None] - torch.arange(keys, device=weights.device)).abs()
    distance = (weights * steps).sum(-1).mean(-1)
    offsets = [weights.diagonal(offset, -2, -1).sum(-1) / queries for offset in (0, -1, 1)]  # self, previous, next
    separator = weights[..., list(separators)].sum(-1).mean(-1) if separators else weights.new_zeros(heads)
    return torch.stack([entropy, distance, *offsets, weights[..., 0].mean(-1), separator], -1)  # (heads, 7)
