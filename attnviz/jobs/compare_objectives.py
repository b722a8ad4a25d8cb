"""BERT, RoBERTa and ELECTRA on the same text: what each objective supervises, and how well each model does it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from attnviz.errors import JobError
from attnviz.jobs.spoil_and_detect import SpoilAndDetect
from attnviz.models.masked_prediction import predict_sampled
from attnviz.text.masking import sample
from attnviz.trace import (
    Candidates,
    Detected,
    Masking,
    Notice,
    Objective,
    Progress,
    Record,
    Spoiled,
    Tokens,
    Trace,
    judgement,
)
from attnviz.trace.objectives import BERT, ELECTRA, ROBERTA

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from attnviz.models.checkpoint import Checkpoint
    from attnviz.models.library import Library
    from attnviz.models.reference import Reference

DRAWS = 20
MOST_DRAWS = 1000
MASKS = Masking(0.15, (1.0, 0.0, 0.0))
LEAST = 1e-30  # a probability that float32 rounded to nothing
DOING = "one text under three objectives"


@dataclass(frozen=True, slots=True)
class CompareObjectives:
    """Yield an Objective for each model that is given, anew after every draw: 15 % of the pieces masked, by ``seed`` and the draw's number.

    ``electra`` tells what ``generator`` replaced; both need one vocabulary.
    """

    text: str
    pair: str | None = None
    bert: Reference | None = None
    roberta: Reference | None = None
    electra: Reference | None = None
    generator: Reference | None = None
    seed: int = 0
    draws: int = DRAWS

    def __post_init__(self) -> None:
        if not 1 <= self.draws <= MOST_DRAWS:
            raise JobError(f"The number of draws must lie between 1 and {MOST_DRAWS}, not {self.draws}.", "BAD_DRAWS")

    def run(self, library: Library) -> Iterator[Record]:
        for role, reference in ((BERT, self.bert), (ROBERTA, self.roberta)):
            if reference is not None:
                yield from self._mask(role, library.encoder(reference))
        if self.electra is not None and self.generator is not None:
            yield from self._replace(library, self.generator, self.electra)

    def _mask(self, role: str, checkpoint: Checkpoint) -> Iterator[Record]:
        checkpoint.require_mask_head()
        tokens = yield from _read(checkpoint, self.text, self.pair)
        found = _begin(role, checkpoint, tokens)
        yield found
        for draw in range(self.draws):
            sampled = sample(tokens, MASKS, self.seed, checkpoint.codec, draw)
            for record in predict_sampled(checkpoint, tokens, sampled, 1):
                if isinstance(record, Candidates):
                    found = replace(
                        found,
                        supervised=found.supervised + 1,
                        nats=found.nats - math.log(max(record.probability or 0.0, LEAST)),
                        right=found.right + (record.rank == 1),
                    )
                else:
                    yield Progress(f"{DOING}: {role}", draw, self.draws)
            found = replace(found, draws=draw + 1)
            yield found

    def _replace(self, library: Library, generator: Reference, discriminator: Reference) -> Iterator[Record]:
        checkpoint = library.encoder(discriminator)
        tokens = yield from _read(checkpoint, self.text, self.pair)
        found = _begin(ELECTRA, checkpoint, tokens)
        yield found
        for draw in range(self.draws):
            trace = Trace()
            game = SpoilAndDetect(generator, discriminator, self.text, self.pair, MASKS.rate, self.seed + draw, top=1)
            for record in game.run(library):
                trace = trace.plus(record)
                yield Progress(f"{DOING}: {ELECTRA}", draw, self.draws)
            found = _told(found, trace)
            yield found


def _read(checkpoint: Checkpoint, text: str, pair: str | None) -> Generator[Record, None, Tokens]:
    """The text as this model cuts it; only that it was cut short is told."""
    for record in checkpoint.encode(text, pair):
        if isinstance(record, Notice):
            yield record
        elif isinstance(record, Tokens):
            return record
    raise RuntimeError("a text without tokens was let through")


def _begin(role: str, checkpoint: Checkpoint, tokens: Tokens) -> Objective:
    report = checkpoint.report
    pieces = sum(not added for added in tokens.special)
    return Objective(role, report.family, report.name, report.parameters, report.vocabulary, report.positions, pieces)


def _told(found: Objective, trace: Trace) -> Objective:
    """With one more spoiled text that was judged."""
    spoiled, detected = trace.find(Spoiled), trace.find(Detected)
    if spoiled is None or detected is None:
        return found
    told = judgement(spoiled, detected)
    return replace(
        found,
        draws=found.draws + 1,
        supervised=found.supervised + told.judged,
        nats=found.nats + (told.loss or 0.0) * told.judged,
        caught=found.caught + told.caught,
        missed=found.missed + told.missed,
        false_alarms=found.false_alarms + told.false_alarms,
    )
