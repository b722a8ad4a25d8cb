"""Measure a model's predictions at one mask rate after another: the trade-off behind BERT's 15 %."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnviz.errors import JobError
from attnviz.text.masking import Sampler
from attnviz.text.passages import passages
from attnviz.trace import Masking, Measured, Notice, Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from attnviz.models.library import Library
    from attnviz.models.reference import Reference
    from attnviz.text.codec import Codec
    from attnviz.trace import Tokens

RATES = (0.05, 0.10, 0.15, 0.20, 0.30, 0.40, 0.50, 0.60, 0.70, 0.80)
USUAL_RATE = 0.15
LONGEST_PASSAGE, MOST_PASSAGES = 128, 32
MOST_PASSES = 1000
NOTHING = "nothing"
"""The topic of the Notice that there is nothing to mask."""
WANTED, MOST_OWN_PASSES = 400, 64
"""As many predictions at 15 % are aimed at where nobody says how many passes, as long as they don't take too many."""


@dataclass(frozen=True, slots=True)
class MeasureMaskRates:
    """Yield what is Measured, then each rate's RatePoint again and again as more is counted in.

    The text is cut into passages of at most 128 tokens, of which 32 are read; a Notice says what was left out, or that there
    is nothing to mask. ``passes`` is how often each passage is masked anew at each rate, 0 for as often as it takes.
    """

    checkpoint: Reference
    text: str
    seed: int = 0
    passes: int = 0
    rates: tuple[float, ...] = RATES

    def __post_init__(self) -> None:
        if not 0 <= self.passes <= MOST_PASSES:
            raise JobError(
                f"The number of passes must lie between 1 and {MOST_PASSES:,} (0: as many as it takes), not {self.passes:,}.",
                "BAD_PASSES",
            )
        if not self.rates or len(set(self.rates)) < len(self.rates):
            raise JobError(f"The mask rates must be different ones, at least one; {self.rates} are not.", "BAD_RATE")
        for rate in self.rates:
            Masking(rate)

    def run(self, library: Library) -> Iterator[Record]:
        from attnviz.models.mask_rates import measure  # noqa: PLC0415 - imports torch: only where a model runs

        checkpoint = library.encoder(self.checkpoint)
        checkpoint.require_mask_head()
        longest = min(LONGEST_PASSAGE, checkpoint.report.positions)
        texts, is_whole = passages(checkpoint.codec, self.text, longest, MOST_PASSAGES)
        if not is_whole:
            yield Notice(
                "passages",
                f"Measured on the first {len(texts)} passages of at most {longest} tokens; the rest of the text is left out.",
            )
        candidates = maskable(checkpoint.codec, texts)
        if not candidates:
            yield Notice(NOTHING, "There is nothing to mask: the text has no words but special tokens; write some.")
            return
        passes = self.passes or min(MOST_OWN_PASSES, math.ceil(WANTED / (USUAL_RATE * candidates)))
        yield Measured(checkpoint.report.name, len(texts), sum(map(len, texts)), candidates, passes)
        yield from measure(checkpoint, texts, self.rates, self.seed, passes)


def maskable(codec: Codec, texts: Sequence[Tokens]) -> int:
    """How many tokens of all texts may be masked."""
    return sum(len(Sampler(text, Masking(), codec.vocabulary).positions) for text in texts)
