"""Training an encoder–decoder: batches of equal source length, label smoothing, the recipes' loop."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812 - the name that everyone knows
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from checkpoints.recipes.loop import ModelT, Plan, build, learn

__all__ = ["BEGIN", "END", "PAD", "SPECIAL", "UNKNOWN", "Pair", "Plan", "batches", "build", "collate", "train"]

PAD, BEGIN, END, UNKNOWN = range(4)
SPECIAL = ("<pad>", "<s>", "</s>", "<unk>")
Pair = tuple[tuple[int, ...], tuple[int, ...]]


def train(
    model: ModelT, pairs: Sequence[Pair], plan: Plan, run: Path, judge: Callable[[ModelT], dict[str, float]]
) -> ModelT:
    """Train on pairs, or go on from where ``run`` stopped; ``judge`` gives held-out figures for the log.

    ``model(source, previous, dropout)`` gives logits (batch, steps, target vocabulary); anything that does can be trained.
    """
    return learn(
        model,
        lambda done: batches(pairs, plan, skip=done),
        lambda learner, batch: (_loss(learner, batch, plan), int((batch[2] != PAD).sum())),
        plan,
        run,
        judge,
    )


def batches(pairs: Sequence[Pair], plan: Plan, skip: int = 0) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Endless batches whose sources are equally long, so that nothing has to be masked; the first ``skip`` are passed over."""
    number = 0
    for epoch in range(1_000_000):
        for group in _epoch(pairs, plan, random.Random(f"{plan.seed}/{epoch}")):
            number += 1
            if number > skip:
                yield collate([pairs[index] for index in group])


def _epoch(pairs: Sequence[Pair], plan: Plan, draw: random.Random) -> list[list[int]]:
    by_length: dict[int, list[int]] = defaultdict(list)
    for index, (source, _) in enumerate(pairs):
        by_length[len(source)].append(index)
    groups = []
    for indices in by_length.values():
        draw.shuffle(indices)
        if plan.even:
            indices.sort(key=lambda index: len(pairs[index][1]))  # stable: equally long ones stay shuffled
        group: list[int] = []
        longest = 0
        for index in indices:
            longest = max(longest, len(pairs[index][1]) + 1)
            if group and longest * (len(group) + 1) > plan.batch_tokens:
                groups.append(group)
                group, longest = [], len(pairs[index][1]) + 1
            group.append(index)
        groups.append(group)
    draw.shuffle(groups)
    return groups


def collate(pairs: Sequence[Pair]) -> tuple[Tensor, Tensor, Tensor]:
    """Source (batch, source), the words before (batch, steps) and the words to predict (batch, steps), padded with 0."""
    source = torch.tensor([source for source, _ in pairs])
    width = max(len(target) for _, target in pairs) + 1
    previous = torch.tensor([[BEGIN, *target, *[PAD] * (width - 1 - len(target))] for _, target in pairs])
    target = torch.tensor([[*target, END, *[PAD] * (width - 1 - len(target))] for _, target in pairs])
    return source, previous, target


def _loss(model: nn.Module, batch: tuple[Tensor, Tensor, Tensor], plan: Plan) -> Tensor:
    source, previous, target = batch
    # On rows as short as words and phrases torch's plain attention is faster than its fused one.
    with torch.autocast("cpu", torch.bfloat16, enabled=plan.bfloat16), sdpa_kernel(SDPBackend.MATH):
        logits = model(source, previous, plan.dropout)  # (batch, steps, target vocabulary)
    wanted = target.flatten()
    return F.cross_entropy(logits.float().flatten(0, 1), wanted, ignore_index=PAD, label_smoothing=plan.smoothing)
