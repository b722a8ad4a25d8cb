"""A Transformer's decoding as the worker would send it, from random queries, keys, values and states, for tests of views."""

from __future__ import annotations

import numpy as np

from attnviz.trace import Attention, Choice, Decoding, Hidden, Record, Site, Trace, frozen, softmax
from tests.views.decodings import END, VOCABULARY, characters

WIDTH, HEAD_WIDTH = 12, 6


def layered_trace(source: str = "nation", steps: int = 6, layers: int = 3, heads: int = 4, seed: int = 0) -> Trace:
    """Source tokens, every decoder layer's two attentions and states, and the Decoding of one run."""
    return Trace().plus(*layered_records(source, steps, layers, heads, seed))


def layered_records(source: str, steps: int, layers: int, heads: int, seed: int) -> tuple[Record, ...]:
    draw = np.random.default_rng(seed)

    def attention(site: Site, layer: int, keys: int) -> Attention:
        query, key, value = (
            frozen(1.7 * draw.normal(size=(heads, count, HEAD_WIDTH))) for count in (steps, keys, keys)
        )
        mask = np.tri(steps, dtype=np.bool_) if site is Site.DECODER else None
        return Attention(site, layer, query, key, value, HEAD_WIDTH**-0.5, mask)

    states = [Hidden(Site.DECODER, layer, frozen(draw.normal(size=(steps, WIDTH)))) for layer in range(layers + 1)]
    own = [attention(Site.DECODER, layer, steps) for layer in range(layers)]
    cross = [attention(Site.CROSS, layer, len(source)) for layer in range(layers)]
    logits = frozen(states[-1].states @ draw.normal(size=(WIDTH, len(VOCABULARY))))
    probabilities = softmax(logits)
    tokens = (*(int(4 + row[4:].argmax()) for row in probabilities[:-1]), END)
    decoding = Decoding(
        previous=(1, *tokens[:-1]),
        tokens=tokens,
        choices=(Choice.GREEDY,) * steps,
        vocabulary=VOCABULARY,
        text=" ".join(VOCABULARY[token] for token in tokens[:-1]),
        ended=True,
        embedded=states[0].states,
        hidden=states[-1].states,
        logits=logits,
        probabilities=np.array([row[token] for row, token in zip(probabilities, tokens, strict=True)], np.float64),
        ranks=np.array([int((row > row[token]).sum()) + 1 for row, token in zip(probabilities, tokens, strict=True)]),
        weights=frozen(np.mean([cross[-1].weights(head) for head in range(heads)], axis=0)),
    )
    return (characters(source), *states, *own, *cross, decoding)
