"""The child's side: limits itself, examines one folder, and answers with one line of JSON on standard output."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from attnviz.errors import CheckpointError
from attnviz.models import gate
from attnviz.models.gate.verdict import to_json

MOST_MEMORY = 2 * 2**30
MOST_SECONDS = 60


def main(arguments: Sequence[str] | None = None) -> None:
    """Examine the folder named in ``arguments``; the answer is {"verdict": …} or {"refused": …}."""
    parser = argparse.ArgumentParser(prog="python -m attnviz.models.gate", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--allow-pickle", action="store_true")
    parser.add_argument("--memory", type=int, default=None)
    options = parser.parse_args(arguments)
    with _own_output() as answer:
        _limit()
        answer.write(_answer(options.folder, options.allow_pickle, options.memory))


def _answer(folder: Path, allow_pickle: bool, memory: int | None) -> str:
    try:
        return f'{{"verdict": {to_json(gate.examine(folder, allow_pickle=allow_pickle, memory=memory))}}}\n'
    except CheckpointError as error:
        refused = {"sentence": error.sentence, "code": error.code}
    except MemoryError:
        refused = {
            "sentence": "Checking the folder needs more memory than it may take; its files are not usable.",
            "code": "GATE_MEMORY",
        }
    return json.dumps({"refused": refused}) + "\n"


def _own_output() -> TextIO:
    """Standard output for us alone: what a library prints goes to standard error."""
    sys.stdout.flush()
    ours = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(ours, "w", encoding="ascii")


def _limit() -> None:
    """Memory, time and core dumps, where the system has such limits (Windows and macOS do less or nothing)."""
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return
    for kind, most in (("RLIMIT_AS", MOST_MEMORY), ("RLIMIT_CPU", MOST_SECONDS), ("RLIMIT_CORE", 0)):
        try:
            number = getattr(resource, kind)
            _, hard = resource.getrlimit(number)
            resource.setrlimit(number, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
        except (AttributeError, ValueError, OSError):
            continue


if __name__ == "__main__":
    main()
