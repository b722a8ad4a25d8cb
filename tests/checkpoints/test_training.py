"""The recipes' training loop: what it feeds, what it can train, and that an interruption leaves no trace."""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from attnviz.models.seq2seq import Seq2seq
from attnviz.models.seq2seq_config import Seq2seqConfig
from checkpoints.recipes.decoding import Recurrent, Repeated, greedy
from checkpoints.recipes.training import BEGIN, END, PAD, Pair, Plan, batches, build, train

PLAN = Plan(steps=12, batch_tokens=60, warm_up=3, dropout=0.2, report_every=2, save_every=4)
CONFIG = Seq2seqConfig("general", 12, 12, embedding=8, encoder_width=8, decoder_width=8, longest=9)


class Stopped(Exception):
    pass


class Bag(nn.Module):
    """The simplest model that can be trained: the sum of the source's embeddings and of the previous word's."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(12, 12)

    def forward(self, source: Tensor, previous: Tensor, dropout: float = 0.0) -> Tensor:
        return self.embedding(source).sum(1, keepdim=True) + self.embedding(previous)


def some_pairs(count: int = 90) -> list[Pair]:
    draw = random.Random(4)

    def side() -> tuple[int, ...]:
        return tuple(draw.choices(range(4, 12), k=draw.randint(1, 7)))

    return [(side(), side()) for _ in range(count)]


def nothing(model: nn.Module) -> dict[str, float]:
    return {}


def small() -> Seq2seq:
    return build(lambda: Seq2seq(CONFIG), PLAN)


def test_a_resumed_run_ends_with_the_same_weights_and_the_same_log(tmp_path: Path) -> None:
    """Interrupted after a save and some steps more, a run that is begun again is the run that never was interrupted."""
    whole = train(small(), some_pairs(), PLAN, tmp_path / "whole", nothing)

    def stop(model: nn.Module) -> dict[str, float]:
        raise Stopped

    with pytest.raises(Stopped):  # at step 8, before its save: the last one was made at step 4
        train(small(), some_pairs(), PLAN, tmp_path / "broken", stop)
    torch.rand(7)
    resumed = train(Seq2seq(CONFIG), some_pairs(), PLAN, tmp_path / "broken", nothing)
    for name, tensor in whole.state_dict().items():
        assert torch.equal(tensor, resumed.state_dict()[name]), name
    logs = [
        [json.loads(line) for line in (tmp_path / run / "log.jsonl").read_text().splitlines()]
        for run in ("whole", "broken")
    ]
    assert [entry["step"] for entry in logs[1]] == [2, 4, 6, 8, 10, 12]
    assert [entry["loss"] for entry in logs[0]] == [entry["loss"] for entry in logs[1]]


def test_a_run_of_another_plan_is_not_gone_on_with(tmp_path: Path) -> None:
    """Its cosine would be neither the one nor the other."""
    train(small(), some_pairs(), PLAN, tmp_path, nothing)
    with pytest.raises(SystemExit, match="another plan"):
        train(small(), some_pairs(), replace(PLAN, steps=20), tmp_path, nothing)


def test_a_finished_run_gives_its_model_without_another_step(tmp_path: Path) -> None:
    """Beginning it again neither trains nor logs."""
    done = train(small(), some_pairs(), PLAN, tmp_path, nothing)
    log = (tmp_path / "log.jsonl").read_text()
    again = train(Seq2seq(CONFIG), some_pairs(), PLAN, tmp_path, nothing)
    assert torch.equal(done.output_bias, again.output_bias)
    assert (tmp_path / "log.jsonl").read_text() == log


def test_any_module_with_logits_can_be_trained_and_decoded(tmp_path: Path) -> None:
    """Nothing of a Seq2seq is asked for: a bag of words learns, and answers greedily."""
    pairs = [((4, 5), (6,)), ((7, 8), (9,))]
    plan = replace(PLAN, steps=300, rate=0.05, dropout=0.0, smoothing=0.0, report_every=100, save_every=300)
    model = train(build(Bag, plan), pairs, plan, tmp_path, nothing)
    assert [answer[0] for answer in greedy(model, [source for source, _ in pairs], 1)] == [6, 9]
    assert not model.training


@pytest.mark.parametrize("even", [False, True])
def test_an_epoch_shows_every_pair_once_with_sources_of_one_length(even: bool) -> None:
    """Batches need no source mask, and nothing is left out or shown twice."""
    pairs = some_pairs()
    seen: Counter[Pair] = Counter()
    stream = batches(pairs, replace(PLAN, even=even))
    while seen.total() < len(pairs):
        source, previous, target = next(stream)
        assert source.min() > PAD
        assert previous.shape == target.shape
        assert (previous[:, 0] == BEGIN).all()
        for row, fed, wanted in zip(source.tolist(), previous.tolist(), target.tolist(), strict=True):
            answer = tuple(wanted[: wanted.index(END)])
            assert tuple(fed[1 : len(answer) + 1]) == answer
            assert set(wanted[len(answer) + 1 :]) <= {PAD}
            seen[tuple(row), answer] += 1
    assert seen == Counter(pairs)


def test_targets_of_one_length_together_need_less_padding() -> None:
    """What ``even`` is for."""
    pairs = some_pairs(400)

    def padding(even: bool) -> float:
        chosen = [target for *_, target in islice(batches(pairs, replace(PLAN, even=even)), 20)]
        return sum(int((target == PAD).sum()) for target in chosen) / sum(target.numel() for target in chosen)

    assert padding(even=True) < padding(even=False) / 2


def test_skipped_batches_are_those_that_would_have_come() -> None:
    """Resuming in the second epoch draws what an uninterrupted run draws there."""
    pairs = some_pairs()
    straight = list(islice(batches(pairs, PLAN), 40))[25:]
    skipped = list(islice(batches(pairs, PLAN, skip=25), 15))
    for one, other in zip(straight, skipped, strict=True):
        assert all(torch.equal(left, right) for left, right in zip(one, other, strict=True))


@pytest.mark.parametrize("attention", ["none", "dot", "general", "additive"])
def test_decoding_with_a_state_and_from_the_beginning_agree(attention: str) -> None:
    """Step by step with the state kept, a recurrent model answers as when it reads all the words before again."""
    torch.manual_seed(2)
    model = Seq2seq(replace(CONFIG, attention=attention)).eval()
    for parameter in model.parameters():  # torch's small ones answer every source alike
        torch.nn.init.normal_(parameter)
    sources = [source for source, _ in some_pairs(30)]
    kept = greedy(model, sources, 9, lambda source: Recurrent(model, source))
    repeated = greedy(model, sources, 9, lambda source: Repeated(model, source))
    assert kept == repeated
    assert len(set(kept)) > 5
    assert kept == greedy(model, sources, 9)
