"""Training an encoder–decoder: batches of equal source length, AdamW, a cosine, resumable, with a log of every figure."""

from __future__ import annotations

import json
import math
import random
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeVar

import torch
import torch.nn.functional as F  # noqa: N812 - the name that everyone knows
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

PAD, BEGIN, END, UNKNOWN = range(4)
SPECIAL = ("<pad>", "<s>", "</s>", "<unk>")
Pair = tuple[tuple[int, ...], tuple[int, ...]]
ModelT = TypeVar("ModelT", bound=nn.Module)


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
    even: bool = False  # targets of nearly equal length together: less padding
    bfloat16: bool = False  # multiply matrices in bfloat16; weights, norms and the loss stay in float32
    seed: int = 1
    threads: int = 1
    report_every: int = 250
    save_every: int = 500


@dataclass
class _Progress:
    """Where a run stands; with the weights and the optimiser's state it is all that resuming needs."""

    step: int = 0
    seconds: float = 0.0
    tokens: int = 0
    losses: list[float] = field(default_factory=list)  # since the last report


def build(make: Callable[[], ModelT], plan: Plan) -> ModelT:
    """A fresh model whose first weights are those of the plan's seed."""
    torch.manual_seed(plan.seed)
    return make()


def train(
    model: ModelT, pairs: Sequence[Pair], plan: Plan, run: Path, judge: Callable[[ModelT], dict[str, float]]
) -> ModelT:
    """Train from the weights that ``model`` has, or from where ``run`` stopped; ``judge`` gives held-out figures for the log.

    ``model(source, previous, dropout)`` gives logits (batch, steps, target vocabulary); anything that does can be
    trained. An interrupted run that is begun again ends with the weights of one that never was.
    """
    torch.set_num_threads(plan.threads)
    run.mkdir(parents=True, exist_ok=True)
    optimiser = torch.optim.AdamW(model.parameters(), lr=plan.rate, weight_decay=0.01, fused=True)
    progress = _resume(run, model, optimiser, plan)
    stream = batches(pairs, plan, skip=progress.step)
    started = time.perf_counter() - progress.seconds
    for source, previous, target in islice(stream, plan.steps - progress.step):
        progress.losses.append(_step(model, optimiser, (source, previous, target), plan, progress.step))
        progress.tokens += int((target != PAD).sum())
        progress.step += 1
        progress.seconds = time.perf_counter() - started
        last = progress.step == plan.steps
        if last or progress.step % plan.report_every == 0:
            judged = last or progress.step % (4 * plan.report_every) == 0
            _report(run, progress, plan, judge(model) if judged else {})
        if last or progress.step % plan.save_every == 0:
            _save(run, model, optimiser, progress, plan)
    return model.eval()


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


def _step(
    model: nn.Module, optimiser: torch.optim.Optimizer, batch: tuple[Tensor, Tensor, Tensor], plan: Plan, number: int
) -> float:
    source, previous, target = batch
    for group in optimiser.param_groups:
        group["lr"] = plan.rate * _schedule(number, plan)
    model.train()
    # On rows as short as words and phrases torch's plain attention is faster than its fused one.
    with torch.autocast("cpu", torch.bfloat16, enabled=plan.bfloat16), sdpa_kernel(SDPBackend.MATH):
        logits = model(source, previous, plan.dropout)  # (batch, steps, target vocabulary)
    wanted = target.flatten()
    loss = F.cross_entropy(logits.float().flatten(0, 1), wanted, ignore_index=PAD, label_smoothing=plan.smoothing)
    optimiser.zero_grad()
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), plan.clip)
    optimiser.step()
    return float(loss.detach())


def _schedule(step: int, plan: Plan) -> float:
    """Linear warm-up, then a cosine to nothing."""
    if step < plan.warm_up:
        return (step + 1) / plan.warm_up
    return 0.5 * (1 + math.cos(math.pi * (step - plan.warm_up) / max(1, plan.steps - plan.warm_up)))


def _resume(run: Path, model: nn.Module, optimiser: torch.optim.Optimizer, plan: Plan) -> _Progress:
    path = run / "state.pt"
    if not path.exists():
        (run / "log.jsonl").unlink(missing_ok=True)
        return _Progress()
    state = torch.load(path, weights_only=True)
    if state["plan"] != asdict(plan):
        raise SystemExit(f"{run} was begun with another plan; delete it to begin anew.")
    model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    torch.set_rng_state(state["draws"])
    _forget_after(run, state["progress"]["step"])
    return _Progress(**state["progress"])


def _save(run: Path, model: nn.Module, optimiser: torch.optim.Optimizer, progress: _Progress, plan: Plan) -> None:
    state = {
        "model": model.state_dict(),
        "optimiser": optimiser.state_dict(),
        "draws": torch.get_rng_state(),
        "progress": asdict(progress),
        "plan": asdict(plan),
    }
    torch.save(state, run / "state.new")
    (run / "state.new").replace(run / "state.pt")


def _report(run: Path, progress: _Progress, plan: Plan, figures: dict[str, float]) -> None:
    """One line for the log, the same with how far it is for the person who waits."""
    entry = {
        "step": progress.step,
        "loss": round(sum(progress.losses) / len(progress.losses), 5),
        "tokens": progress.tokens,
        "seconds": round(progress.seconds, 1),
        **{name: round(value, 5) for name, value in figures.items()},
    }
    progress.losses.clear()
    left = progress.seconds / progress.step * (plan.steps - progress.step)
    print(f"{progress.step / plan.steps:4.0%}, {left / 60:.1f} min left: {json.dumps(entry)}", flush=True)
    with (run / "log.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(entry) + "\n")


def _forget_after(run: Path, step: int) -> None:
    """Take out of the log what was reported after the last save: it is going to be done again."""
    log = run / "log.jsonl"
    kept = [line for line in log.read_text(encoding="utf-8").splitlines() if json.loads(line)["step"] <= step]
    log.write_text("".join(line + "\n" for line in kept), encoding="utf-8")
