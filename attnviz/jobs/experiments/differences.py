"""The differences: seq2seq, attention, Transformer, BERT, RoBERTa and ELECTRA in theory, and the shipped ones measured."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from attnviz import places
from attnviz.jobs.experiments.differences_figures import (
    BERT,
    COSTS,
    ELECTRA,
    FAST,
    MASKED,
    MEASURED,
    READS,
    SHIPPED,
    WRITING,
    Measured,
    auc,
    f1,
    figures,
    sentences,
)
from attnviz.jobs.experiments.error_rate import judged, word_errors
from attnviz.jobs.experiments.experiment import Experiment
from attnviz.jobs.experiments.setting import Whole, setting
from attnviz.jobs.experiments.spelling import drawn, held_out
from attnviz.models import shelf
from attnviz.models.reference import Reference
from attnviz.text.passages import passages
from attnviz.trace import Conclusion, Notice, Progress, Record, Tokens

if TYPE_CHECKING:
    from attnviz.models.checkpoint import Checkpoint
    from attnviz.models.encoder_decoder import EncoderDecoder
    from attnviz.models.experiments.differences import Work
    from attnviz.models.library import Library

SENTENCE, WORD = "The capital of France is a very old city.", "nationality"
LONG, LONGEST_PASSAGE, MOST_PASSAGES = 512, 64, 64
TASKS = ("spelling → sound: words right", "masked pieces: right", "replaced words: F1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Differences(Experiment):
    """Puts six kinds of models side by side, and measures those that ship: how well, from how much, how fast."""

    name: ClassVar[str] = "differences"
    formula: ClassVar[str] = (
        "recurrent: n steps, O(n·d²)      self-attention: 1 step, O(n²·d)      n positions read, m written, width d"
    )
    figures: ClassVar[tuple[str, ...]] = (MEASURED, FAST, READS, COSTS)

    words: int = field(
        default=30,
        metadata=setting(Whole("words", "How many held-out words of each length are spelled", 1, 135), quick=3),
    )
    draws: int = field(
        default=6,
        metadata=setting(Whole("draws", "How often each passage is masked, and spoiled, anew", 1, 100), quick=1),
    )
    repeats: int = field(
        default=11, metadata=setting(Whole("repeats", "How often each is timed; the median is told", 1, 200), quick=3)
    )

    def measure(self, library: Library) -> Iterator[Record]:
        found: dict[str, Measured] = {}
        yield from figures(found)
        at_hand = {folder.name: Reference(str(folder)) for folder in shelf.shipped()}
        for name, shipped in SHIPPED.items():
            lacking = [each for each in _needed(name) if each not in at_hand]
            if lacking:
                sentence = f"{name} was not measured: '{lacking[0]}' does not ship with this copy."
                yield Notice(shipped, sentence)
                continue
            here = Progress(f"{name}: {shipped}", len(found), len(SHIPPED))
            yield here
            for _ in library.examine(at_hand[shipped]):
                yield here
            measuring = self._written if name in WRITING else self._encoded
            for own in measuring(library, name, at_hand, here):
                if isinstance(own, Measured):
                    found[name] = own
                    yield from figures(found)
                else:
                    yield own
        yield Conclusion(sentences(found, SENTENCE, WORD))

    def _written(
        self, library: Library, name: str, at_hand: dict[str, Reference], here: Progress
    ) -> Iterator[Record | Measured]:
        """What is measured of an encoder–decoder, again with every number more."""
        from attnviz.models.experiments.differences import answering, reading  # noqa: PLC0415 - imports torch

        model = library.encoder_decoder(at_hand[SHIPPED[name]])
        own = yield from self._spelled(model, here)
        yield own
        own = replace(own, sentence=(yield from self._time(lambda: answering(model, WORD, here))))
        limit = model.writer.longest_source
        positions = LONG if limit is None else min(LONG, limit)
        long = yield from self._time(lambda: reading(model, positions, self.seed, here))
        yield replace(own, long=long, positions=positions)

    def _spelled(self, model: EncoderDecoder, here: Progress) -> Generator[Record, None, Measured]:
        """How many of the held-out words are right, and how many phones, the end among them, each teaches."""
        from attnviz.models.experiments.answers import answers  # noqa: PLC0415 - imports torch

        found, phones = [], []
        for alike in drawn(held_out(), self.words, self.seed).values():
            made = yield from answers(model, [model.source.ids(word.text) for word in alike], here)
            for word, answer in zip(alike, made, strict=True):
                found.append(judged([model.vocabulary[index] for index in answer], word.sounds))
                phones.append(len(word.sounds[0]) + 1)
        wrong = word_errors(found)
        return Measured(
            model.report.parameters, TASKS[0], 1 - wrong.value, wrong.error,
            count=len(found), supervised=float(np.mean(phones)), share=1.0,
        )  # fmt: skip

    def _encoded(
        self, library: Library, name: str, at_hand: dict[str, Reference], here: Progress
    ) -> Iterator[Record | Measured]:
        """The same of an encoder."""
        from attnviz.models.experiments.differences import forward, forward_of  # noqa: PLC0415 - imports torch

        model = library.encoder(at_hand[SHIPPED[name]])
        if name in MASKED:
            own = yield from self._guessed(model, here)
        else:
            own = yield from self._told(library.encoder(at_hand[SHIPPED[BERT]]), model, here)
        yield own
        for tokens in model.encode(SENTENCE):
            if isinstance(tokens, Tokens):
                own = replace(own, sentence=(yield from self._time(lambda read=tokens: forward(model, read, here))))  # type: ignore[misc] # a lambda's default
        positions = min(LONG, model.model.config.longest)
        long = yield from self._time(lambda: forward_of(model, positions, self.seed, here))
        yield replace(own, long=long, positions=positions)

    def _guessed(self, model: Checkpoint, here: Progress) -> Generator[Record, None, Measured]:
        """How many masked pieces are put first."""
        from attnviz.models.experiments.heads import masked, score  # noqa: PLC0415 - imports torch

        model.require_mask_head()
        texts = self._passages(model, model)
        asked = masked(model, texts, self.seed, self.draws)
        count = sum(each.predictions for each in asked)
        own = Measured(model.report.parameters, TASKS[1], count=count)
        if not count:
            return own
        right = float((yield from score(model, asked, (), here)).right.mean())
        return replace(
            own, score=right, error=(right * (1 - right) / count) ** 0.5,
            supervised=count / len(texts) / self.draws, share=count / _pieces(texts) / self.draws,
        )  # fmt: skip

    def _told(self, generator: Checkpoint, model: Checkpoint, here: Progress) -> Generator[Record, None, Measured]:
        """How well replaced words are told in the passages that the generator spoiled."""
        from attnviz.models.experiments.differences import told  # noqa: PLC0415 - imports torch

        texts = self._passages(generator, model)
        logits, replaced = yield from told(generator, model, texts, self.seed, self.draws, here.what)
        count = len(logits)
        return Measured(
            model.report.parameters, TASKS[2], f1(logits, replaced), None, auc(logits, replaced), count,
            count / len(texts) / self.draws, count / _pieces(texts) / self.draws,
        )  # fmt: skip

    def _passages(self, *readers: Checkpoint) -> tuple[Tokens, ...]:
        """The passages as the first reads them, short enough for all."""
        text = (places.resources() / "samples" / "the_low_country.txt").read_text(encoding="utf-8")
        longest = min(LONGEST_PASSAGE, *(each.model.config.longest for each in readers))
        return passages(readers[0].codec, text, longest, MOST_PASSAGES)[0]

    def _time(self, work: Work) -> Generator[Record, None, float]:
        """The median of the runs, in milliseconds."""
        from attnviz.models.experiments.differences import seconds  # noqa: PLC0415 - imports torch

        return float(np.median((yield from seconds(work, self.repeats)))) * 1000


def _needed(name: str) -> tuple[str, ...]:
    """The shipped models without which one can't be measured: the replaced words are BERT's."""
    return (SHIPPED[name], SHIPPED[BERT]) if name == ELECTRA else (SHIPPED[name],)


def _pieces(texts: tuple[Tokens, ...]) -> int:
    return sum(not added for text in texts for added in text.special)
