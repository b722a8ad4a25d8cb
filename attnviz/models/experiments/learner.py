"""Training step by step, as experiments do it: AdamW, warm-up and a cosine, clipping; whoever asks for a step decides what comes between."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


BETAS, EPSILON = (0.9, 0.999), 1e-8


@dataclass(frozen=True, slots=True)
class Course:
    """``steps`` in all; the rate rises to ``rate`` over the first ``warm_up`` of them."""

    steps: int
    rate: float
    warm_up: int
    clip: float = 1.0
    decay: float = 0.01


class Learner:
    """A model's parameters on their way. Nothing is drawn here: the same first weights and batches give the same course.

    torch's own optimiser computes the same, but imports its compiler first: a second in which nothing could be stopped.
    """

    def __init__(self, parameters: list[nn.Parameter], course: Course) -> None:
        self.course = course
        self.step = 0
        self._parameters = parameters
        self._means = [torch.zeros_like(each, requires_grad=False) for each in parameters]
        self._squares = [torch.zeros_like(each, requires_grad=False) for each in parameters]

    def learn(self, loss_of: Callable[[], Tensor]) -> float:
        """One step down the gradient of a loss; the loss before it."""
        with torch.enable_grad():
            loss = loss_of()
            gradients = torch.autograd.grad(loss, self._parameters)
        self._move(clipped(gradients, self.course.clip))
        return float(loss.detach())

    @torch.no_grad()
    def _move(self, gradients: Sequence[Tensor]) -> None:
        """AdamW: Kingma & Ba 2015, algorithm 1; the decay beside the gradient, as in Loshchilov & Hutter 2019, algorithm 2."""
        rate = self.course.rate * share_of_rate(self.step, self.course.warm_up, self.course.steps)
        self.step += 1
        of_mean, of_square = (1 - each**self.step for each in BETAS)
        for weights, gradient, mean, square in zip(
            self._parameters, gradients, self._means, self._squares, strict=True
        ):
            weights.mul_(1 - rate * self.course.decay)
            mean.lerp_(gradient, 1 - BETAS[0])
            square.mul_(BETAS[1]).addcmul_(gradient, gradient, value=1 - BETAS[1])
            weights.addcdiv_(mean, (square / of_square).sqrt_().add_(EPSILON), value=-rate / of_mean)


def clipped(gradients: Sequence[Tensor], longest: float) -> Sequence[Tensor]:
    """Gradients whose common norm is at most that (Pascanu et al. 2013, algorithm 1)."""
    norm = torch.stack([gradient.norm() for gradient in gradients]).norm()
    if norm <= longest:
        return gradients
    return [gradient * (longest / norm) for gradient in gradients]


def share_of_rate(step: int, warm_up: int, steps: int) -> float:
    """Linear warm-up, then a cosine to nothing."""
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up)))
