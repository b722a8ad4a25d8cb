"""Decoding strategies against each other and against trying every output there is."""

from __future__ import annotations

import itertools
import math

import pytest
import torch

from attnviz.models.beam import Search, search
from attnviz.models.decoding import Plan, Sampling, decode
from attnviz.models.recurrent import Recurrent
from attnviz.models.seq2seq import Seq2seq
from attnviz.models.seq2seq_config import ATTENTIONS
from attnviz.trace import Fate, length_penalty
from tests.translators import tiny_model

SOURCE = torch.tensor([[7, 4, 9, 20, 5]])
END = 2


def stepper(model: Seq2seq) -> Recurrent:
    return Recurrent(model, model.encode(SOURCE))


def greedy(model: Seq2seq, limit: int = 12, **plan: object) -> list[int]:
    able = stepper(model)
    return [made.token for made in decode(able, Plan(limit, **plan), able.start(), able.begin)]


def last(model: Seq2seq, width: int, limit: int = 12) -> Search:
    *_, found = search(stepper(model), Plan(limit), width)
    return found


def log_probability(model: Seq2seq, output: tuple[int, ...]) -> float:
    """Of a whole output, all steps at once."""
    encoded = model.encode(SOURCE)
    previous = torch.tensor([[model.config.begin, *output[:-1]]])
    logs = model.steps(previous, encoded.fixed, encoded).logits[0].log_softmax(-1)
    return float(sum(logs[step, token] for step, token in enumerate(output)))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("attention", ATTENTIONS)
def test_a_beam_of_one_is_greedy(attention: str, seed: int) -> None:
    """Word by word, whether it ends or runs into the limit."""
    model = tiny_model(attention, seed)
    tree = last(model, 1).tree(0.0, ())
    assert list(tree.tokens(tree.leaves[0])) == greedy(model)


@pytest.mark.parametrize("penalty", [0.0, 1.0])
@pytest.mark.parametrize("seed", range(4))
def test_a_wide_beam_finds_what_trying_everything_finds(seed: int, penalty: float) -> None:
    """All outputs of at most three words: the best score of a beam as wide as the choice is the best there is."""
    model, limit, words = tiny_model("additive", seed, longest=3), 3, 8
    others = [token for token in range(words) if token != END]
    whole = [(*start, END) for length in range(limit) for start in itertools.product(others, repeat=length)] + list(
        itertools.product(others, repeat=limit)
    )

    def score(output: tuple[int, ...]) -> float:
        return log_probability(model, output) / length_penalty(len(output), penalty)

    expected = sorted(map(score, whole), reverse=True)
    tree = last(model, words**limit, limit).tree(penalty, ())
    found = [tree.score(leaf) for leaf in tree.leaves]
    assert len(found) == len(whole)
    assert found == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("width", [2, 3, 5])
def test_the_numbers_of_a_branch_are_those_of_its_output(width: int) -> None:
    """Totals are sums along the path, and equal the log-probability of the whole computed at once."""
    model = tiny_model("general", 5)
    tree = last(model, width).tree(0.0, ())
    for leaf in tree.leaves:
        path = [tree.branches[index] for index in tree.path(leaf)]
        assert tree.branches[leaf].total == pytest.approx(sum(branch.log_probability for branch in path), abs=1e-4)
        assert tree.branches[leaf].total == pytest.approx(log_probability(model, tree.tokens(leaf)), abs=1e-4)


def test_at_every_step_the_best_continuations_are_kept() -> None:
    """Nothing that was pruned is better than anything that was kept at the same step, and the beam keeps its width."""
    tree = last(tiny_model("dot", 1), 4).tree(0.0, ())
    ended = 0
    for step in range(max(branch.step for branch in tree.branches) + 1):
        made = [branch for branch in tree.branches if branch.step == step]
        kept = [branch.total for branch in made if branch.fate is not Fate.PRUNED]
        assert max([b.total for b in made if b.fate is Fate.PRUNED], default=-math.inf) <= min(kept)
        if step:
            assert len(kept) == 4 - ended
        ended += sum(branch.fate is Fate.ENDED for branch in made)


def test_the_steps_of_a_branch_are_those_of_forced_decoding() -> None:
    """What is recorded along a leaf's path is what the model computes when made to say just that."""
    model = tiny_model("general", 2)
    found = last(model, 4)
    tree = found.tree(0.0, ())
    for leaf in tree.leaves:
        output, made = tree.tokens(leaf), found.path(leaf)
        encoded = model.encode(SOURCE)
        previous = torch.tensor([[model.config.begin, *output[:-1]]])
        whole = model.steps(previous, encoded.fixed, encoded)
        for step, own in enumerate(made):
            torch.testing.assert_close(own.computed.logits[own.row, 0], whole.logits[0, step], atol=1e-5, rtol=1e-5)
            torch.testing.assert_close(own.computed.weights[own.row, 0], whole.weights[0, step], atol=1e-5, rtol=1e-5)


def test_forced_words_are_said() -> None:
    """At their steps and nowhere else; the end sign ends."""
    model = tiny_model("general", 5)
    free = greedy(model)
    said = greedy(model, forced={0: 6, 2: 5})
    assert (said[0], said[2]) == (6, 5)
    assert greedy(model, forced=dict(enumerate(free))) == free
    assert greedy(model, forced={1: END})[-1] == END
    assert len(greedy(model, forced={1: END})) == 2


def test_a_seed_repeats_a_draw_and_the_long_run_is_the_softmax() -> None:
    """The share of each word over many seeds is its probability at that temperature (chi-square, 7 degrees, p > 0.001)."""
    logits = torch.tensor([0.3, -1.0, 2.0, 0.0, 1.0, -0.5, 0.7, 0.1])
    assert [Sampling(1.0, 5).draw(logits, step) for step in range(20)] == [
        Sampling(1.0, 5).draw(logits, step) for step in range(20)
    ]
    draws, temperature = 4000, 0.7
    counts = torch.bincount(
        torch.tensor([Sampling(temperature, seed).draw(logits, 3) for seed in range(draws)]), minlength=8
    )
    expected = (logits / temperature).softmax(-1) * draws
    assert float(((counts - expected) ** 2 / expected).sum()) < 24.3
