"""Runs with what the lens, the stream and the positions say, made of numpy: each of them keeps the identities that a model's does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from attnviz.trace import Hidden, Lens, Positions, Record, Site, Stream, Tokens, Trace, frozen
from tests.views.traces import WORDS, tokens_of

WIDTH, VOCABULARY, TOP = 24, 60, 5


def masked(tokens: Tokens, originals: Mapping[int, int]) -> Tokens:
    """The same tokens with these ids masked away at these positions."""
    known = tuple(originals.get(index) for index in range(len(tokens)))
    names = tuple(None if word is None else f"word{word}" for word in known)
    return replace(tokens, masks=tuple(originals), originals=known, original_labels=names)


def states_of(count: int, layers: int, width: int = WIDTH, seed: int = 0) -> np.ndarray:
    """(layers + 1, tokens, width): each layer adds to the one before."""
    random = np.random.default_rng(seed)
    return np.cumsum(random.normal(size=(layers + 1, count, width)), axis=0)


def lenses_of(states: np.ndarray, tokens: Tokens) -> tuple[Lens, ...]:
    """The lens of every layer by a head that is a seeded matrix: probabilities sum to 1, ranks are those of the probabilities."""
    head = np.random.default_rng(7).normal(size=(states.shape[-1], VOCABULARY))
    logits = states @ head  # (layers, tokens, vocabulary)
    shares = np.exp(logits - logits.max(-1, keepdims=True))
    shares /= shares.sum(-1, keepdims=True)
    originals = tokens.originals or (None,) * len(tokens)
    watched = np.array(
        [best if own is None else own for own, best in zip(originals, shares[-1].argmax(-1), strict=True)]
    )
    return tuple(_lens(layer, one, watched) for layer, one in enumerate(shares))


def _lens(layer: int, shares: np.ndarray, watched: np.ndarray) -> Lens:
    ids = np.argsort(-shares, axis=-1)[:, :TOP]
    own = shares[np.arange(len(shares)), watched]
    ranks = 1 + (shares > own[:, None]).sum(-1)
    labels = tuple(tuple(f"word{number}" for number in row) for row in ids)
    names = tuple(f"word{number}" for number in watched)
    entropy = -(shares * np.log(shares)).sum(-1)
    best = np.take_along_axis(shares, ids, axis=-1)
    return Lens(Site.ENCODER, layer, ids, labels, frozen(best), frozen(entropy), watched, names, frozen(own), ranks)


def ranked(tokens: Tokens, ranks: list[list[int]]) -> tuple[Lens, ...]:
    """Lenses with these ranks of the watched word, (layers, tokens); its probability is a half to the power of its rank."""
    count = len(tokens)
    watched = np.arange(count)
    names = tuple(f"word{number}" for number in watched)
    made = []
    for layer, row in enumerate(ranks):
        own = 0.5 ** np.array(row, dtype=np.float64)
        ids = np.stack([np.where(np.array(row) == 1, watched, 50), np.full(count, 51)], axis=1)
        labels = tuple(tuple(f"word{number}" for number in pair) for pair in ids)
        best = np.stack([np.full(count, 0.5), np.full(count, 0.25)], axis=1)
        made.append(
            Lens(Site.ENCODER, layer, ids, labels, frozen(best), frozen(np.ones(count)), watched, names, frozen(own), np.array(row))
        )  # fmt: skip
    return tuple(made)


def streams_of(
    count: int, layers: int, names: tuple[str, ...] = ("attention", "feed-forward"), width: int = WIDTH
) -> tuple[tuple[Stream, ...], np.ndarray]:
    """The streams of a model whose sublayers add seeded vectors, and these: (layers, sublayers, 2, tokens, width), entering and added."""
    random = np.random.default_rng(3)
    stream = random.normal(size=(count, width))
    records, vectors = [], np.zeros((layers, len(names), 2, count, width))
    for layer in range(layers):
        for place in range(len(names)):
            vectors[layer, place] = stream, random.normal(size=(count, width)) * (1 + place)
            stream = vectors[layer, place].sum(axis=0)
        entering, added = np.linalg.norm(vectors[layer], axis=-1).transpose(1, 0, 2)
        cosine = (vectors[layer, :, 0] * vectors[layer, :, 1]).sum(-1) / (entering * added)
        records.append(Stream(Site.ENCODER, layer, names, frozen(entering), frozen(added), frozen(cosine)))
    return tuple(records), vectors


def positions_of(count: int, kind: str = "learned", places: int = 32, width: int = WIDTH) -> Positions:
    """Word, position and segment vectors that sum to the total; a sinusoidal table is that of the paper, section 3.5."""
    random = np.random.default_rng(5)
    table = random.normal(size=(places, width))
    if kind == "sinusoidal":
        angles = np.arange(places)[:, None] / 10_000 ** (np.arange(0, width, 2) / width)
        table[:, 0::2], table[:, 1::2] = np.sin(angles), np.cos(angles)
    parts = {
        "word": frozen(random.normal(size=(count, width))),
        "position": frozen(table[:count]),
        "segment": frozen(np.broadcast_to(random.normal(size=width), (count, width))),
    }
    return Positions(Site.ENCODER, kind, parts, frozen(sum(parts.values())), frozen(table))


def seen_through(
    labels: tuple[str, ...] = WORDS, layers: int = 3, originals: Mapping[int, int] | None = None, width: int = WIDTH
) -> Trace:
    """A finished run with tokens, hidden states, lenses, streams and positions."""
    tokens = masked(tokens_of(labels), originals or {})
    states = states_of(len(labels), layers, width)
    records: list[Record] = [tokens, *(Hidden(Site.ENCODER, layer, frozen(one)) for layer, one in enumerate(states))]
    records += [*lenses_of(states, tokens), *streams_of(len(labels), layers)[0]]
    return Trace().plus(*records, positions_of(len(labels), places=max(32, len(labels)), width=width))
