"""The residual stream in the order of computation: each sublayer's norms and cosine, for one token or their mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from attnviz.trace import Cursor, Floats, Site, Stream, Tokens, Trace
from attnviz.views.lens_reading import site_of

_ORDER = (Site.ENCODER, Site.DECODER, Site.CROSS)


@dataclass(frozen=True, slots=True, eq=False)
class Sublayers:
    """All sublayers, the first one first; ``entering``, ``added`` and ``cosine`` are (sublayers, tokens)."""

    tokens: Tokens
    layers: tuple[int, ...]
    names: tuple[str, ...]
    entering: Floats
    added: Floats
    cosine: Floats

    def __len__(self) -> int:
        return len(self.names)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The different names, in order of appearance."""
        return tuple(dict.fromkeys(self.names))

    def spans(self) -> list[tuple[int, int, int]]:
        """Each layer with its first and its last sublayer."""
        starts = [at for at, layer in enumerate(self.layers) if at == 0 or layer != self.layers[at - 1]]
        ends = [*(start - 1 for start in starts[1:]), len(self) - 1]
        return [(self.layers[first], first, last) for first, last in zip(starts, ends, strict=True)]

    def at(self, token: int | None) -> tuple[Floats, Floats, Floats]:
        """Entering, added and cosine of every sublayer: a token's, or the mean of all finite ones."""
        return _one(self.entering, token), _one(self.added, token), _one(self.cosine, token)


def read_stream(trace: Trace, cursor: Cursor) -> Sublayers | None:
    """The sublayers at the cursor's queries; None before one has arrived that fits the tokens.

    A decoder's cross-attention stands behind its self-attention, whether it has a record of its own or not.
    """
    tokens, encoder = trace.tokens(site_of(cursor)), site_of(cursor) is Site.ENCODER
    found = [one for one in trace.every(Stream) if (one.site is Site.ENCODER) is encoder]
    found.sort(key=lambda one: (one.layer, _ORDER.index(one.site)))
    if tokens is None or not found or any(one.added.shape != (len(one.names), len(tokens)) for one in found):
        return None
    return Sublayers(
        tokens,
        tuple(one.layer for one in found for _ in one.names),
        tuple(name for one in found for name in one.names),
        np.concatenate([one.entering for one in found]),
        np.concatenate([one.added for one in found]),
        np.concatenate([one.cosine for one in found]),
    )


def _one(values: Floats, token: int | None) -> Floats:
    if token is not None:
        column: Floats = values[:, token]
        return column
    finite = np.isfinite(values)
    sums = np.where(finite, values, 0).sum(axis=1, dtype=np.float64)
    counts = finite.sum(axis=1)
    means: Floats = np.divide(sums, counts, out=np.full(len(sums), np.nan), where=counts > 0).astype(np.float32)
    return means
