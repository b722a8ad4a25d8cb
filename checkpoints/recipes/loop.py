"""The loop that every recipe trains in: AdamW, warm-up and a cosine, clipping, resuming, a log of every figure."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import TypeVar

import torch
from torch import Tensor, nn

from attnviz.models.experiments.learner import share_of_rate

ModelT = TypeVar("ModelT", bound=nn.Module)
BatchT = TypeVar("BatchT")


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
class Progress:
    """Where a run stands; with the weights and the optimiser's state it is all that resuming needs."""

    step: int = 0
    seconds: float = 0.0
    tokens: int = 0
    losses: list[float] = field(default_factory=list)  # since the last report


def build(make: Callable[[], ModelT], plan: Plan) -> ModelT:
    """A fresh model whose first weights are those of the plan's seed."""
    torch.manual_seed(plan.seed)
    return make()


def learn(
    model: ModelT,
    stream: Callable[[int], Iterator[BatchT]],
    loss_of: Callable[[ModelT, BatchT], tuple[Tensor, int]],
    plan: Plan,
    run: Path,
    judge: Callable[[ModelT], dict[str, float]],
) -> ModelT:
    """Train from the weights that ``model`` has, or from where ``run`` stopped; ``judge`` gives held-out figures for the log.

    ``stream`` gives the batches after so many that were done already; ``loss_of`` a batch's loss and how many tokens it
    counts for. An interrupted run that is begun again ends with the weights of one that never was.
    """
    torch.set_num_threads(plan.threads)
    run.mkdir(parents=True, exist_ok=True)
    optimiser = torch.optim.AdamW(model.parameters(), lr=plan.rate, weight_decay=0.01, fused=True)
    progress = _resume(run, model, optimiser, plan)
    started = time.perf_counter() - progress.seconds
    for batch in islice(stream(progress.step), plan.steps - progress.step):
        for group in optimiser.param_groups:
            group["lr"] = plan.rate * share_of_rate(progress.step, plan.warm_up, plan.steps)
        model.train()
        loss, tokens = loss_of(model, batch)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), plan.clip)
        optimiser.step()
        progress.losses.append(float(loss.detach()))
        progress.tokens += tokens
        progress.step += 1
        progress.seconds = time.perf_counter() - started
        last = progress.step == plan.steps
        if last or progress.step % plan.report_every == 0:
            judged = last or progress.step % (4 * plan.report_every) == 0
            _report(run, progress, plan, judge(model) if judged else {})
        if last or progress.step % plan.save_every == 0:
            _save(run, model, optimiser, progress, plan)
    return model.eval()


def _resume(run: Path, model: nn.Module, optimiser: torch.optim.Optimizer, plan: Plan) -> Progress:
    path = run / "state.pt"
    if not path.exists():
        (run / "log.jsonl").unlink(missing_ok=True)
        return Progress()
    state = torch.load(path, weights_only=True)
    if state["plan"] != asdict(plan):
        raise SystemExit(f"{run} was begun with another plan; delete it to begin anew.")
    model.load_state_dict(state["model"])
    optimiser.load_state_dict(state["optimiser"])
    torch.set_rng_state(state["draws"])
    _forget_after(run, state["progress"]["step"])
    return Progress(**state["progress"])


def _save(run: Path, model: nn.Module, optimiser: torch.optim.Optimizer, progress: Progress, plan: Plan) -> None:
    state = {
        "model": model.state_dict(),
        "optimiser": optimiser.state_dict(),
        "draws": torch.get_rng_state(),
        "progress": asdict(progress),
        "plan": asdict(plan),
    }
    torch.save(state, run / "state.new")
    (run / "state.new").replace(run / "state.pt")


def _report(run: Path, progress: Progress, plan: Plan, figures: dict[str, float]) -> None:
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
