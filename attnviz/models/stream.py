"""What is said about the residual stream: what each sublayer adds to it, and how its first vectors are made."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from attnviz.models.attention import numbers
from attnviz.trace import Positions, Site, Stream

LONGEST_TABLE = 512


def stream_of(
    site: Site, layer: int, sublayers: Mapping[str, tuple[Tensor, Tensor]], *, nothing: bool = False
) -> Stream:
    """The first row's Stream; each sublayer is the stream before it and what it adds, (batch, tokens, hidden).

    ``nothing`` is for a layer that was dropped: its sublayers add nothing to what entered.
    """
    if nothing:
        entered, _ = next(iter(sublayers.values()))
        sublayers = {name: (entered, torch.zeros_like(entered)) for name in sublayers}
    before = torch.stack([entering[0] for entering, _ in sublayers.values()])  # (sublayers, tokens, hidden)
    added = torch.stack([adding[0] for _, adding in sublayers.values()])  # (sublayers, tokens, hidden)
    cosine = torch.nn.functional.cosine_similarity(before, added, dim=-1)  # (sublayers, tokens)
    return Stream(
        site, layer, tuple(sublayers), numbers(before.norm(dim=-1)), numbers(added.norm(dim=-1)), numbers(cosine)
    )


def positions_of(site: Site, kind: str, parts: Mapping[str, Tensor], table: Tensor) -> Positions:
    """How first vectors are made of ``parts``, each (tokens, hidden); ``table`` is (positions, hidden)."""
    total = torch.stack(tuple(parts.values())).sum(0)  # (tokens, hidden)
    return Positions(
        site,
        kind,
        {name: numbers(part) for name, part in parts.items()},
        numbers(total),
        numbers(table[:LONGEST_TABLE]),
    )
