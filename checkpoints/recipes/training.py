"""Training an encoder–decoder: batches of equal source length, AdamW, a cosine, resumable, with a log of every figure."""

from __future__ import annotations

import json
import math
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812 - the name that everyone knows
from torch import Tensor

from attnviz.models.seq2seq import Seq2seq
from attnviz.models.seq2seq_config import Seq2seqConfig

PAD, BEGIN, END, UNKNOWN = range(4)
SPECIAL = ("<pad>", "<s>", "</s>", "<unk>")
Pair = tuple[tuple[int, ...], tuple[int, ...]]


@dataclass(frozen=True)
class Plan:
    """What is done how often; one seed decides every draw."""

    steps: int
    batch_tokens: int = 1400
    rate: float = 2e-3
    warm_up: int = 200
    dropout: float = 0.1
    smoothing: float = 0.1
    clip: float = 1.0
    seed: int = 1
    threads: int = 1
    report_every: int = 250
    save_every: int = 500


def train(
    config: Seq2seqConfig, pairs: Sequence[Pair], plan: Plan, run: Path, judge: Callable[[Seq2seq], dict[str, float]]
) -> Seq2seq:
    """Train from nothing, or from where ``run`` stopped; ``judge`` gives held-out figures for the log."""
    torch.set_num_threads(plan.threads)
    torch.manual_seed(plan.seed)
    run.mkdir(parents=True, exist_ok=True)
    model = Seq2seq(config)
    optimiser = torch.optim.AdamW(model.parameters(), lr=plan.rate, weight_decay=0.01)
    begun, spent, seen = _resume(run / "state.pt", model, optimiser)
    stream = batches(pairs, plan.batch_tokens, plan.seed, skip=begun)
    started, total = time.perf_counter(), 0.0
    for step in range(begun, plan.steps):
        source, previous, target = next(stream)
        for group in optimiser.param_groups:
            group["lr"] = plan.rate * _schedule(step, plan)
        loss = _loss(model, source, previous, target, plan)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), plan.clip)
        optimiser.step()
        total += float(loss.detach())
        seen += int((target != PAD).sum())
        done = step + 1
        if done % plan.report_every == 0 or done == plan.steps:
            seconds = spent + time.perf_counter() - started
            figures = judge(model) if done % (4 * plan.report_every) == 0 or done == plan.steps else {}
            _log(
                run,
                {
                    "step": done,
                    "loss": total / plan.report_every,
                    "tokens": seen,
                    "seconds": round(seconds, 1),
                    **figures,
                },
            )
            total = 0.0
        if done % plan.save_every == 0 or done == plan.steps:
            seconds = spent + time.perf_counter() - started
            _save(
                run / "state.pt",
                {
                    "model": model.state_dict(),
                    "optimiser": optimiser.state_dict(),
                    "step": done,
                    "seconds": seconds,
                    "tokens": seen,
                },
            )
    return model.eval()


def batches(pairs: Sequence[Pair], tokens: int, seed: int, skip: int = 0) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Endless batches whose sources are equally long, so that nothing has to be masked; the first ``skip`` are passed over."""
    number = 0
    for epoch in range(1_000_000):
        for group in _epoch(pairs, tokens, random.Random(f"{seed}/{epoch}")):
            number += 1
            if number > skip:
                yield collate([pairs[index] for index in group])


def _epoch(pairs: Sequence[Pair], tokens: int, draw: random.Random) -> list[list[int]]:
    by_length: dict[int, list[int]] = defaultdict(list)
    for index, (source, _) in enumerate(pairs):
        by_length[len(source)].append(index)
    groups = []
    for indices in by_length.values():
        draw.shuffle(indices)
        group: list[int] = []
        longest = 0
        for index in indices:
            longest = max(longest, len(pairs[index][1]) + 1)
            if group and longest * (len(group) + 1) > tokens:
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


@torch.inference_mode()
def greedy(model: Seq2seq, sources: Sequence[tuple[int, ...]], longest: int) -> list[tuple[int, ...]]:
    """The most probable word at every step, until the end sign; all sources are decoded in groups of equal length."""
    training = model.training
    model.eval()
    answers: dict[int, tuple[int, ...]] = {}
    by_length: dict[int, list[int]] = defaultdict(list)
    for index, source in enumerate(sources):
        by_length[len(source)].append(index)
    for indices in by_length.values():
        for start in range(0, len(indices), 512):
            group = indices[start : start + 512]
            decoded = _greedy_group(model, torch.tensor([sources[index] for index in group]), longest)
            answers.update(zip(group, decoded, strict=True))
    model.train(training)
    return [answers[index] for index in range(len(sources))]


def _greedy_group(model: Seq2seq, source: Tensor, longest: int) -> list[tuple[int, ...]]:
    encoded = model.encoder(source)
    state, previous = encoded.fixed, torch.full((len(source), 1), BEGIN)
    chosen = []
    ended = torch.zeros(len(source), dtype=torch.bool)
    for _ in range(longest):
        step = model.steps(previous, state, encoded)
        state, previous = step.hidden[:, -1], step.logits[:, -1].argmax(-1, keepdim=True)
        chosen.append(previous[:, 0])
        ended |= previous[:, 0] == END
        if bool(ended.all()):
            break
    rows = torch.stack(chosen, 1).tolist()
    return [tuple(row[: row.index(END)] if END in row else row) for row in rows]


def _loss(model: Seq2seq, source: Tensor, previous: Tensor, target: Tensor, plan: Plan) -> Tensor:
    model.train()
    logits = model(source, previous, plan.dropout)
    return F.cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=PAD, label_smoothing=plan.smoothing)


def _schedule(step: int, plan: Plan) -> float:
    """Linear warm-up, then a cosine to nothing."""
    if step < plan.warm_up:
        return (step + 1) / plan.warm_up
    return 0.5 * (1 + math.cos(math.pi * (step - plan.warm_up) / max(1, plan.steps - plan.warm_up)))


def _resume(path: Path, model: Seq2seq, optimiser: torch.optim.Optimizer) -> tuple[int, float, int]:
    if not path.exists():
        return 0, 0.0, 0
    state = torch.load(path, weights_only=True)
    model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    return state["step"], state["seconds"], state["tokens"]


def _save(path: Path, state: dict[str, object]) -> None:
    temporary = path.with_suffix(".new")
    torch.save(state, temporary)
    temporary.replace(path)


def _log(run: Path, entry: dict[str, float]) -> None:
    line = json.dumps({name: round(value, 5) for name, value in entry.items()})
    print(line, flush=True)
    with (run / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write(line + "\n")


def settings_of(config: Seq2seqConfig) -> dict[str, object]:
    """The configuration as plain values."""
    return asdict(config)
