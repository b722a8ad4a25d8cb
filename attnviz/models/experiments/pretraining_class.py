"""All that are pre-trained side by side: three BERTs, an ELECTRA and two probes, on the same blocks and draws, looked at together."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

import torch

from attnviz.models.experiments.learner import Course
from attnviz.models.experiments.pretraining import (
    GENERATOR,
    HIDDEN,
    LAYERS,
    ROWS,
    TOKENS,
    USUAL,
    Corpus,
    Electra,
    MaskedModel,
    Probe,
    encoder,
)
from attnviz.models.experiments.pretraining_measures import Detected, Judged, judged, word_logits

RATES = (0.05, USUAL, 0.4)
RATE = 5e-3


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What was measured after ``step`` steps: BERTs by their rate, the probes on BERT's and on the discriminator's states.

    ``supervised`` counts the positions that each was asked for so far: those of the BERTs, then the discriminator's.
    """

    step: int
    berts: tuple[Judged, ...]
    generator: Judged
    probes: tuple[Judged, Judged]
    detected: Detected
    supervised: tuple[int, ...]

    @property
    def words(self) -> int:
        """How many words each was shown."""
        return self.step * ROWS * TOKENS


class PretrainingClass:
    """The same first weights wherever the shapes are, and masks of a lower rate are among those of a higher one."""

    def __init__(self, corpus: Corpus, steps: int, seed: int) -> None:
        self._corpus, self._seed, self._step = corpus, seed, 0
        course = Course(steps, RATE, max(1, steps // 10))
        self.berts = [MaskedModel(encoder(HIDDEN, LAYERS, seed, corpus, mlm=True), rate, course) for rate in RATES]
        generator = encoder(GENERATOR, LAYERS, seed, corpus, mlm=True)
        self.electra = Electra(generator, encoder(HIDDEN, LAYERS, seed, corpus, rtd=True), course)
        self.probes = [
            Probe(each, corpus, course) for each in (self.berts[RATES.index(USUAL)].model, self.electra.discriminator)
        ]

    def learn(self) -> Iterator[None]:
        """One step of everybody on the same blocks; yield before each."""
        ids = self._corpus.draw(self._chance())
        everybody: tuple[MaskedModel | Electra | Probe, ...] = (*self.berts, self.electra, *self.probes)
        for each in everybody:
            yield
            each.learn(ids, self._chance())
        self._step += 1

    def look(self) -> Generator[None, None, Look]:
        """Measure everybody on the held-out masks; yield in between."""
        held_out = self._corpus.held_out
        berts = []
        for each in self.berts:
            found = yield from each.judged(held_out)
            berts.append(found)
        generator = yield from judged(lambda batch: word_logits(self.electra.generator, batch), held_out)
        first = yield from self.probes[0].judged(held_out)
        second = yield from self.probes[1].judged(held_out)
        detected = yield from self.electra.detected(held_out, self._seed)
        supervised = (*(each.supervised for each in self.berts), self.electra.supervised)
        return Look(self._step, tuple(berts), generator, (first, second), detected, supervised)

    def _chance(self) -> torch.Generator:
        """Anew for each and the same for all: what is drawn first is drawn alike."""
        return torch.Generator().manual_seed(self._seed * 1_000_003 + self._step)
