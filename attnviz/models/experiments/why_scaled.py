"""Why scores are divided by √d_k: Vaswani et al. 2017, section 3.2.1, footnote 4.

If the components of q and k are independent with mean 0 and variance 1, q·k has mean 0 and variance d_k; a softmax over such
scores gets sharper with d_k, and its gradient smaller. Here vectors are drawn, and all of that is measured.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from attnviz.trace import Progress

NUMBERS_AT_ONCE = 2**21
Each = NDArray[np.float64]  # (samples,), a number of each query


@dataclass(frozen=True, slots=True, eq=False)
class Sharpness:
    """What was measured of each query's scores: their mean square, and of the softmax over them entropy, largest weight and gradient."""

    square: Each
    entropy: Each
    largest: Each
    gradient: Each


@dataclass(frozen=True, slots=True)
class Drawn:
    """``samples`` queries of ``width`` standard normal components, each with ``keys`` keys of its own."""

    width: int
    keys: int
    samples: int
    seed: int

    def run(self) -> Generator[Progress, None, tuple[Sharpness, Sharpness]]:
        """Yield Progress in between; return what was measured of the raw scores, and of those divided by √width."""
        chance = torch.Generator().manual_seed(self.seed * 8191 + self.width)
        at_once = max(1, NUMBERS_AT_ONCE // (self.keys * self.width))
        raw, scaled = [], []
        for start in range(0, self.samples, at_once):
            yield Progress(f"d_k = {self.width:,}", start, self.samples)
            count = min(at_once, self.samples - start)
            query = torch.randn((count, self.width), generator=chance)
            key = torch.randn((count, self.keys, self.width), generator=chance)
            direction = torch.randn((count, self.keys), generator=chance, dtype=torch.float64)
            scores = (key @ query[..., None])[..., 0].double()  # (count, keys)
            raw.append(sharpness(scores, direction))
            scaled.append(sharpness(scores / self.width**0.5, direction))
        return _joined(raw), _joined(scaled)


def sharpness(scores: Tensor, direction: Tensor) -> Tensor:
    """Mean square, entropy in nats, largest weight and gradient norm of scores (rows, keys): (4, rows).

    The gradient is that of the weights' sum along ``direction`` (rows, keys), by autograd through the softmax to the scores;
    over random directions its mean square is the squared Frobenius norm of the softmax's Jacobian.
    """
    with torch.enable_grad():
        asked = scores.detach().requires_grad_()
        weights = asked.softmax(-1)  # (rows, keys)
        (gradient,) = torch.autograd.grad((weights * direction).sum(), asked)
    weights = weights.detach()
    return torch.stack(
        [(scores**2).mean(-1), torch.special.entr(weights).sum(-1), weights.amax(-1), gradient.norm(dim=-1)]
    )


def _joined(parts: list[Tensor]) -> Sharpness:
    return Sharpness(*torch.cat(parts, 1).numpy())
