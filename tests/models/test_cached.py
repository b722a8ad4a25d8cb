"""Decoding with a cache: greedily and with a beam, against forwards of the whole and trying every output."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from attnviz.models.beam import search
from attnviz.models.cached import Cached, seen
from attnviz.models.decoding import Made, Plan, decode
from attnviz.models.transformer import Transformer
from attnviz.trace import Attention, Hidden, Site, length_penalty
from tests.transformers_at_random import random_model

SOURCE = torch.tensor([[7, 4, 9, 20, 5]])
FEW = {"target_vocabulary": 8, "longest": 12}


@pytest.fixture(autouse=True)
def _looking_only():
    """What is decoded here is never trained."""
    with torch.inference_mode():
        yield


def stepper(model: Transformer) -> Cached:
    return Cached(model, model.encode(SOURCE))


def greedy(model: Transformer, limit: int = 12, **plan: object) -> list[Made]:
    able = stepper(model)
    return list(decode(able, Plan(limit, **plan), able.start(), able.begin))


def whole(model: Transformer, output: tuple[int, ...]) -> torch.Tensor:
    """The log-probabilities (steps, target vocabulary) of a whole output, all steps at once and without a cache."""
    return model(SOURCE, torch.tensor([[model.config.begin, *output[:-1]]]))[0].log_softmax(-1)


@pytest.mark.parametrize("seed", range(6))
def test_greedy_is_what_repeated_forwards_give(seed):
    """Each word is the most probable one of a forward over all words before it."""
    model = random_model(seed, **FEW)
    expected = [model.config.begin]
    while len(expected) < 13 and (len(expected) == 1 or expected[-1] != model.config.end):
        expected.append(int(model(SOURCE, torch.tensor([expected]))[0, -1].argmax()))
    assert [step.token for step in greedy(model)] == expected[1:]


@pytest.mark.parametrize("seed", range(6))
def test_a_beam_of_one_is_greedy(seed):
    """Word by word, whether it ends or runs into the limit."""
    model = random_model(seed, **FEW)
    *_, found = search(stepper(model), Plan(12), 1)
    tree = found.tree(0.0, ())
    assert list(tree.tokens(tree.leaves[0])) == [step.token for step in greedy(model)]


@pytest.mark.parametrize("penalty", [0.0, 1.0])
def test_a_wide_beam_finds_what_trying_everything_finds(penalty):
    """All outputs of at most three words: the scores of a beam that drops nothing are those of every output there is."""
    model, limit, words = random_model(3, **FEW), 3, 8
    others = [token for token in range(words) if token != model.config.end]
    ended = [
        (*start, model.config.end) for length in range(limit) for start in itertools.product(others, repeat=length)
    ]
    outputs = [*ended, *itertools.product(others, repeat=limit)]

    def score(output: tuple[int, ...]) -> float:
        own = whole(model, output)[range(len(output)), list(output)]
        return float(own.sum()) / length_penalty(len(output), penalty)

    *_, found = search(stepper(model), Plan(limit), words**limit)
    tree = found.tree(penalty, ())
    assert [tree.score(leaf) for leaf in tree.leaves] == pytest.approx(
        sorted(map(score, outputs), reverse=True), abs=1e-4
    )


def test_rows_of_a_state_are_decodings_of_their_own():
    """Rows taken twice and in another order go on as each of them does alone, to 1e-5."""
    model = random_model(4)
    able = stepper(model)
    state = able.select(able.start(), [0, 0, 0])
    state, _, _ = able.advance(state, [3, 4, 5], 0)
    state, logits, _ = able.advance(able.select(state, [2, 0, 2, 1]), [6, 7, 8, 9], 1)
    for row, words in enumerate(((5, 6), (3, 7), (5, 8), (4, 9))):
        assert (logits[row] - model(SOURCE, torch.tensor([words]))[0, -1]).abs().max() < 1e-5
        assert state.past[0].key.shape == (4, 4, 2, 6)


@pytest.mark.parametrize("width", [0, 3], ids=["greedy", "beam"])
@pytest.mark.parametrize("norm", ["post", "pre"])
def test_what_the_steps_saw_is_what_the_trace_shows(norm, width):
    """Attention and hidden states put together from the cached steps equal those of one forward over the output, to 1e-5."""
    model = random_model(5, norm=norm, **FEW)
    made = greedy(model, 7)
    if width:
        *_, found = search(stepper(model), Plan(7), width)
        paths = [found.path(leaf) for leaf in found.tree(0.0, ()).leaves]
        made = next(path for path in paths if len({step.row for step in path}) > 1)
    fed = torch.tensor([[step.previous for step in made]])
    expected = [record for record in model.trace(SOURCE, fed) if record.site is not Site.ENCODER]
    found = list(seen(made))
    assert len(found) == len(expected) == 1 + 3 * 3
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.slot == theirs.slot
        if isinstance(ours, Hidden):
            assert np.abs(ours.states - theirs.states).max() < 1e-5
        if isinstance(ours, Attention):
            for head in range(ours.heads):
                assert np.abs(ours.weights(head) - theirs.weights(head)).max() < 1e-5
                assert np.abs(ours.context(head) - theirs.context(head)).max() < 1e-5


def test_one_step_alone_can_be_seen():
    """A first word needs no mask and has no past."""
    records = list(seen(greedy(random_model(6), 1)))
    assert [record.weights(0).shape for record in records if isinstance(record, Attention)] == [(1, 1), (1, 5)] * 3
