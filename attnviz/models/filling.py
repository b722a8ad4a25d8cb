"""Fill several masks: all at once, from left to right, or the surest first; and measure what came out by one yardstick.

A masked model predicts each mask as if the others were unknown: two words that are both likely need not go together. Filled one
after another, each word is predicted with those that stand there already (Wang & Cho 2019; Ghazvininejad et al. 2019).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING

import torch

from attnviz.models.checkpoint import BATCH_TOKENS, MOST_MASKS, log_probabilities, standing
from attnviz.text.filled import filled_text
from attnviz.trace import Candidate, Candidates, Filled, Filling, FillStep, Progress, Record, Way

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from torch import Tensor

    from attnviz.models.checkpoint import Checkpoint
    from attnviz.trace import Tokens

WHAT = {
    Way.JOINT: "all masks filled at once",
    Way.LEFT_TO_RIGHT: "masks filled from left to right",
    Way.BEST_FIRST: "masks filled the surest first",
}
COMPARING = "comparing the fillings"


@dataclass(frozen=True, slots=True)
class Reading:
    """What one forward says at the masks that are open: the candidates, and the best word that may be put in."""

    open: tuple[Candidates, ...]
    best: tuple[Filled, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Filler:
    """Fills the masks of one text, at most 32; texts that two ways come by are read once."""

    checkpoint: Checkpoint
    tokens: Tokens
    top: int
    _read: dict[tuple[int, ...], Reading] = field(default_factory=dict)
    _judged: dict[tuple[int, ...], tuple[float, float]] = field(default_factory=dict)

    @property
    def masks(self) -> tuple[int, ...]:
        return self.tokens.masks[:MOST_MASKS]

    def run(self, ways: Sequence[Way]) -> Iterator[Record]:
        """Yield the Candidates of the unfilled text, each way's FillSteps and Filling, then the Fillings with their measures."""
        self.checkpoint.require_mask_head()
        first = yield from self._reading(self.tokens.ids, self.masks, Progress(WHAT[ways[0]]))
        yield from first.open
        fillings = []
        for way in ways:
            filling = yield from self._fill(way)
            fillings.append(filling)
            yield filling
        for filling in fillings:
            left_to_right, pseudo = yield from self._measures(filling.ids)
            yield replace(filling, left_to_right=left_to_right, pseudo=pseudo)

    def _fill(self, way: Way) -> Generator[Record, None, Filling]:
        ids, order = list(self.tokens.ids), list[Filled]()
        for step in count():
            still = [place for place in self.masks if place not in {filled.position for filled in order}]
            if not still:
                break
            reading = yield from self._reading(ids, still, Progress(WHAT[way], len(order), len(self.masks)))
            taken = chosen(way, reading.best)
            yield FillStep(way, step, reading.open, taken)
            for filled in taken:
                ids[filled.position] = filled.word.id
            order += taken
        text = filled_text(self.checkpoint.codec, self.tokens, ids, self.masks)
        return Filling(way, tuple(order), tuple(ids), text)

    def _reading(self, ids: Sequence[int], still: Sequence[int], here: Progress) -> Generator[Record, None, Reading]:
        key = tuple(ids)
        if key not in self._read:
            row = torch.tensor([key], device=self.checkpoint.device)  # (1, tokens)
            places = [(0, place) for place in still]
            scores = yield from self.checkpoint.scores(row, self.tokens, places, here)  # (masks, vocabulary)
            self._read[key] = self._in_words(scores, still)
        return self._read[key]

    def _in_words(self, scores: Tensor, still: Sequence[int]) -> Reading:
        probabilities = scores.softmax(-1)
        entries = self.checkpoint.best(probabilities, self.top)
        found = [self._candidates(*part) for part in zip(still, probabilities, entries, strict=True)]
        return Reading(tuple(found), self._best(scores, still))

    def _candidates(self, place: int, row: Tensor, entries: tuple[Candidate, ...]) -> Candidates:
        original = self.tokens.originals[place] if self.tokens.originals else None
        if original is None:
            return Candidates(place, entries)
        probability, rank = standing(row, original)
        return Candidates(place, entries, self.checkpoint.codec.label(original), rank, probability)

    def _best(self, scores: Tensor, still: Sequence[int]) -> tuple[Filled, ...]:
        """The most probable word at every open mask that is no special token."""
        codec = self.checkpoint.codec
        closed = torch.tensor(codec.unwritable(scores.shape[-1]), dtype=torch.long, device=scores.device)
        numbers = scores.index_fill(-1, closed, -math.inf).argmax(-1).tolist()
        found = []
        for place, row, number, log in zip(still, scores, numbers, log_probabilities(scores, numbers), strict=True):
            word = Candidate(number, codec.piece(number), codec.label(number), math.exp(log))
            found.append(Filled(place, word, log, standing(row, number)[1]))
        return tuple(found)

    # measures

    def _measures(self, ids: tuple[int, ...]) -> Generator[Record, None, tuple[float, float]]:
        """Ln p of the words, uncovered from left to right; and the sum of ln p of each, masked alone."""
        if ids not in self._judged:
            covered = [self.masks[number:] for number in range(len(self.masks))]
            alone = [(place,) for place in self.masks]
            chain = yield from self._log_probability(ids, covered)
            pseudo = yield from self._log_probability(ids, alone)
            self._judged[ids] = chain, pseudo
        return self._judged[ids]

    def _log_probability(self, ids: Sequence[int], blanks: Sequence[Sequence[int]]) -> Generator[Record, None, float]:
        """The sum of ln p of the token at the first place of each blank, while the places of that blank are masked."""
        at_once, total = max(1, BATCH_TOKENS // len(self.tokens)), 0.0
        for start in range(0, len(blanks), at_once):
            some, here = blanks[start : start + at_once], Progress(COMPARING, start, len(blanks))
            scores = yield from self.checkpoint.guess(ids, self.tokens, some, here)  # (blanks, vocabulary)
            total += math.fsum(log_probabilities(scores, [ids[place] for place, *_ in some]))
        return total


def chosen(way: Way, best: Sequence[Filled]) -> tuple[Filled, ...]:
    """What a step of this way puts in, of the best words of all open masks from left to right; of equals the leftmost."""
    match way:
        case Way.JOINT:
            return tuple(best)
        case Way.LEFT_TO_RIGHT:
            return (best[0],)
        case Way.BEST_FIRST:
            return (max(best, key=lambda filled: filled.log_probability),)
