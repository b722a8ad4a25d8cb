"""A decoding as the worker would send it, computed by plain numpy from small random weights, for tests of views."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from attnviz.trace import (
    BeamTree,
    Branch,
    Choice,
    Decoding,
    Encoding,
    Fate,
    Floats,
    Record,
    Site,
    Tokens,
    Trace,
    frozen,
    softmax,
)

VOCABULARY = ("<pad>", "<s>", "</s>", "<unk>", *(f"W{index}" for index in range(16)))
END = 2


def decoding_trace(
    source: str = "nation", steps: int = 6, attention: str = "additive", seed: int = 0, width: int = 8
) -> Trace:
    """Source tokens, Encoding and Decoding of one run; every identity between the arrays holds."""
    return Trace().plus(*decoding_records(source, steps, attention, seed, width))


def decoding_records(
    source: str = "nation", steps: int = 6, attention: str = "additive", seed: int = 0, width: int = 8
) -> tuple[Record, ...]:
    draw = np.random.default_rng(seed)
    count, inner = len(source), 5
    states = np.tanh(draw.normal(size=(count, width)))
    fixed = np.tanh(draw.normal(size=width))
    keys = draw.normal(size=(count, inner)) if attention == "additive" else states @ draw.normal(size=(width, width))
    vector = draw.normal(size=inner)
    encoding = Encoding(
        attention,
        frozen(draw.normal(size=(count, 4))),
        frozen(states),
        frozen(fixed),
        frozen(keys) if attention in {"additive", "general"} else None,
        frozen(vector) if attention == "additive" else None,
    )
    return (characters(source), encoding, _decode(draw, encoding, steps, width, inner))


def decoding_of(trace: Trace) -> Decoding:
    """The decoding of a trace that has one."""
    decoding = trace.find(Decoding)
    assert decoding is not None
    return decoding


def characters(source: str) -> Tokens:
    """One token a character."""
    count = len(source)
    ids = tuple(ord(letter) % 97 for letter in source)
    return Tokens(
        text=source,
        ids=ids,
        pieces=tuple(source),
        labels=tuple(source),
        spans=tuple((place, place + 1) for place in range(count)),
        segments=(0,) * count,
        special=(False,) * count,
        words=tuple(range(count)),
        originals=(None,) * count,
        original_labels=(None,) * count,
        total=count,
        site=Site.ENCODER,
    )


def _decode(draw: np.random.Generator, encoding: Encoding, steps: int, width: int, inner: int) -> Decoding:
    before: NDArray[np.floating[Any]] = encoding.fixed
    rows = []
    projection = draw.normal(size=(width, inner))
    combine, out = draw.normal(size=(2 * width, 4)) / 2, draw.normal(size=(4, len(VOCABULARY)))
    for _ in range(steps):
        reset, update = (1 / (1 + np.exp(-draw.normal(size=width))) for _ in range(2))
        candidate = np.tanh(draw.normal(size=width))
        hidden = (1 - update) * candidate + update * before
        query = hidden @ projection
        scores, weights, context = _attend(encoding, hidden, query)
        attentional = np.tanh(np.concatenate([hidden, context]) @ combine)
        rows.append(
            (before, hidden, reset, update, candidate, scores, weights, query, context, attentional, attentional @ out)
        )
        before = hidden
    columns: list[Floats] = [frozen(np.stack(column)) for column in zip(*rows, strict=True)]
    (
        before_all,
        hidden_all,
        reset_all,
        update_all,
        candidate_all,
        scores_all,
        weights_all,
        queries,
        contexts,
        attentionals,
        logits,
    ) = columns
    probabilities = softmax(logits)
    tokens = (*(int(4 + row[4:].argmax()) for row in probabilities[:-1]), END)
    own = np.array([row[token] for row, token in zip(probabilities, tokens, strict=True)], dtype=np.float64)
    ranks = np.array([int((row > row[token]).sum()) + 1 for row, token in zip(probabilities, tokens, strict=True)])
    looks = encoding.attention != "none"
    return Decoding(
        previous=(1, *tokens[:-1]),
        tokens=tokens,
        choices=(Choice.GREEDY,) * steps,
        vocabulary=VOCABULARY,
        text=" ".join(VOCABULARY[token] for token in tokens[:-1]),
        ended=True,
        embedded=frozen(draw.normal(size=(steps, 4))),
        before=before_all,
        hidden=hidden_all,
        reset=reset_all,
        update=update_all,
        candidate=candidate_all,
        scores=scores_all if looks else None,
        weights=weights_all if looks else None,
        query=queries if encoding.attention == "additive" else None,
        context=contexts if looks else None,
        attentional=attentionals,
        logits=logits,
        probabilities=own,
        ranks=ranks,
    )


def _attend(
    encoding: Encoding, hidden: NDArray[Any], query: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    if encoding.attention == "additive" and encoding.keys is not None and encoding.vector is not None:
        scores = np.tanh(query[None] + encoding.keys) @ encoding.vector
    else:
        scores = (encoding.states if encoding.keys is None else encoding.keys) @ hidden
    weights = softmax(scores.astype(np.float32))
    return scores, weights, weights @ encoding.states


def beam_tree(width: int = 3, steps: int = 4, seed: int = 0) -> BeamTree:
    """A tree as a beam search leaves it: ``width`` branches kept at each step, as many pruned, the last ones ended."""
    draw = np.random.default_rng(seed)
    branches: list[Branch] = []
    live = [-1]
    for step in range(steps):
        made = []
        for rank in range(2 * width):
            parent = live[rank % len(live)]
            own = -float(draw.uniform(0.1, 1.0)) - rank
            total = own + (branches[parent].total if parent >= 0 else 0.0)
            last = step == steps - 1
            fate = Fate.PRUNED if rank >= width else Fate.ENDED if last else Fate.KEPT
            token = END if last else int(draw.integers(4, len(VOCABULARY)))
            branches.append(Branch(parent, step, token, own, total, fate))
            if fate is not Fate.PRUNED:
                made.append(len(branches) - 1)
        live = made
    return BeamTree(
        width, 0.0, tuple(branches), tuple(sorted(live, key=lambda leaf: -branches[leaf].total)), VOCABULARY
    )
