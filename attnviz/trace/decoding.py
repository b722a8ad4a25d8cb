"""How a decoder with attention made its words: one row a step, every intermediate a number that the model computed."""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from attnviz.trace.answers import Candidate
from attnviz.trace.attention import softmax
from attnviz.trace.record import Floats, Record


class Choice(StrEnum):
    """Why a step gave the word that it gave."""

    GREEDY = "greedy"
    SAMPLED = "sampled"
    FORCED = "forced"
    BEAM = "beam"


@dataclass(frozen=True, slots=True, eq=False)
class Encoding(Record):
    """What a recurrent encoder hands to the decoder, one row a source token.

    ``embedded`` (source, embedding) goes into the GRU, ``states`` (source, encoder_width) come out: the left half was read
    forwards, the right half backwards. ``fixed`` (decoder_width,) is the decoder's first state, all that a model without
    attention gets. ``attention`` is none, dot, general or additive. ``keys`` are what scores are computed with: W h̃
    (source, decoder_width) for general, U h̃ (source, attention_width) for additive, None else; ``vector`` is additive's v.
    """

    attention: str
    embedded: Floats
    states: Floats
    fixed: Floats
    keys: Floats | None = None
    vector: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Decoding(Record):
    """One decoded output, step by step; row t of every array belongs to step t, counted from 0.

    ``previous`` are the ids that were fed in, ``tokens`` those that came out (the end sign is the last one when ``ended``),
    ``choices`` why. ``vocabulary`` are the readable forms of all ids. Widths: ``embedded`` (steps, embedding); ``before`` and
    ``hidden`` (steps, decoder_width), h_{t-1} and h_t; ``reset``, ``update`` and ``candidate`` (steps, decoder_width), the
    GRU's gates r and z and its candidate n, h_t = (1 - z) n + z h_{t-1} (Cho et al. 2014); ``scores`` and ``weights`` (steps,
    source), -inf and 0 where a source token is hidden; ``query`` (steps, attention_width), additive's W h_t; ``context``
    (steps, encoder_width); ``attentional`` (steps, embedding); ``logits`` (steps, target vocabulary), before the softmax.
    Without attention scores, weights and context are None. A Transformer has no GRU and many attentions: ``before``, the gates,
    ``scores``, ``query``, ``context`` and ``attentional`` are None, ``hidden`` are the last layer's states, ``weights`` those of the last
    layer's cross-attention averaged over its heads; the rest stands in Attention and Hidden records. ``changed`` are the steps that an edit touched; where weights or
    context were set by hand, ``scores`` are still the model's own.
    """

    previous: tuple[int, ...]
    tokens: tuple[int, ...]
    choices: tuple[Choice, ...]
    vocabulary: tuple[str, ...]
    text: str
    ended: bool
    embedded: Floats
    hidden: Floats
    logits: Floats
    probabilities: NDArray[np.float64]
    ranks: NDArray[np.int64]
    before: Floats | None = None
    reset: Floats | None = None
    update: Floats | None = None
    candidate: Floats | None = None
    scores: Floats | None = None
    weights: Floats | None = None
    query: Floats | None = None
    context: Floats | None = None
    attentional: Floats | None = None
    changed: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def is_recurrent(self) -> bool:
        """Whether a GRU made it, step by step."""
        return self.before is not None

    @property
    def labels(self) -> tuple[str, ...]:
        """The words that came out, readable, the end sign included."""
        return tuple(self.vocabulary[token] for token in self.tokens)

    @property
    def previous_labels(self) -> tuple[str, ...]:
        return tuple(self.vocabulary[token] for token in self.previous)

    @property
    def losses(self) -> NDArray[np.float64]:
        """-ln p of every word, in nats."""
        return -np.log(np.maximum(self.probabilities, np.finfo(np.float64).tiny))

    @property
    def score(self) -> float:
        """The logarithm of the probability of the whole output (natural, sum over the steps)."""
        return -float(self.losses.sum())

    @property
    def perplexity(self) -> float:
        """Exp of the mean loss per word; not a number for an empty output."""
        return math.exp(float(self.losses.mean())) if len(self) else math.nan

    def rows(self, name: str) -> Floats:
        """An intermediate by name; raises LookupError where this kind of model has none."""
        found: Floats | None = getattr(self, name)
        if found is None:
            raise LookupError(f"this decoding has no {name}")
        return found

    def distribution(self, step: int) -> Floats:
        """The softmax over the target vocabulary at one step, (target vocabulary,)."""
        return softmax(self.logits[step])

    def best(self, step: int, most: int) -> tuple[Candidate, ...]:
        """The most probable words of a step, at most ``most`` of them, most probable first."""
        probabilities = self.distribution(step)
        most = min(most, len(probabilities))
        chosen = np.argpartition(-probabilities, most - 1)[:most]
        chosen = chosen[np.argsort(-probabilities[chosen], kind="stable")]
        return tuple(
            Candidate(index, self.vocabulary[index], self.vocabulary[index], float(probabilities[index]))
            for index in map(int, chosen)
        )

    def inside(self, step: int, encoding: Encoding) -> Floats | None:
        """The layer inside the additive score, tanh(W h_t + U h̃), (source, attention_width); None for the others."""
        if self.query is None or encoding.keys is None or encoding.vector is None:
            return None
        return np.tanh(self.query[step][None] + encoding.keys)

    def weighted(self, step: int, encoding: Encoding) -> Floats | None:
        """The terms of the weighted sum, α_j h̃_j, (source, encoder_width); their sum over the source is the context."""
        return None if self.weights is None else self.weights[step][:, None] * encoding.states


@dataclass(frozen=True, slots=True)
class Misfits(Record):
    """The edits that were left out of a run because they don't fit it, each with half a sentence on why."""

    reasons: tuple[tuple[Hashable, str], ...]


class Fate(StrEnum):
    """What became of a branch of the beam."""

    KEPT = "kept"
    PRUNED = "pruned"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Branch:
    """One word that the beam search looked at: ``parent`` is the index of the branch before it, -1 at the first step.

    ``step`` counts from 0; ``log_probability`` is the word's own, ``total`` the sum along the branch (natural logarithms).
    """

    parent: int
    step: int
    token: int
    log_probability: float
    total: float
    fate: Fate


@dataclass(frozen=True, slots=True)
class BeamTree(Record):
    """A beam search (Graves 2012; Sutskever et al. 2014) with what it dropped. ``branches`` are in order of their making.

    ``leaves`` are the outputs that remain, best first by ``score``; they end with the end sign or at the limit. ``penalty`` is
    the exponent of the length penalty ((5 + length) / 6) ** penalty (Wu et al. 2016, equation 14), length in words with
    the end sign.
    """

    width: int
    penalty: float
    branches: tuple[Branch, ...]
    leaves: tuple[int, ...]
    vocabulary: tuple[str, ...]

    def path(self, branch: int) -> tuple[int, ...]:
        """The indices of the branches from the first step to this one."""
        found = []
        while branch >= 0:
            found.append(branch)
            branch = self.branches[branch].parent
        return tuple(reversed(found))

    def tokens(self, branch: int) -> tuple[int, ...]:
        """The ids along the path to this branch."""
        return tuple(self.branches[index].token for index in self.path(branch))

    def score(self, branch: int) -> float:
        """The total over the length penalty, by which outputs are compared."""
        made = self.branches[branch]
        return made.total / length_penalty(made.step + 1, self.penalty)


def length_penalty(length: int, exponent: float) -> float:
    """((5 + length) / 6) ** exponent (Wu et al. 2016, equation 14); 1 without a penalty."""
    return float(((5 + length) / 6) ** exponent)
