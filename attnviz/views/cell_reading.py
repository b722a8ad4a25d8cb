"""Every stage of one attention cell in numbers, from q·k to the weight, computed by the record itself."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from attnviz.trace import Attention
from attnviz.views.focus_row import one_query


@dataclass(frozen=True, slots=True)
class RowReading:
    """One query's row of weights: its entropy in nats, the most it could be, and its highest weight."""

    entropy: float
    uniform: float
    highest: float
    highest_key: int


@dataclass(frozen=True, slots=True)
class CellReading:
    """One cell: q·k, the factor it is scaled by, the additive bias, the score that enters the softmax, the weight."""

    product: float
    scale: float
    bias: float | None
    score: float
    weight: float

    @property
    def masked(self) -> bool:
        return self.score == -math.inf


def read_row(attention: Attention, head: int, query: int) -> RowReading:
    row = one_query(attention, query).weights(head)[0].astype(np.float64)
    kept = row[row > 0]
    open_keys = row.size if attention.mask is None else int(attention.mask[query].sum())
    highest = int(row.argmax())
    entropy = float(-(kept * np.log(kept)).sum()) if kept.size else 0.0
    return RowReading(max(entropy, 0.0), math.log(max(open_keys, 1)), float(row[highest]), highest)


def read_cell(attention: Attention, head: int, query: int, key: int) -> CellReading:
    bias = None if attention.bias is None else float(attention.bias[head, query, key])
    row = one_query(attention, query)
    return CellReading(
        float(row.products(head)[0, key]),
        attention.scale,
        bias,
        float(row.scores(head)[0, key]),
        float(row.weights(head)[0, key]),
    )


def scale_name(scale: float, head_dim: int) -> str:
    """The scale as it is written: ÷ √32 where it is one over the root of the head's width, else the factor."""
    if math.isclose(scale * math.sqrt(head_dim), 1.0, rel_tol=1e-6):
        return f"÷ √{head_dim}"
    return f"× {scale:.4g}"
