"""Making an output one word at a time, for any model that can be asked for its next word.

A model offers a ``Stepper``: where decoding begins, one step from a batch of states, and rows of a state. Greedy choice,
sampling, forced words and beam search (``beam.py``) are written once, on that.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
from torch import Tensor

from attnviz.trace import Choice

_State = TypeVar("_State")


class Stepper(Protocol[_State]):
    """A model that has read its source. A state holds a batch of rows; nothing is changed in place."""

    begin: int
    end: int

    def start(self) -> _State:
        """The state before the first word, one row."""
        ...

    def advance(self, state: _State, previous: Sequence[int], step: int) -> tuple[_State, Tensor, Any]:
        """Feed one id a row: the next state, logits (rows, target vocabulary), and all that was computed."""
        ...

    def select(self, state: _State, rows: Sequence[int]) -> _State:
        """The rows of a state, in that order; a row may be taken more than once."""
        ...


@dataclass(frozen=True, slots=True)
class Sampling:
    """Draw each word from softmax(logits / temperature); step t of a seed always draws the same number."""

    temperature: float = 1.0
    seed: int = 0

    def draw(self, logits: Tensor, step: int) -> int:
        """An id from logits (target vocabulary,), by inverting the cumulative distribution in float64."""
        scaled = logits.double().cpu().numpy() / self.temperature
        weights = np.exp(scaled - scaled.max())
        total = np.cumsum(weights)
        number = np.random.default_rng((self.seed, step)).random() * total[-1]
        return min(int(np.searchsorted(total, number, side="right")), len(total) - 1)


class Made(NamedTuple):
    """One step: the id fed in, the id that came out and why, and everything that was computed, of which ``row`` is ours."""

    previous: int
    token: int
    choice: Choice
    computed: Any
    row: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """How each word is chosen: ``forced`` ids by step, else sampled, else the most probable; at most ``limit`` words."""

    limit: int
    forced: Mapping[int, int] = field(default_factory=dict)
    sampling: Sampling | None = None

    def choose(self, logits: Tensor, step: int) -> tuple[int, Choice]:
        """The word after logits (target vocabulary,), and why it is that one."""
        if step in self.forced:
            return self.forced[step], Choice.FORCED
        if self.sampling is not None:
            return self.sampling.draw(logits, step), Choice.SAMPLED
        return int(logits.argmax()), Choice.GREEDY


def decode(
    stepper: Stepper[_State], plan: Plan, state: _State, previous: int, first: int = 0
) -> Generator[Made, None, bool]:
    """Yield step after step from ``first`` on, given the state and the word before it; return whether the end sign came."""
    for step in range(first, plan.limit):
        state, logits, computed = stepper.advance(state, (previous,), step)
        token, choice = plan.choose(logits[0], step)
        yield Made(previous, token, choice, computed)
        if token == stepper.end:
            return True
        previous = token
    return False
