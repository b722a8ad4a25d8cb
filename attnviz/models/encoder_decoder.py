"""An open encoder–decoder: its model, its two codecs and its load report, and the questions that jobs may ask of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import torch

from attnviz.edits import ForceToken, HideSource, Sizes, misfit
from attnviz.errors import JobError, TextError, printable
from attnviz.models.beam import search
from attnviz.models.decoding import Made, Plan, decode
from attnviz.models.recurrent import Recurrent, decoding_of, encoded_of, encoding_of, head
from attnviz.trace import Decoding, Encoding, LoadReport, Notice, Progress, Record, Timing, Tokens

if TYPE_CHECKING:
    from attnviz.edits import DecodingEdit
    from attnviz.models.gate import Verdict
    from attnviz.models.seq2seq import Encoded, Seq2seq
    from attnviz.text.codec import Codec

LONGEST_SOURCE = 2000
SIGN_S = 0.01  # between two signs of life
LOOK_S = 0.25  # after which an unfinished output is shown for the first time; then after twice as long, and so on


@dataclass(frozen=True, slots=True)
class Kept:
    """What a run can go on from: the records of an earlier one and how many of its steps still hold."""

    encoding: Encoding
    decoding: Decoding
    steps: int


@dataclass(frozen=True, eq=False)
class EncoderDecoder:
    """Reads only; one thread uses it. Tensors stay inside: what comes out is records."""

    model: Seq2seq
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
        tokens = self.source.encode(text, limit=LONGEST_SOURCE)
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
            return self.model.config.longest
        if not 1 <= wanted <= self.model.config.longest:
            raise JobError(
                f"The limit must lie between 1 and {self.model.config.longest} words, not {wanted}.", "BAD_LIMIT"
            )
        return wanted

    @torch.inference_mode()
    def decode(
        self, tokens: Tokens, plan: Plan, edits: Sequence[DecodingEdit] = (), kept: Kept | None = None
    ) -> Iterator[Record]:
        """Yield the Encoding, Progress and the growing Decoding, a Notice where it never ended, and the Timing.

        With ``kept`` neither the encoder nor the steps before the first changed one run again. ``edits`` must fit, see ``misfits``.
        """
        began = time.perf_counter()
        encoding, encoded = self._encoded(tokens, kept)
        yield encoding
        stepper = Recurrent(self.model, encoded, edits)
        earlier, state, previous, first = self._begin(stepper, kept)
        made: list[Made] = []
        plan = replace(plan, forced={**plan.forced, **forced_by(edits)})
        sign, look = began, LOOK_S
        if earlier is None or not earlier.ended:
            for step in decode(stepper, plan, state, previous, first):
                made.append(step)
                now = time.perf_counter()
                if now - sign >= SIGN_S:
                    sign = now
                    yield Progress("decoding", first + len(made), plan.limit)
                if now - began >= look:
                    look *= 2
                    yield self._finished(stepper, made, state, earlier, edits)
        record = self._finished(stepper, made, state, earlier, edits)
        yield record
        if not record.ended:
            yield self._endless(len(record))
        yield Timing(time.perf_counter() - began)

    @torch.inference_mode()
    def search(self, tokens: Tokens, plan: Plan, width: int, penalty: float) -> Iterator[Record]:
        """Yield the Encoding, Progress, the BeamTree, the Decoding of its best output, and the Timing."""
        began = time.perf_counter()
        encoding, encoded = self._encoded(tokens, None)
        yield encoding
        stepper = Recurrent(self.model, encoded)
        found, sign = None, began
        for count, found in enumerate(search(stepper, plan, width), start=1):  # noqa: B007 - the last one is wanted
            if time.perf_counter() - sign >= SIGN_S:
                sign = time.perf_counter()
                yield Progress("searching", count, plan.limit)
        if found is None:
            return
        tree = found.tree(penalty, self.vocabulary)
        yield tree
        record = self._finished(stepper, found.path(tree.leaves[0]), encoded.fixed, None, ())
        yield record
        if not record.ended:
            yield self._endless(len(record))
        yield Timing(time.perf_counter() - began)

    def _encoded(self, tokens: Tokens, kept: Kept | None) -> tuple[Encoding, Encoded]:
        if kept is not None:
            return kept.encoding, encoded_of(kept.encoding, self.device)
        encoded = self.model.encode(torch.tensor(tokens.ids, device=self.device)[None])
        return encoding_of(self.model, encoded), encoded

    def _begin(self, stepper: Recurrent, kept: Kept | None) -> tuple[Decoding | None, torch.Tensor, int, int]:
        """What is kept, the state and the word to go on from, and the number of the next step."""
        if kept is None or not kept.steps:
            return None, stepper.start(), stepper.begin, 0
        earlier = head(kept.decoding, kept.steps)
        state = torch.tensor(earlier.hidden[-1], device=self.device)[None]  # (1, decoder_width)
        return earlier, state, earlier.tokens[-1], len(earlier)

    def _finished(
        self,
        stepper: Recurrent,
        made: Sequence[Made],
        state: torch.Tensor,
        earlier: Decoding | None,
        edits: Sequence[DecodingEdit],
    ) -> Decoding:
        """The record of what has been made so far, with its text."""
        record = decoding_of(stepper, made, state, self.vocabulary, earlier) if made else earlier
        if record is None:
            raise JobError("There is nothing to decode: the limit leaves no step.", "BAD_LIMIT")
        words = record.tokens[:-1] if record.ended else record.tokens
        changed = tuple(sorted({edit.step for edit in edits if edit.step < len(record)}))
        return replace(record, text=self.target.decode(words), changed=changed)

    def misfits(self, edits: Sequence[DecodingEdit], tokens: Tokens) -> dict[DecodingEdit, str]:
        """The edits that can't be made to this source, each with half a sentence on why."""
        config = self.model.config
        width = 0 if self.model.attention is None else config.encoder_width
        sizes = Sizes(len(tokens), config.target_vocabulary, width)
        found = {edit: reason for edit in edits if (reason := misfit(edit, sizes)) is not None}
        hidden: set[int] = set()
        for edit in edits:
            if isinstance(edit, HideSource) and edit not in found:
                hidden.add(edit.position)
                if len(hidden) == len(tokens):
                    found[edit] = "every source token would be hidden, and nothing be left to attend to"
                    hidden.discard(edit.position)
        return found

    def _endless(self, steps: int) -> Notice:
        sentence = f"Stopped after {steps} words without an end sign: '{self.report.name}' gives at most {self.model.config.longest}."
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
