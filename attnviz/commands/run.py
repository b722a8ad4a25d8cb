"""Draining a job without a window or an engine, and printing what came."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, cast

from attnviz import places, settings
from attnviz.errors import in_words
from attnviz.models import shelf
from attnviz.models.reference import Reference
from attnviz.text.clean import clean
from attnviz.trace import Notice, Trace

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from attnviz.jobs import Job
    from attnviz.models.library import Library


def add_checkpoint(parser: ArgumentParser, default: str = "the shipped BERT") -> None:
    """The arguments that say which model to use, and where."""
    parser.add_argument(
        "--checkpoint", metavar="C", help=f"a name from 'attnviz list', or a folder (default: {default})"
    )
    parser.add_argument("--device", default="auto", help="auto, cuda, mps or cpu (default: auto)")
    parser.add_argument("--allow-pickle", action="store_true", help="read pytorch_model.bin too, a less safe format")


def reference(arguments: Namespace) -> Reference:
    """The checkpoint that the arguments mean. Raises CheckpointError."""
    folder = shelf.resolve(arguments.checkpoint, recent())
    return Reference(str(folder), arguments.device, arguments.allow_pickle)


def texts(arguments: Namespace) -> tuple[str, str | None]:
    """The text and, where there is one, the second of a pair; repaired, which is said on standard error."""
    pair = None if arguments.pair is None else fit(arguments.pair)
    return fit(arguments.text), pair


def fit(text: str) -> str:
    """A text from the command line without lone surrogates and NUL, and of bearable length."""
    cleaned = clean(text)
    if cleaned.sentence:
        print(f"attnviz: {cleaned.sentence}.", file=sys.stderr)
    return cleaned.text


def recent() -> tuple[str, ...]:
    """Folders that were opened lately in the window."""
    remembered, _ = settings.load(places.settings_file())
    return remembered.recent


def drain(job: Job) -> Trace:
    """Run a job to its end in this thread; notices go to standard error. Raises AttnvizError, whatever went wrong."""
    try:
        trace = Trace().plus(*job.run(_library(job)))
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        raise in_words(error) from error
    for notice in trace.every(Notice):
        print(notice.sentence, file=sys.stderr)
    return trace


def _library(job: Job) -> Library:
    """The models, for jobs that need one; the others ignore what they are given."""
    if not getattr(job, "needs_models", True):
        return cast("Library", None)
    from attnviz.models.device import leave_one_core  # noqa: PLC0415 - imports torch: only where a model runs
    from attnviz.models.library import Library  # noqa: PLC0415

    if getattr(job, "runs_apart", False):
        leave_one_core()  # as in the window
    return Library()


def print_json(value: object) -> None:
    """One JSON document on standard output; characters outside ASCII as they are where the terminal can show them."""
    print(json.dumps(value, indent=2))
