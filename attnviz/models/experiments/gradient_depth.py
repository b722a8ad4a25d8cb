"""What arrives at each layer of a deep stack before it has learned anything, with and without residuals and LayerNorm.

He et al. 2016 (residuals), Ba et al. 2016 (LayerNorm), Xiong et al. 2020, "On layer normalization in the Transformer
architecture" (after each residual sum or before each sublayer). All in double precision, so that little is told from nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from attnviz.models.attention import Projections, attend, join_heads, split_heads
from attnviz.models.bert import FeedForward
from attnviz.models.blank import blank
from attnviz.trace import Progress

WIDTH, HEADS, BATCH, TOKENS, CLASSES = 64, 4, 4, 16, 100
BERT_SPREAD = 0.02


@dataclass(frozen=True, slots=True)
class Kind:
    """How sublayers are joined: added to what entered them or not; normalised "post", "pre" or not at all ("")."""

    residual: bool
    norm: str


@dataclass(frozen=True, slots=True, eq=False)
class Layers:
    """Of every layer the norm of its parameters' gradient (layers,); of the states before, between and after mean and variance (layers + 1,)."""

    gradient: NDArray[np.float64]
    mean: NDArray[np.float64]
    variance: NDArray[np.float64]


class Layer(nn.Module):
    """Self-attention and feed-forward (ReLU), joined in one of several ways."""

    def __init__(self, kind: Kind) -> None:
        super().__init__()
        self.kind = kind
        self.attention = Projections(WIDTH, HEADS)
        self.feed_forward = FeedForward(WIDTH, 4 * WIDTH)

    def forward(self, states: Tensor) -> Tensor:
        return self._joined(self._joined(states, self._look), self._feed)

    def _joined(self, states: Tensor, sublayer: Callable[[Tensor], Tensor]) -> Tensor:
        made = sublayer(_normed(states) if self.kind.norm == "pre" else states)
        total = states + made if self.kind.residual else made
        return _normed(total) if self.kind.norm == "post" else total

    def _look(self, states: Tensor) -> Tensor:
        parts = self.attention
        query, key, value = (
            split_heads(each(states), HEADS) for each in (parts.query, parts.key, parts.value)
        )  # (batch, heads, tokens, head_dim)
        attended: Tensor = parts.output(join_heads(attend(query, key, value)))
        return attended

    def _feed(self, states: Tensor) -> Tensor:
        fed: Tensor = self.feed_forward.outer(self.feed_forward.inner(states).relu())
        return fed


@dataclass(frozen=True, slots=True, eq=False)
class Stack:
    """Layers that were just initialised, states to begin with, and classes that a random readout is to tell."""

    layers: tuple[Layer, ...]
    states: Tensor  # (BATCH, TOKENS, WIDTH), standard normal
    readout: Tensor  # (CLASSES, WIDTH)
    classes: Tensor  # (BATCH × TOKENS,)

    def loss(self, states: Tensor) -> Tensor:
        """Of the last states; where norms come first, what leaves the last layer is normalised once more."""
        last = _normed(states) if self.layers[0].kind.norm == "pre" else states
        return nn.functional.cross_entropy((last @ self.readout.T).flatten(0, 1), self.classes)


def stack(kind: Kind, depth: int, spread: str, seed: int) -> Stack:
    """The same draw for every kind; ``spread`` is "Glorot" (Vaswani et al.) or a normal one of 0.02 (BERT)."""
    chance = torch.Generator().manual_seed(seed)
    states = torch.randn((BATCH, TOKENS, WIDTH), generator=chance, dtype=torch.float64)
    readout = torch.randn((CLASSES, WIDTH), generator=chance, dtype=torch.float64) / WIDTH**0.5
    classes = torch.randint(CLASSES, (BATCH * TOKENS,), generator=chance)
    layers = tuple(_begun(kind, spread, chance) for _ in range(depth))
    return Stack(layers, states, readout, classes)


def _begun(kind: Kind, spread: str, chance: torch.Generator) -> Layer:
    """A layer with its first weights."""
    with blank():
        layer = Layer(kind)
    drawn = {
        name: torch.randn(parameter.shape, generator=chance, dtype=torch.float64) * _spread(parameter, spread)
        for name, parameter in layer.named_parameters()
    }
    layer.load_state_dict(drawn, assign=True)
    return layer.requires_grad_()


def measure(tower: Stack, here: Progress) -> Generator[Progress, None, Layers]:
    """One forward and one backward, layer by layer; ``here`` is yielded after each: a chance to stop."""
    entering = [tower.states]
    for layer in tower.layers:
        with torch.no_grad():
            entering.append(layer(entering[-1]))
        yield here
    gradient = _of_loss(tower, entering[-1])
    norms = []
    for layer, states in zip(reversed(tower.layers), reversed(entering[:-1]), strict=True):
        norm, gradient = _through(layer, states, gradient)
        norms.append(norm)
        yield here
    means, variances = zip(*((float(each.mean()), float(each.var(correction=0))) for each in entering), strict=True)
    return Layers(np.array(norms[::-1]), np.array(means), np.array(variances))


def _of_loss(tower: Stack, states: Tensor) -> Tensor:
    with torch.enable_grad():
        asked = states.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(tower.loss(asked), asked)
    return gradient


def _through(layer: Layer, states: Tensor, gradient: Tensor) -> tuple[float, Tensor]:
    """One layer back: the norm of its parameters' gradient, and the gradient of what entered it."""
    with torch.enable_grad():
        asked = states.detach().requires_grad_()
        before, *own = torch.autograd.grad(layer(asked), (asked, *layer.parameters()), gradient)
    return float(torch.stack([each.square().sum() for each in own]).sum().sqrt()), before


def _normed(states: Tensor) -> Tensor:
    """LayerNorm as it is initialised: nothing is scaled or shifted."""
    return nn.functional.layer_norm(states, states.shape[-1:])


def _spread(parameter: Tensor, spread: str) -> float:
    """The standard deviation of a parameter's first values; biases begin at 0."""
    if parameter.dim() < 2:
        return 0.0
    return BERT_SPREAD if spread != "Glorot" else float((2 / sum(parameter.shape)) ** 0.5)
