"""A better beginning for a small encoder: positions as waves, and heads that look at a token's neighbours from the first step on.

Masked-word training from random weights stays long at the words' bare frequencies, until some head has found out where the
neighbours are; a model of a few million tokens would never leave that. All of it is trained like everything else.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from attnviz.models.bert import Bert

SLOWEST = 10_000.0
LOUD = 2.5  # of the standard deviation that word embeddings begin with
SHARP = 1.5
OFFSETS = ((-1, 1, -2, 2), (-1, 1))  # heads of the first layer, of the second


@torch.no_grad()
def with_neighbours(model: Bert) -> Bert:
    """Sines and cosines (Vaswani et al. 2017, section 3.5) as the first position table, and heads set to ``OFFSETS``."""
    table = model.embeddings.position.weight
    places, width = table.shape
    spread = float(model.embeddings.word.weight.std())
    table.copy_(waves(places, width) * math.sqrt(2) * LOUD * spread)
    for layer, offsets in enumerate(OFFSETS[: model.config.layers]):
        attention = model.block(layer).attention
        for head, offset in enumerate(offsets[: model.config.heads]):
            rows = slice(head * width // model.config.heads, (head + 1) * width // model.config.heads)
            attention.key.weight[rows] = SHARP * torch.eye(width)[: rows.stop - rows.start]
            attention.query.weight[rows] = SHARP * turned(width, offset)[: rows.stop - rows.start]
    return model


def waves(places: int, width: int) -> Tensor:
    """Sine and cosine in turn, (places, width); the first are the quickest."""
    angles = torch.arange(places)[:, None] * _speeds(width)  # (places, width / 2)
    return torch.stack([angles.sin(), angles.cos()], -1).flatten(1)


def turned(width: int, offset: int) -> Tensor:
    """The map (width, width) that makes of a place's waves those of the place ``offset`` further on."""
    angles = offset * _speeds(width)
    sine, cosine = angles.sin(), angles.cos()
    turn = torch.zeros(width, width)
    even, odd = torch.arange(0, width, 2), torch.arange(1, width, 2)
    turn[even, even], turn[even, odd] = cosine, sine
    turn[odd, even], turn[odd, odd] = -sine, cosine
    return turn


def _speeds(width: int) -> Tensor:
    return SLOWEST ** (-torch.arange(0, width, 2) / width)
