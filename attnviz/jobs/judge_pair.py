"""Judge whether one sentence follows another: the next-sentence head, with the way of the first token to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnviz.errors import TextError
from attnviz.models.judging import judge, judged, require_pair_head
from attnviz.trace import Progress, Record, Tokens, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator

    from attnviz.models.checkpoint import Checkpoint
    from attnviz.models.library import Library
    from attnviz.models.reference import Reference

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class JudgePair:
    """Yield Tokens, the forward's records (Attention, Hidden, Timing) and the PairJudgement of ``text`` followed by ``pair``.

    Raises TextError ``NEEDS_TWO`` where either has no token, CheckpointError ``NO_NSP_HEAD`` where the model has no such head.
    """

    checkpoint: Reference
    text: str
    pair: str

    def run(self, library: Library) -> Iterator[Record]:
        checkpoint = library.encoder(self.checkpoint)
        require_pair_head(checkpoint)
        for record in encoded(checkpoint, self.text, self.pair):
            yield record
            if isinstance(record, Tokens):
                states = yield from checkpoint.trace(record)
                yield judged(checkpoint, states)


@dataclass(frozen=True, slots=True)
class JudgePairs:
    """Yield a Verdict for each of some pairs, one by one, and Progress between them."""

    checkpoint: Reference
    pairs: tuple[Pair, ...]

    def run(self, library: Library) -> Iterator[Record]:
        checkpoint = library.encoder(self.checkpoint)
        require_pair_head(checkpoint)
        for place, (text, pair) in enumerate(self.pairs):
            yield Progress("pairs judged", place, len(self.pairs))
            for record in encoded(checkpoint, text, pair):
                if isinstance(record, Tokens):
                    yield Verdict(place, judge(checkpoint, record).is_next)


def encoded(checkpoint: Checkpoint, text: str, pair: str) -> Iterator[Record]:
    """A Notice where the pair was cut, then its Tokens. Raises TextError where a sentence has none."""
    for name, sentence in (("first", text), ("second", pair)):
        if not checkpoint.codec.ids(sentence):
            raise TextError(
                f"Next-sentence prediction compares two sentences, and the {name} one is empty; type both.", "NEEDS_TWO"
            )
    yield from checkpoint.encode(text, pair)
