"""What every experiment is: a job with settings and a seed, that says first what was asked and last what was seen."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from attnviz.errors import JobError
from attnviz.jobs.experiments import Entry, find
from attnviz.jobs.experiments.setting import LARGEST_SEED, Whole, setting, settings_of
from attnviz.trace import Asked

if TYPE_CHECKING:
    from attnviz.models.library import Library
    from attnviz.models.reference import Reference
    from attnviz.trace import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """A subclass has a ``name`` of the registry, a ``formula``, the names of its ``figures`` in order, settings as fields, and ``measure``.

    A field ``checkpoint: Reference`` asks for the open model. ``measure`` yields empty plots and tables first, so that the
    page is laid out, then Progress at least every 100 ms (a chance to stop), what is measured as it grows, and one
    Conclusion. The same settings and seed give the same numbers, times excepted.
    """

    name: ClassVar[str]
    formula: ClassVar[str]
    figures: ClassVar[tuple[str, ...]]
    runs_apart: ClassVar[bool] = True

    seed: int = field(
        default=0,
        metadata=setting(Whole("seed", "What chance begins with: the same seed gives the same run", 0, LARGEST_SEED)),
    )

    def __post_init__(self) -> None:
        for each in settings_of(type(self)):
            if refusal := each.kind.refusal(getattr(self, each.name)):
                raise JobError(f"The setting '{each.kind.label}' {refusal}.", "BAD_SETTING")

    def run(self, library: Library) -> Iterator[Record]:
        yield asked(self)
        yield from self.measure(library)

    def measure(self, library: Library) -> Iterator[Record]:
        """What is measured, record by record."""
        raise NotImplementedError


def uses_checkpoint(kind: type[Experiment]) -> bool:
    """Whether an experiment asks for the open model."""
    return any(each.name == "checkpoint" for each in fields(kind))


def make(entry: Entry, values: Mapping[str, Any], reference: Reference | None) -> Experiment:
    """The experiment under these settings. Raises JobError where they make no sense, or a model is needed and there is none."""
    kind = entry.load()
    if not uses_checkpoint(kind):
        return kind(**values)
    if reference is None:
        raise JobError(f"'{entry.title}' looks into a model; open a checkpoint first.", "NO_CHECKPOINT")
    return kind(**values, checkpoint=reference)  # type: ignore[call-arg] # the subclass has that field


def asked(job: Experiment) -> Asked:
    """What a run was asked, as its figures and tables tell it."""
    entry, kind = find(job.name), type(job)
    values = [(each, getattr(job, each.name)) for each in settings_of(kind)]
    told = [(each.kind.label, str(value)) for each, value in values]
    words = ["attnviz", "experiment", job.name]
    for each, value in values:
        words += [each.option, shlex.quote(str(value))]
    checkpoint: Reference | None = getattr(job, "checkpoint", None)
    if checkpoint is not None:
        told.append(("checkpoint", Path(checkpoint.path).name))
        words += ["--checkpoint", shlex.quote(Path(checkpoint.path).name)]
    return Asked(job.name, entry.title, entry.question, job.formula, tuple(told), " ".join(words), job.figures)
