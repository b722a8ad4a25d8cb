"""An open encoder–decoder: its model, its two codecs and its load report, and the questions that jobs may ask of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import torch

from attnviz.edits import ForceToken, HideSource, misfit
from attnviz.errors import CheckpointError, JobError, TextError, printable
from attnviz.models.attention import overview
from attnviz.models.beam import search
from attnviz.models.decoding import Made, Plan, decode
from attnviz.trace import Attention, Decoding, LoadReport, Notice, Progress, Record, Timing, Tokens

if TYPE_CHECKING:
    from attnviz.edits import DecodingEdit
    from attnviz.models.gate import Verdict
    from attnviz.models.writer import Kept, Writer
    from attnviz.text.codec import Codec

LONGEST_SOURCE = 2000
SIGN_S = 0.01  # between two signs of life
LOOK_S = 0.25  # after which an unfinished output is shown for the first time; then after twice as long, and so on


@dataclass(frozen=True, eq=False)
class EncoderDecoder:
    """Reads only; one thread uses it. Tensors stay inside: what comes out is records."""

    writer: Writer
    source: Codec
    target: Codec
    vocabulary: tuple[str, ...]
    report: LoadReport
    device: torch.device
    verdict: Verdict

    def read(self, text: str) -> Iterator[Record]:
        """Yield Notices about what can't be read, then the source's Tokens. Raises TextError."""
        if not text.strip():
            raise TextError("There is nothing to decode: the source is blank; type a word or a sentence.", "EMPTY_TEXT")
        most = min(LONGEST_SOURCE, self.writer.longest_source or LONGEST_SOURCE)
        tokens = self.source.encode(text, limit=most)
        if tokens.total > len(tokens):
            yield Notice("truncated", f"Reading the first {len(tokens)} of {tokens.total} source tokens.")
        unknown = [label for label, piece in zip(_written(tokens), tokens.pieces, strict=True) if self._unknown(piece)]
        if unknown:
            names = ", ".join(dict.fromkeys(printable(name, 12) for name in unknown[:5]))
            sentence = f"'{self.report.name}' doesn't know {len(unknown)} of {len(tokens)} source tokens ({names}); it reads them as unknown."
            yield Notice("unknown", sentence)
        yield tokens

    def target_ids(self, text: str) -> tuple[int, ...]:
        """The ids of a text in the target's language. Raises TextError where the model has no word for a part of it."""
        ids = self.target.ids(text)
        if any(self._is_unknown_target(number) for number in ids):
            sentence = f"The target vocabulary of '{self.report.name}' lacks a part of '{printable(text, 60)}'; write it in the pieces that the model writes."
            raise TextError(sentence, "UNKNOWN_TARGET")
        return ids

    def limit(self, wanted: int | None) -> int:
        """The most words of an answer. Raises JobError for a limit that makes no sense."""
        if wanted is None:
            return self.writer.longest
        if not 1 <= wanted <= self.writer.longest:
            raise JobError(f"The limit must lie between 1 and {self.writer.longest} words, not {wanted}.", "BAD_LIMIT")
        return wanted

    @torch.inference_mode()
    def decode(
        self, tokens: Tokens, plan: Plan, edits: Sequence[DecodingEdit] = (), kept: Kept | None = None
    ) -> Iterator[Record]:
        """Yield the Encoding, Progress and the growing Decoding, a Notice where it never ended, and the Timing.

        With ``kept`` neither the encoder nor the steps before the first changed one run again. ``edits`` must fit, see ``misfits``.
        """
        began = time.perf_counter()
        reading = self.writer.read(tokens, kept)
        yield from reading.records()
        stepper = reading.stepper(edits)
        first = 0 if kept is None else kept.steps
        state = stepper.start() if kept is None or not first else reading.state_after(kept)
        previous = kept.decoding.tokens[first - 1] if kept is not None and first else stepper.begin
        made: list[Made] = []
        plan = replace(plan, forced={**plan.forced, **forced_by(edits)})
        sign, look = began, LOOK_S
        write = partial(reading.written, stepper, made, state, self.vocabulary, kept)
        if previous != self.writer.end or not first:
            for step in decode(stepper, plan, state, previous, first):
                made.append(step)
                now = time.perf_counter()
                if now - sign >= SIGN_S:
                    sign = now
                    yield Progress("decoding", first + len(made), plan.limit)
                if now - began >= look:
                    look *= 2
                    yield from self._told(write(), edits)
        yield from self._told(write(), edits)
        if (made[-1].token if made else previous) != self.writer.end:
            yield self._endless(first + len(made), plan.limit)
        yield Timing(time.perf_counter() - began)

    @torch.inference_mode()
    def search(self, tokens: Tokens, plan: Plan, width: int, penalty: float) -> Iterator[Record]:
        """Yield the Encoding, Progress, the BeamTree, the Decoding of its best output, and the Timing."""
        began = time.perf_counter()
        reading = self.writer.read(tokens, None)
        yield from reading.records()
        stepper = reading.stepper(())
        found, sign = None, began
        for count, found in enumerate(search(stepper, plan, width), start=1):  # noqa: B007 - the last one is wanted
            if time.perf_counter() - sign >= SIGN_S:
                sign = time.perf_counter()
                yield Progress("searching", count, plan.limit)
        if found is None:
            return
        tree = found.tree(penalty, self.vocabulary)
        yield tree
        made = found.path(tree.leaves[0])
        yield from self._told(reading.written(stepper, made, stepper.start(), self.vocabulary, None), ())
        if made[-1].token != self.writer.end:
            yield self._endless(len(made), plan.limit)
        yield Timing(time.perf_counter() - began)

    def _told(self, records: Iterator[Record], edits: Sequence[DecodingEdit]) -> Iterator[Record]:
        """The records of some steps; the Decoding with its text and the steps that were changed."""
        for record in records:
            if isinstance(record, Decoding):
                words = record.tokens[:-1] if record.ended else record.tokens
                changed = tuple(sorted({edit.step for edit in edits if edit.step < len(record)}))
                yield replace(record, text=self.target.decode(words), changed=changed)
            else:
                yield record

    def inspect(self, text: str, answer: str | None, *, overviews: bool = True) -> Iterator[Record]:
        """Read ``text`` and write ``answer``, or what the model answers by itself: the records of every attention, and all heads in small.

        Raises CheckpointError for a model without heads.
        """
        if not self.writer.has_heads:
            sentence = f"'{self.report.name}' has no heads to inspect: its one attention is seen step by step in the decoding tab."
            raise CheckpointError(sentence, "WRONG_FAMILY")
        forced = () if answer is None else (*self.target_ids(answer), self.writer.end)
        for record in self.read(text):
            yield record
            if isinstance(record, Tokens):
                seen = []
                for each in self.decode(record, Plan(self.writer.longest, dict(enumerate(forced)))):
                    seen += [each] if isinstance(each, Attention) else []
                    yield each
                for attention in {each.slot: each for each in seen}.values() if overviews else ():
                    yield overview(attention, (), self.device)

    def misfits(self, edits: Sequence[DecodingEdit], tokens: Tokens) -> dict[DecodingEdit, str]:
        """The edits that can't be made to this source, each with half a sentence on why."""
        sizes = self.writer.sizes(tokens)
        found = {edit: reason for edit in edits if (reason := misfit(edit, sizes)) is not None}
        hidden: set[int] = set()
        for edit in edits:
            if isinstance(edit, HideSource) and edit not in found:
                hidden.add(edit.position)
                if len(hidden) == len(tokens):
                    found[edit] = "every source token would be hidden, and nothing be left to attend to"
                    hidden.discard(edit.position)
        return found

    def _endless(self, steps: int, limit: int) -> Notice:
        words = "1 word" if steps == 1 else f"{steps} words"
        if limit < self.writer.longest:
            return Notice("endless", f"Stopped after {words} without an end sign: that is the limit that was set.")
        sentence = (
            f"Stopped after {words} without an end sign: '{self.report.name}' gives at most {self.writer.longest}."
        )
        return Notice("endless", sentence)

    def _unknown(self, piece: str) -> bool:
        return self.source.spec.unknown is not None and piece == self.source.spec.unknown

    def _is_unknown_target(self, number: int) -> bool:
        return self.target.spec.unknown is not None and self.target.piece(number) == self.target.spec.unknown


def forced_by(edits: Sequence[DecodingEdit]) -> dict[int, int]:
    """The words that edits force, by step; the last one of a step holds."""
    return {edit.step: edit.token for edit in edits if isinstance(edit, ForceToken)}


def _written(tokens: Tokens) -> tuple[str, ...]:
    """What stands in the text for each token, its label where the text has nothing."""
    return tuple(
        label if span is None else tokens.text[span[0] : span[1]]
        for label, span in zip(tokens.labels, tokens.spans, strict=True)
    )
