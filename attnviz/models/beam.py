"""Beam search over any model that steps (``decoding.Stepper``), with the branches that it dropped.

At each step every live branch is continued by every word, and the best ``slots`` continuations are kept. One that ends keeps
its place: the beam is narrower by one from then on, so that width 1 is greedy decoding (Graves 2012, section 2;
Sutskever et al. 2014, section 3.2).
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import TypeVar

import torch
from torch import Tensor

from attnviz.models.decoding import Made, Plan, Stepper
from attnviz.trace import BeamTree, Branch, Choice, Fate

_State = TypeVar("_State")
WIDEST = 10


@dataclass
class Search:
    """A search under way: all branches so far, and for each what the step that made it computed."""

    width: int
    branches: list[Branch] = field(default_factory=list)
    made: list[Made] = field(default_factory=list)
    ended: list[int] = field(default_factory=list)
    live: list[int] = field(default_factory=lambda: [-1])

    def total(self, branch: int) -> float:
        return self.branches[branch].total if branch >= 0 else 0.0

    def path(self, branch: int) -> list[Made]:
        """The steps that made a branch, first to last."""
        steps = []
        while branch >= 0:
            steps.append(self.made[branch])
            branch = self.branches[branch].parent
        return steps[::-1]

    def tree(self, penalty: float, vocabulary: tuple[str, ...]) -> BeamTree:
        """What there is now, with the remaining outputs in order of their scores."""
        remaining = [branch for branch in (*self.ended, *self.live) if branch >= 0]
        unsorted = BeamTree(self.width, penalty, tuple(self.branches), tuple(remaining), vocabulary)
        leaves = tuple(sorted(remaining, key=unsorted.score, reverse=True))
        return BeamTree(self.width, penalty, unsorted.branches, leaves, vocabulary)


def search(stepper: Stepper[_State], plan: Plan, width: int) -> Generator[Search, None, None]:
    """Yield the search after every step until nothing is live or the plan's limit is met; ``plan.sampling`` is not used."""
    found = Search(width)
    state = stepper.start()
    for step in range(plan.limit):
        previous = [found.branches[branch].token if branch >= 0 else stepper.begin for branch in found.live]
        state, logits, computed = stepper.advance(state, previous, step)
        logs = logits.log_softmax(-1)  # (live, target vocabulary)
        rows = _grow(found, logs, computed, previous, plan.forced.get(step), stepper.end, step)
        yield found
        if not found.live:
            return
        state = stepper.select(state, rows)


def _grow(
    found: Search, logs: Tensor, computed: object, previous: list[int], forced: int | None, end: int, step: int
) -> list[int]:
    """Add the best continuations of this step; returns the rows whose states the live branches go on from."""
    slots = found.width - len(found.ended)
    words = logs.shape[-1]
    totals = logs + torch.tensor([found.total(branch) for branch in found.live], device=logs.device)[:, None]
    if forced is not None:
        best = [(row * words + forced, float(totals[row, forced])) for row in range(len(found.live))]
    else:
        top = totals.flatten().topk(min(2 * slots, totals.numel()))
        best = list(zip(top.indices.tolist(), top.values.tolist(), strict=True))
    own = logs.flatten()[[place for place, _ in best]].tolist()
    live, rows = [], []
    for rank, ((place, total), log_probability) in enumerate(zip(best, own, strict=True)):
        row, token = divmod(place, words)
        fate = Fate.PRUNED if rank >= slots else Fate.ENDED if token == end else Fate.KEPT
        found.branches.append(Branch(found.live[row], step, token, log_probability, total, fate))
        found.made.append(Made(previous[row], token, Choice.BEAM if forced is None else Choice.FORCED, computed, row))
        if fate is Fate.ENDED:
            found.ended.append(len(found.branches) - 1)
        elif fate is Fate.KEPT:
            live.append(len(found.branches) - 1)
            rows.append(row)
    found.live = live
    return rows
