"""``attnviz fill-mask``: what stands behind each ``[MASK]``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.commands.edits import add_edits, edits_of
from attnviz.commands.filling import add_fill, filling_json, print_filling
from attnviz.commands.run import add_checkpoint, drain, print_json, reference, texts
from attnviz.errors import JobError
from attnviz.jobs.fill_all_masks import FillAllMasks
from attnviz.jobs.fill_mask import FillMask
from attnviz.text.merge_edits import ForbidPiece
from attnviz.trace import Candidates, Way, Windows

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from attnviz.models.reference import Reference
    from attnviz.trace import Trace

NAME = "fill-mask"
HELP = "predict the masked words of a text"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("text", metavar="TEXT", help="a text with [MASK] where words are to be predicted")
    parser.add_argument("--pair", metavar="TEXT2", help="the second sentence of a pair")
    parser.add_argument("--top", type=int, default=10, metavar="K", help="candidates per mask (default: 10)")
    parser.add_argument(
        "--forbid-piece",
        action="append",
        default=[],
        metavar="PIECE",
        help="cut as if the tokenizer lacked this piece (repeatable)",
    )
    parser.add_argument(
        "--stride",
        type=int,
        metavar="N",
        help="read a long text through windows, each N tokens behind the one before; a mask is answered by the one that has most around it",
    )
    add_fill(parser)
    parser.add_argument("--json", action="store_true", help="a JSON object")
    add_edits(parser)
    add_checkpoint(parser)


def run(arguments: Namespace) -> None:
    changes = edits_of(arguments)
    checkpoint = reference(arguments)
    edits = tuple(map(ForbidPiece, arguments.forbid_piece))
    if arguments.fill is None:
        asked = FillMask(
            checkpoint, *texts(arguments), top=arguments.top, edits=edits, changes=changes, stride=arguments.stride
        )
        trace = drain(asked)
    elif arguments.stride is not None:
        raise JobError(
            "--fill reads one window, so it can't be combined with --stride; leave out one of the two.", "FILL_STRIDE"
        )
    elif changes:
        sentence = (
            "--fill asks the model as it is, so it can't be combined with changes inside it; leave out one of the two."
        )
        raise JobError(sentence, "FILL_CHANGED")
    else:
        ways = (Way(arguments.fill),)
        trace = drain(FillAllMasks(checkpoint, *texts(arguments), top=arguments.top, ways=ways, edits=edits))
    if arguments.json:
        print_json(as_json(trace, checkpoint) | ({} if arguments.fill is None else {"fill": filling_json(trace)}))
        return
    print_bars(trace)
    if arguments.fill is not None:
        print_filling(trace)


def as_json(trace: Trace, checkpoint: Reference) -> dict[str, object]:
    """The answer as plain values: tokens with special ones, positions counted from 0."""
    tokens, found = trace.tokens(), trace.find(Windows)
    answers = dict(found.answers) if found else {}
    masks = [
        {
            "position": record.position,
            "candidates": [
                {"id": entry.id, "token": entry.token, "probability": entry.probability} for entry in record.entries
            ],
            **({"window": answers[record.position]} if found else {}),
        }
        for record in trace.every(Candidates)
    ]
    shown = {"checkpoint": name_of(checkpoint), "tokens": list(tokens.pieces) if tokens else [], "masks": masks}
    return shown | ({"windows": [[window.first, window.last] for window in found.windows]} if found else {})


def name_of(checkpoint: Reference) -> str:
    """The folder's own name."""
    return Path(checkpoint.path).name


def print_bars(trace: Trace) -> None:
    """The candidates as lines of text, with a bar each."""
    tokens, found = trace.tokens(), trace.find(Windows)
    answers = dict(found.answers) if found else {}
    print(" ".join(tokens.pieces) if tokens else "")
    for record in trace.every(Candidates):
        window = found.windows[answers[record.position]] if found else None
        print(f"position {record.position}" + (f", window {window.first} to {window.last - 1}" if window else ""))
        for entry in record.entries:
            print(f"  {entry.label:<20} {entry.probability * 100:6.2f} %  {'█' * round(entry.probability * 40)}")
