"""How probable a text is to a masked model: every word masked in turn, pseudo-log-likelihood and pseudo-perplexity."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnviz.trace import OwnProbability, PseudoLikelihood, Record, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from attnviz.models.checkpoint import Checkpoint
    from attnviz.models.library import Library
    from attnviz.models.reference import Reference


@dataclass(frozen=True, slots=True)
class ScoreText:
    """Yield Tokens, an OwnProbability for every word piece, and the PseudoLikelihood of the whole (Salazar et al. 2020).

    Special tokens and masks that are written in the text are read but not scored. ``within_word`` hides with each piece those
    that follow it in the same word (Kauf & Ivanova 2023).
    """

    checkpoint: Reference
    text: str
    pair: str | None = None
    within_word: bool = False

    def run(self, library: Library) -> Iterator[Record]:
        checkpoint = library.encoder(self.checkpoint)
        checkpoint.require_mask_head()
        for record in checkpoint.encode(self.text, self.pair):
            yield record
            if isinstance(record, Tokens):
                yield from self._score(checkpoint, record)

    def _score(self, checkpoint: Checkpoint, tokens: Tokens) -> Iterator[Record]:
        found = []
        for record in checkpoint.own_probabilities(tokens, within_word=self.within_word):
            if isinstance(record, OwnProbability):
                found.append(record)
            yield record
        yield summed(tokens, found, within_word=self.within_word)


def summed(tokens: Tokens, found: Sequence[OwnProbability], *, within_word: bool) -> PseudoLikelihood:
    """The log-probabilities of all tokens, and of those of each sentence."""
    sentences = [[own for own in found if _sentence(tokens, own.position) == number] for number in (0, 1)]
    parts = tuple((_total(part), len(part)) for part in sentences[: 1 if tokens.pair is None else 2])
    return PseudoLikelihood(_total(found), len(found), parts, within_word)


def _sentence(tokens: Tokens, position: int) -> int:
    """0 or 1: of the first or the second text."""
    span = tokens.spans[position]
    return int(span is not None and span[0] > len(tokens.text))


def _total(found: Sequence[OwnProbability]) -> float:
    return math.fsum(-own.nats for own in found)
