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
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

LARGEST_TILE = 64
MOST_CELLS = 2**21  # 8 MiB


def split_heads(states: Tensor, heads: int) -> Tensor:
    """(batch, tokens, hidden) → (batch, heads, tokens, head_dim)."""
    return states.unflatten(-1, (heads, -1)).transpose(1, 2)


def join_heads(context: Tensor) -> Tensor:
    """(batch, heads, tokens, head_dim) → (batch, tokens, hidden): the heads' outputs side by side."""
    return context.transpose(1, 2).flatten(2)


def attend(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None, scale: float | None = None) -> Tensor:
    """Context (batch, heads, queries, head_dim); ``mask`` is boolean, True = may look, (batch, 1, queries | 1, keys)."""
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask, scale=scale)


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
    # Few calls: between two layers each one is cold, and costs ten times what it does in a loop.
    alike = tensor if tensor.dtype is torch.float32 else tensor.float()
    array: Floats = alike.clone(memory_format=torch.contiguous_format).numpy(force=True)
    array.flags.writeable = False
    return array


def record(
    site: Site,
    layer: int,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    mask: Tensor | None = None,
    scale: float | None = None,
    given: Mapping[int, Tensor] | None = None,
) -> Attention:
    """The record of one batch row; ``query`` … are (heads, tokens, head_dim), ``mask`` boolean (queries | 1, keys).

    ``scale`` is another one than 1 / √d_k, ``given`` are weights (queries, keys) by head that no softmax made.
    """
    if query.shape == key.shape:  # self-attention: one copy for all three
        both: Floats = torch.stack((query, key, value)).float().numpy(force=True)
        both.flags.writeable = False
        queries, keys, values = both
    else:
        queries, keys, values = numbers(query), numbers(key), numbers(value)
    scale = scale_of(query.shape[-1]) if scale is None else scale
    known = {head: numbers(weights) for head, weights in given.items()} if given else None
    return Attention(site, layer, queries, keys, values, scale, _mask(query, key, mask), given=known)


def _mask(query: Tensor, key: Tensor, mask: Tensor | None) -> NDArray[np.bool_] | None:
    if mask is None:
        return None
    array: NDArray[np.bool_] = mask.expand(query.shape[-2], key.shape[-2]).cpu().numpy().copy()
    array.flags.writeable = False
    return array


@torch.inference_mode()
def overview(attention: Attention, separators: tuple[int, ...], device: torch.device | str = "cpu") -> Overview:
    """All heads of a layer in small: max-pooled pictures, and the averages over queries that ``Overview.SUMMARY`` names.

    Entropy is in nats, distance in tokens, the rest are shares of the attention mass in [0, 1]. At most about
    ``MOST_CELLS`` weights are unfolded at a time, so that memory grows with the tokens and not with their square.
    """
    queries, keys = attention.query.shape[1], attention.key.shape[1]
    rows = min(queries, LARGEST_TILE)
    heads_at_once = max(1, MOST_CELLS // (queries * keys))
    rows_at_once = max(1, MOST_CELLS * rows // (queries * keys))
    tiles, summaries = [], []
    for head in range(0, attention.heads, heads_at_once):
        heads = slice(head, head + heads_at_once)
        bands: list[Tensor] = []
        total = torch.zeros((), device=device)
        seen = 0
        for row in range(0, rows, rows_at_once):
            starts, ends = _bins(queries, rows, slice(row, min(row + rows_at_once, rows)))
            first = int(starts[0])
            weights = _unfolded(attention, heads, slice(first, int(ends[-1])), device)  # (heads, band, keys)
            bands.append(_pooled(weights, starts - first, ends - first))
            total = total + _sums(weights[:, seen - first :], seen, separators)  # neighbouring bins may share a row
            seen = int(ends[-1])
        tiles.append(torch.cat(bands, 1))  # (heads, rows, columns)
        summaries.append(total / queries)  # (heads, 7)
    pictures: NDArray[np.uint8] = (torch.cat(tiles) * 255).round().to("cpu", torch.uint8).contiguous().numpy()
    pictures.flags.writeable = False
    return Overview(attention.site, attention.layer, pictures, numbers(torch.cat(summaries)))


def _unfolded(attention: Attention, heads: slice, rows: slice, device: torch.device | str) -> Tensor:
    """The weights of some heads at some queries, (heads, rows, keys)."""
    query = torch.tensor(attention.query[heads, rows], device=device)
    key = torch.tensor(attention.key[heads], device=device)
    scores = query @ key.transpose(-1, -2) * attention.scale  # (heads, rows, keys)
    if attention.bias is not None:
        scores = scores + torch.tensor(attention.bias[heads, rows], device=device)
    if attention.mask is not None:
        scores = scores.masked_fill(~torch.tensor(attention.mask[rows], device=device), -math.inf)
    weights = scores.softmax(-1)
    if attention.mask is not None:
        weights = weights.nan_to_num(0.0)  # of a query that may look nowhere
    for head, given in (attention.given or {}).items():
        if heads.start <= head < heads.stop:
            weights[head - heads.start] = torch.tensor(given[rows], device=device)
    return weights


def _bins(length: int, bins: int, wanted: slice) -> tuple[Tensor, Tensor]:
    """First and past-the-last line of adaptive pooling's bins, as torch lays them."""
    places = torch.arange(wanted.start, wanted.stop)
    return places * length // bins, ((places + 1) * length + bins - 1) // bins


def _pooled(weights: Tensor, starts: Tensor, ends: Tensor) -> Tensor:
    """The largest weight of each bin: (heads, rows, keys) to (heads, bins, at most LARGEST_TILE)."""
    width = int((ends - starts).max())
    lines = (starts[:, None] + torch.arange(width)).minimum(ends[:, None] - 1)  # (bins, width)
    low = weights[:, lines.to(weights.device)].amax(2) if width > 1 else weights  # (heads, bins, keys)
    return F.adaptive_max_pool1d(low, LARGEST_TILE) if low.shape[-1] > LARGEST_TILE else low  # (heads, bins, columns)


def _sums(weights: Tensor, first: int, separators: tuple[int, ...]) -> Tensor:
    """What ``Overview.SUMMARY`` averages, summed over the queries from ``first`` on: (heads, rows, keys) to (heads, 7)."""
    heads, rows, keys = weights.shape
    logs = weights.clamp_min(torch.finfo(weights.dtype).tiny).log()  # entr() itself takes three times as long
    entropy = -(weights * logs).sum((-2, -1))  # (heads,)
    places = torch.arange(max(first + rows, keys), device=weights.device, dtype=weights.dtype)
    steps = (places[first : first + rows, None] - places[:keys]).abs()  # (rows, keys)
    distance = (weights * steps).sum((-2, -1))
    offsets = [weights.diagonal(first + offset, -2, -1).sum(-1) for offset in (0, -1, 1)]  # self, previous, next
    separator = weights[..., list(separators)].sum((-2, -1)) if separators else weights.new_zeros(heads)
    return torch.stack([entropy, distance, *offsets, weights[..., 0].sum(-1), separator], -1)
