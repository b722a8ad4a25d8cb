"""The logit lens of all layers as arrays, and what it says in words: where the watched word becomes first and stays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnviz.trace import Cursor, Floats, Lens, Site, Tokens, Trace
from attnviz.views.lettering import isolated, percent

NEVER = -1
LISTED = 5


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """Every layer's lens, the lowest layer first; ``first`` (tokens,) is the row from which the watched word stays first, or NEVER."""

    tokens: Tokens
    lenses: tuple[Lens, ...]
    best: Floats  # (layers, tokens)
    probabilities: Floats  # (layers, tokens), the watched word's
    ranks: NDArray[np.int64]  # (layers, tokens), the watched word's
    entropy: Floats  # (layers, tokens)
    first: NDArray[np.int64]  # (tokens,)

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.lenses), len(self.tokens)

    def name(self, row: int) -> str:
        return layer_name(self.lenses[row].layer)

    def was_masked(self, token: int) -> bool:
        return token < len(self.tokens.originals) and self.tokens.originals[token] is not None

    def watched(self, token: int) -> str:
        return self.lenses[-1].watched_labels[token]

    def best_word(self, row: int, token: int) -> str:
        labels = self.lenses[row].labels[token]
        return labels[0] if labels else ""

    def way(self, token: int) -> str:
        """When the watched word becomes known, in one sentence."""
        word = f"“{isolated(self.watched(token))}”"
        who = f"{word}, which was masked here," if self.was_masked(token) else f"{word}, the last layer's best word,"
        first, ranks, shares = int(self.first[token]), self.ranks[:, token], self.probabilities[:, token]
        end = f"at the end it has {percent(float(shares[-1]))}"
        if first == 0:
            return f"{who} is first {_from(self.lenses[0].layer)} on; {end}."
        if first != NEVER:
            return f"{who} becomes first {_after(self.lenses[first].layer)} and stays first; {end}."
        nearest = int(np.lexsort((-shares, ranks))[0])
        if ranks[nearest] == 1:
            where = _after(self.lenses[nearest].layer)
            return f"{who} is first {where}, but doesn't stay: at the end it has rank {_whole(int(ranks[-1]))} and {percent(float(shares[-1]))}."
        where = _after(self.lenses[nearest].layer)
        return f"{who} is never first; it comes nearest {where}: rank {_whole(int(ranks[nearest]))}, {percent(float(shares[nearest]))}."

    def standing(self, row: int, token: int) -> str:
        """Rank and probability of the watched word in one layer."""
        rank, share = int(self.ranks[row, token]), float(self.probabilities[row, token])
        return f"“{isolated(self.watched(token))}” has rank {_whole(rank)}, {percent(share)}"

    def says(self, row: int, token: int) -> str:
        """A cell on several lines: its most probable words, the entropy, and how the watched word stands."""
        lens = self.lenses[row]
        words = (
            f"{isolated(label)}  {percent(float(share))}"
            for label, share in zip(lens.labels[token][:LISTED], lens.probabilities[token][:LISTED], strict=True)
        )
        head = f"{isolated(self.tokens.labels[token])} ({token}), {self.name(row)}"
        return "\n".join(
            (head, *words, f"entropy {float(self.entropy[row, token]):.2f} nats", self.standing(row, token))
        )


def read_lens(trace: Trace, cursor: Cursor) -> Reading | None:
    """The lenses of the cursor's queries; None before one has arrived that fits the tokens."""
    site = site_of(cursor)
    tokens = trace.tokens(site)
    lenses = sorted((lens for lens in trace.every(Lens) if lens.site is site), key=lambda lens: lens.layer)
    if tokens is None or not lenses or not len(tokens) or any(len(lens.entropy) != len(tokens) for lens in lenses):
        return None
    ranks = np.stack([lens.watched_ranks for lens in lenses])
    return Reading(
        tokens,
        tuple(lenses),
        np.stack([lens.probabilities[:, 0] for lens in lenses]),
        np.stack([lens.watched_probabilities for lens in lenses]),
        ranks,
        np.stack([lens.entropy for lens in lenses]),
        stays_first(ranks),
    )


def site_of(cursor: Cursor) -> Site:
    """The site whose hidden states belong to the cursor's queries."""
    return Site.ENCODER if cursor.site is Site.ENCODER else Site.DECODER


def stays_first(ranks: NDArray[np.int64]) -> NDArray[np.int64]:
    """The row from which on a rank of (layers, tokens) is 1 to the end, for each token; NEVER where the last one isn't."""
    at_end = np.cumprod((ranks == 1)[::-1], axis=0).sum(axis=0)  # (tokens,)
    return np.where(at_end > 0, len(ranks) - at_end, NEVER)


def layer_name(layer: int) -> str:
    """What a layer of hidden states is called, numbered as in Hidden."""
    return "embeddings" if layer == 0 else f"layer {layer - 1}"


def _after(layer: int) -> str:
    return "after the embeddings" if layer == 0 else f"after layer {layer - 1}"


def _from(layer: int) -> str:
    return "from the embeddings" if layer == 0 else f"from layer {layer - 1}"


def _whole(number: int) -> str:
    """A whole number with thin spaces between its thousands."""
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
