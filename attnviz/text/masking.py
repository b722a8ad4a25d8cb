"""Masking as in pre-training: which tokens of a text are to be predicted, and what the model sees in their place.

Devlin et al. (2019, section 3.1) choose 15 % of the tokens once, while the data are made: 80 % of them become ``[MASK]``, 10 %
a random piece, 10 % stay. Their code rounds the number to the nearest and takes at least one. RoBERTa (Liu et al. 2019, section 4.1)
chooses anew whenever a text is seen, here in another ``epoch``; its code rounds up or down at random, and so does this.
Whole words (Google's later models) are chosen together while each of their pieces has a treatment of its own; SpanBERT
(Joshi et al. 2020, section 3.1) chooses runs of whole words and treats each run as one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from attnviz.errors import JobError
from attnviz.trace import Chosen, Masking, Sampled, Treatment, Unit

if TYPE_CHECKING:
    from attnviz.text.codec import Codec
    from attnviz.text.vocabulary import Vocabulary
    from attnviz.trace import Tokens

__all__ = ["Chosen", "Draw", "Masking", "Sampler", "Treatment", "Unit", "choose", "sample"]

TREATMENTS = (Treatment.MASK, Treatment.RANDOM, Treatment.KEPT)
SPAN_LENGTHS = np.arange(1, 11)
_FALLING = 0.2 * 0.8 ** (SPAN_LENGTHS - 1)
SPAN_SHARES = _FALLING / _FALLING.sum()
"""Geometric with p = 0.2, cut at 10 words and made to add up to 1 again: the paper's mean of 3.8 words is this one's."""

Ints = NDArray[np.int64]


def choose(tokens: Tokens, masking: Masking, seed: int, vocabulary: Vocabulary, epoch: int = 0) -> tuple[Chosen, ...]:
    """The positions to be predicted, in order; the same for the same seed and epoch (static masks stay at epoch 0). Raises JobError."""
    return Sampler(tokens, masking, vocabulary).choose(seed, epoch)


def sample(tokens: Tokens, masking: Masking, seed: int, codec: Codec, epoch: int = 0) -> Sampled:
    """The same as a record. Raises JobError and TextError."""
    sampler = Sampler(tokens, masking, codec.vocabulary)
    chosen = sampler.choose(seed, epoch)
    shown = [one.shown for one in chosen]
    pieces, labels = tuple(map(codec.piece, shown)), tuple(map(codec.label, shown))
    return Sampled(masking, seed, epoch, len(sampler.positions), chosen, pieces, labels)


@dataclass(frozen=True, slots=True, eq=False)
class Draw:
    """Chosen positions in order, each with its index in TREATMENTS and the id that is shown there: all (chosen,)."""

    positions: Ints
    treatments: Ints
    shown: Ints


class Sampler:
    """Draws from one text again and again.

    Units come in a random order and are taken while they fit into ``rate`` × candidates; the next one is taken with the
    probability that fills what is left. So the expected number of chosen tokens is exactly ``rate`` × candidates, however
    short the text. With the same seed a higher rate keeps all that a lower one chose but perhaps its last unit, and
    another split changes treatments only.
    """

    def __init__(self, tokens: Tokens, masking: Masking, vocabulary: Vocabulary) -> None:
        self.positions = _candidates(tokens, vocabulary)
        self._ids = np.array(tokens.ids, dtype=np.int64)[self.positions]
        self._tokens, self._masking, self._vocabulary = tokens, masking, vocabulary
        self._joined = _joined(tokens, self.positions)
        starts = np.flatnonzero(_starts(tokens, self.positions, masking.unit))
        self._sizes = np.diff(starts, append=len(self.positions))  # (units,)
        self._starts = starts

    def choose(self, seed: int, epoch: int = 0) -> tuple[Chosen, ...]:
        """One draw as values. Raises JobError."""
        drawn = self.draw(seed, epoch)
        arrays = (drawn.positions.tolist(), drawn.treatments.tolist(), drawn.shown.tolist())
        return tuple(
            Chosen(place, self._tokens.ids[place], TREATMENTS[kind], shown)
            for place, kind, shown in zip(*arrays, strict=True)
        )

    def draw(self, seed: int, epoch: int = 0) -> Draw:
        """One choice. Raises JobError."""
        for name, number in (("seed", seed), ("epoch", epoch)):
            if not 0 <= number < 2**32:
                raise JobError(f"The {name} must lie between 0 and {2**32 - 1:,}, not {number}.", "BAD_SEED")
        count = len(self.positions)
        random = np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed, epoch))))
        # Drawn for every candidate, whatever rate and split are: a slider changes what it is about and nothing else.
        fill, fates = random.random(), random.random(count)
        words = random.choice(self._vocabulary.words, count)
        order, groups = self._order(random)
        held = np.zeros(len(order), dtype=bool)
        held[order[: _how_many(self._sizes[order], self._masking.rate * count, fill)]] = True
        picked = np.flatnonzero(np.repeat(held, self._sizes))
        bounds = np.cumsum(self._masking.split)
        kinds = np.searchsorted(bounds / bounds[-1], fates[groups[picked]], side="right")
        masks = np.full(len(picked), self._vocabulary.mask)
        shown = np.stack((masks, words[picked], self._ids[picked]))[kinds, np.arange(len(picked))]
        return Draw(self.positions[picked], kinds, shown)

    def _order(self, random: np.random.Generator) -> tuple[Ints, Ints]:
        """Units in the order in which they are taken, and for each candidate the one whose fate it shares."""
        order, own = random.permutation(len(self._sizes)), np.arange(len(self.positions))
        if self._masking.unit is not Unit.SPAN or not len(order):
            return order, own
        lengths = random.choice(SPAN_LENGTHS, len(order), p=SPAN_SHARES)
        runs = _runs(order.tolist(), lengths.tolist(), self._joined[self._starts].tolist())
        firsts = np.empty(len(order), dtype=np.int64)
        for run in runs:
            firsts[run[0] : run[-1] + 1] = self._starts[run[0]]
        return np.concatenate(runs), np.repeat(firsts, self._sizes)


def _candidates(tokens: Tokens, vocabulary: Vocabulary) -> Ints:
    """Positions that may be chosen: neither special, as the template or the text has them, nor hidden already."""
    never = np.isin(np.array(tokens.ids, dtype=np.int64), sorted(vocabulary.special))
    return np.flatnonzero(~(never | np.array(tokens.special, dtype=bool)))


def _joined(tokens: Tokens, positions: Ints) -> NDArray[np.bool_]:
    """Which candidates stand right behind the one before, in the same segment: (candidates,)."""
    segments = np.array(tokens.segments, dtype=np.int64)[positions]
    behind = np.zeros(len(positions), dtype=bool)
    behind[1:] = (np.diff(positions) == 1) & (np.diff(segments) == 0)
    return behind


def _starts(tokens: Tokens, positions: Ints, unit: Unit) -> NDArray[np.bool_]:
    """Which candidates begin a unit; a span is made of whole words."""
    if unit is Unit.TOKEN:
        return np.ones(len(positions), dtype=bool)
    # Tokens of no word are words of their own.
    numbers = [-2 - place if word is None else word for place, word in enumerate(tokens.words)]
    words = np.array(numbers, dtype=np.int64)[positions]
    begins: NDArray[np.bool_] = ~_joined(tokens, positions) | (np.diff(words, prepend=-1) != 0)
    return begins


def _how_many(sizes: Ints, room: float, fill: float) -> int:
    """How many units are taken: those that fit, and one more where ``fill`` in [0, 1) is below the share of it that would."""
    ends = np.cumsum(sizes)
    whole = int(np.searchsorted(ends, room + 1e-9, side="right"))
    if whole == len(sizes):
        return whole
    left = room - (ends[whole - 1] if whole else 0)
    return whole + int(fill < left / sizes[whole])


def _runs(order: list[int], lengths: list[int], joined: list[bool]) -> list[list[int]]:
    """Spans that begin at every word in ``order`` that is still free, as long as ``lengths`` and free neighbours allow."""
    free = [True] * len(order)
    runs = []
    for start, length in zip(order, lengths, strict=True):
        if not free[start]:
            continue
        end = start + 1
        while end < start + length and end < len(free) and free[end] and joined[end]:
            end += 1
        free[start:end] = [False] * (end - start)
        runs.append(list(range(start, end)))
    return runs
