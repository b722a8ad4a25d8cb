"""``attnviz tokenize``: how a tokenizer cuts a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnviz.commands.run import drain, print_json, recent
from attnviz.errors import JobError
from attnviz.jobs.cut_text import CutText
from attnviz.jobs.tokenizer_source import TokenizerSource
from attnviz.models import shelf
from attnviz.text.readable import visible
from attnviz.trace import Cut

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from attnviz.trace import Piece, Stage

NAME = "tokenize"
HELP = "cut a text into a tokenizer's pieces, with ids, spans and every step"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("text", metavar="TEXT")
    parser.add_argument(
        "--checkpoint", metavar="C", help="a name from 'attnviz list', or a folder (default: the shipped BERT)"
    )
    parser.add_argument("--tokenizer", metavar="FILE", help="a tokenizer.json instead of a checkpoint's")
    parser.add_argument("--steps", action="store_true", help="every stage: normalised, pre-tokens, merges or matches")
    parser.add_argument("--json", action="store_true", help="a JSON object")


def run(arguments: Namespace) -> None:
    trace = drain(CutText(arguments.text, _source(arguments), steps=arguments.steps))
    (cut,) = trace.every(Cut)
    stages = cut.stages if arguments.steps else ()
    if arguments.json:
        print_json(as_json(cut, stages))
        return
    for stage in stages:
        print(f"{stage.kind.value:>14}  {_line(stage.pieces)}  ({stage.note})")
    for piece in cut.stages[-1].pieces:
        span = "" if piece.span is None else f"{piece.span[0]}–{piece.span[1]}"
        print(f"{piece.id:>8}  {span:>9}  {piece.label}")


def as_json(cut: Cut, stages: tuple[Stage, ...]) -> dict[str, object]:
    """Plain values, special tokens included; spans are in code points of the text, null for what the template added."""
    whole = cut.stages[-1].pieces
    return {
        "tokenizer": cut.name,
        "model": cut.model,
        **_columns(whole),
        "steps": [
            {
                "stage": stage.kind.value,
                "note": stage.note,
                "word": stage.word,
                "rank": stage.rank,
                "changed": list(stage.changed),
                **_columns(stage.pieces),
                "scores": [piece.score for piece in stage.pieces],
            }
            for stage in stages
        ],
    }


def _columns(pieces: tuple[Piece, ...]) -> dict[str, object]:
    return {
        "pieces": [piece.text for piece in pieces],
        "labels": [piece.label for piece in pieces],
        "ids": [piece.id for piece in pieces],
        "spans": [piece.span for piece in pieces],
    }


def _line(pieces: tuple[Piece, ...]) -> str:
    return " | ".join(visible(piece.label) for piece in pieces)


def _source(arguments: Namespace) -> TokenizerSource:
    if arguments.tokenizer is None:
        return TokenizerSource(str(shelf.resolve(arguments.checkpoint, recent())))
    if arguments.checkpoint is not None:
        raise JobError("Give --checkpoint or --tokenizer, not both.", "BAD_ARGUMENTS")
    return TokenizerSource(arguments.tokenizer)
