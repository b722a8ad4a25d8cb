"""ELECTRA's game: a generator spoils a text, and a discriminator tells which words were replaced (Clark et al. 2020)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from attnviz.models.detection import judge, require_detector
from attnviz.models.generation import draw_words, require_one_vocabulary
from attnviz.text.masking import sample
from attnviz.text.spoiling import spoil
from attnviz.trace import Masking, Progress, Record, Tokens

if TYPE_CHECKING:
    from collections.abc import Iterator

    from attnviz.models.checkpoint import Checkpoint
    from attnviz.models.library import Library
    from attnviz.models.reference import Reference

JUDGING = "the discriminator judges"


@dataclass(frozen=True, slots=True)
class SpoilAndDetect:
    """Yield Tokens, what was Sampled, Candidates for every masked position, the text as it was Spoiled, and what was Detected in that.

    ``rate`` of the tokens is masked, and each filled with a word drawn by ``seed``; words ``by_hand`` (position in the text,
    word) stand before these. Both models need the same vocabulary.
    """

    generator: Reference
    discriminator: Reference
    text: str
    pair: str | None = None
    rate: float = 0.15
    seed: int = 0
    by_hand: tuple[tuple[int, str], ...] = ()
    top: int = 10

    def run(self, library: Library) -> Iterator[Record]:
        generator, discriminator = library.encoder(self.generator), library.encoder(self.discriminator)
        generator.require_mask_head()
        require_detector(discriminator)
        require_one_vocabulary(generator, discriminator)
        narrow = min((generator, discriminator), key=_longest)
        for record in replace(narrow, codec=generator.codec).encode(self.text, self.pair):
            yield record
            if isinstance(record, Tokens):
                yield from self._play(generator, discriminator, record, _longest(narrow))

    def _play(self, generator: Checkpoint, discriminator: Checkpoint, tokens: Tokens, longest: int) -> Iterator[Record]:
        sampled = sample(tokens, Masking(self.rate, (1.0, 0.0, 0.0)), self.seed, generator.codec)
        yield sampled
        drawn = yield from draw_words(generator, tokens, sampled.chosen, self.seed, self.top)
        spoiled = spoil(tokens, drawn, dict(self.by_hand), generator.codec, longest)
        yield spoiled
        yield from judge(discriminator, spoiled.tokens, Progress(JUDGING))


def _longest(checkpoint: Checkpoint) -> int:
    return checkpoint.model.config.longest
