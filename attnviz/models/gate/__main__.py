"""The child's side: limits itself, examines one folder, and answers with one line of JSON on standard output."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from attnviz.errors import CheckpointError, TextError
from attnviz.models import gate
from attnviz.models.gate.verdict import to_json, tokenizer_to_json

MOST_MEMORY = 2 * 2**30
MOST_SECONDS = 60


def main(arguments: Sequence[str] | None = None) -> None:
    """Examine the folder, or with --tokenizer only its tokenizer, or the tokenizer.json, named in ``arguments``; the answer is {"verdict": …} or {"refused": …}."""
    parser = argparse.ArgumentParser(prog="python -m attnviz.models.gate", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--allow-pickle", action="store_true")
    parser.add_argument("--memory", type=int, default=None)
    parser.add_argument("--tokenizer", action="store_true")
    options = parser.parse_args(arguments)
    with _own_output() as answer:
        _limit()
        answer.write(_answer(options))


def _answer(options: argparse.Namespace) -> str:
    try:
        return f'{{"verdict": {_found(options)}}}\n'
    except (CheckpointError, TextError) as error:
        refused = {"sentence": error.sentence, "code": error.code}
    except MemoryError:
        refused = {
            "sentence": f"Checking {options.folder.name} needs more memory than it may take; it is not usable.",
            "code": "GATE_MEMORY",
        }
    return json.dumps({"refused": refused}) + "\n"


def _found(options: argparse.Namespace) -> str:
    if options.tokenizer:
        return tokenizer_to_json(gate.examine_tokenizer(options.folder))
    return to_json(gate.examine(options.folder, allow_pickle=options.allow_pickle, memory=options.memory))


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
