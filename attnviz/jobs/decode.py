"""Decode a source word by word, with every intermediate: greedily, sampled, forced, or against a reference."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from attnviz.edits import DecodingEdit, ForceToken, first_changed
from attnviz.errors import JobError
from attnviz.models.reference import Reference
from attnviz.trace import Decoding, Misfits, Record, Tokens, Trace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from attnviz.models.encoder_decoder import EncoderDecoder
    from attnviz.models.library import Library

WIDEST = 10
HIGHEST_SEED = 2**32 - 1


@dataclass(frozen=True, slots=True)
class Draw:
    """Draw words from softmax(logits / temperature) instead of taking the most probable one; a seed repeats the draw."""

    temperature: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.temperature) and 0.01 <= self.temperature <= 100):
            raise JobError(f"The temperature must lie between 0.01 and 100, not {self.temperature}.", "BAD_TEMPERATURE")
        if not 0 <= self.seed <= HIGHEST_SEED:
            raise JobError(f"A seed is a whole number from 0 to {HIGHEST_SEED}, not {self.seed}.", "BAD_SEED")


@dataclass(frozen=True, slots=True, eq=False)
class Earlier:
    """An answer to go on from: the question and the records that answer it."""

    job: Decode
    records: tuple[Record, ...]

    @staticmethod
    def of(job: Decode | None, trace: Trace) -> Earlier | None:
        """The answer that a trace holds; None when it holds none."""
        if job is None or trace.find(Decoding) is None:
            return None
        return Earlier(job, tuple(trace.records.values()))

    @property
    def trace(self) -> Trace:
        return Trace().plus(*self.records)

    @property
    def edits(self) -> tuple[DecodingEdit, ...]:
        """Those that were made, and not only asked for."""
        misfits = self.trace.find(Misfits)
        left_out = {edit for edit, _ in misfits.reasons} if misfits else set()
        return tuple(edit for edit in self.job.edits if edit not in left_out)


@dataclass(frozen=True, slots=True)
class Decode:
    """Yield the LoadReport, the source's Tokens, the Encoding, the Decoding as it grows, and the Timing.

    ``prefix`` is text that the answer begins with, ``path`` ids that it begins with; ``target`` is a whole answer to be followed
    to its end (teacher forcing). ``edits`` change what happens at a step. ``earlier`` spares what an earlier answer to
    the same question but for its prefix, path and edits has computed already. An edit that doesn't fit is a JobError, or with
    ``skips_misfits`` left out and told in a Misfits record.
    """

    checkpoint: Reference
    text: str
    prefix: str = ""
    path: tuple[int, ...] = ()
    target: str | None = None
    edits: tuple[DecodingEdit, ...] = ()
    draw: Draw | None = None
    limit: int | None = None
    earlier: Earlier | None = None
    skips_misfits: bool = False

    def run(self, library: Library) -> Iterator[Record]:
        model = library.encoder_decoder(self.checkpoint)
        yield model.report
        for record in model.read(self.text):
            yield record
            if isinstance(record, Tokens):
                yield from self._decode(model, record)

    def _decode(self, model: EncoderDecoder, tokens: Tokens) -> Iterator[Record]:
        from attnviz.models.decoding import Plan, Sampling  # noqa: PLC0415 - imports torch: only where a model runs
        from attnviz.models.encoder_decoder import forced_by  # noqa: PLC0415
        from attnviz.models.writer import Kept  # noqa: PLC0415

        edits, misfits = self.edits, model.misfits(self.edits, tokens)
        if self.skips_misfits:
            edits = tuple(edit for edit in edits if edit not in misfits)
            yield Misfits(tuple(misfits.items()))
        elif misfits:
            edit, reason = next(iter(misfits.items()))
            raise JobError(f"A change at step {edit.step} doesn't fit: {reason}.", "EDIT_DOES_NOT_FIT")
        forced = dict(enumerate(self._forced(model)))
        sampling = None if self.draw is None else Sampling(self.draw.temperature, self.draw.seed)
        plan = Plan(model.limit(self.limit), forced, sampling)
        kept = None
        if self.earlier is not None and self._continues(self.earlier.job):
            trace = self.earlier.trace
            kept = Kept(trace, self._unchanged(trace, edits, {**forced, **forced_by(edits)}, plan.limit))
        yield from model.decode(tokens, plan, edits, kept)

    def _forced(self, model: EncoderDecoder) -> tuple[int, ...]:
        """The ids that the answer must begin with."""
        if self.target is not None:
            return (*model.target_ids(self.target), model.writer.end)
        return self.path or (model.target_ids(self.prefix) if self.prefix.strip() else ())

    def _continues(self, other: Decode) -> bool:
        """Whether the two ask the same but for what is forced and changed."""
        ours, theirs = ((job.checkpoint, job.text, job.draw, job.limit) for job in (self, other))
        return ours == theirs

    def _unchanged(self, trace: Trace, edits: tuple[DecodingEdit, ...], forced: dict[int, int], limit: int) -> int:
        """How many steps of the earlier answer still hold: up to the first edit that differs and the first other word."""
        decoding = trace.find(Decoding)
        if decoding is None or self.earlier is None:
            return 0
        others = tuple(edit for edit in edits if not isinstance(edit, ForceToken))
        theirs = tuple(edit for edit in self.earlier.edits if not isinstance(edit, ForceToken))
        changed = first_changed(theirs, others)
        steps = min(limit, len(decoding), len(decoding) if changed is None else changed)
        for step in range(steps):
            was_free = decoding.choices[step] != "forced"
            if was_free == (step in forced) or (step in forced and forced[step] != decoding.tokens[step]):
                return step
        return steps


@dataclass(frozen=True, slots=True)
class SearchBeam:
    """Yield the LoadReport, the source's Tokens, the Encoding, the BeamTree, and the Decoding of the best output.

    ``penalty`` is the exponent of the length penalty (Wu et al. 2016, equation 14), 0 for none.
    """

    checkpoint: Reference
    text: str
    width: int = 4
    penalty: float = 0.0
    prefix: str = ""
    limit: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.width <= WIDEST:
            raise JobError(f"A beam is 1 to {WIDEST} wide, not {self.width}.", "BAD_BEAM")
        if not (math.isfinite(self.penalty) and 0 <= self.penalty <= 10):
            raise JobError(f"The length penalty must lie between 0 and 10, not {self.penalty}.", "BAD_PENALTY")

    def run(self, library: Library) -> Iterator[Record]:
        from attnviz.models.decoding import Plan  # noqa: PLC0415 - imports torch: only where a model runs

        model = library.encoder_decoder(self.checkpoint)
        yield model.report
        forced = dict(enumerate(model.target_ids(self.prefix) if self.prefix.strip() else ()))
        plan = Plan(model.limit(self.limit), forced)
        for record in model.read(self.text):
            yield record
            if isinstance(record, Tokens):
                yield from model.search(record, plan, self.width, self.penalty)
