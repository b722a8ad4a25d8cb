"""Masks for training: 15 % of the tokens, of these 80 % [MASK], 10 % a random piece, 10 % kept; drawn anew for every batch."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor


class Masked(NamedTuple):
    """A batch as the model sees it: ``ids`` (rows, tokens), and where it is asked for the ``wanted`` ones (chosen,)."""

    ids: Tensor
    rows: Tensor
    columns: Tensor
    wanted: Tensor


def mask(
    ids: Tensor,
    allowed: Tensor,
    mask_id: int,
    vocabulary: tuple[int, int],
    draws: torch.Generator,
    split: tuple[float, float] = (0.8, 0.1),
    rate: float = 0.15,
) -> Masked:
    """Choose among ``allowed`` (rows, tokens) positions; random pieces come from the range ``vocabulary``.

    ``split`` are the shares of [MASK] and of random pieces (Devlin et al. 2019, section 3.1); (1, 0) masks all.
    """
    chosen = (torch.rand(ids.shape, generator=draws) < rate) & allowed
    if not bool(chosen.any()):
        chosen = torch.zeros_like(allowed).index_put(tuple(allowed.nonzero()[:1].T), torch.tensor(data=True))
    rows, columns = chosen.nonzero(as_tuple=True)
    wanted = ids[rows, columns]
    dice = torch.rand(len(rows), generator=draws)
    others = torch.randint(*vocabulary, (len(rows),), generator=draws)
    shown = torch.where(dice < split[0], mask_id, torch.where(dice < sum(split), others, wanted))
    return Masked(ids.index_put((rows, columns), shown), rows, columns, wanted)
