"""``attnviz detect``: how probable it is of every word that it was replaced."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnviz.commands.fill_mask import name_of
from attnviz.commands.run import add_checkpoint, drain, print_json, reference, texts
from attnviz.jobs.detect_replaced import DetectReplaced
from attnviz.models import shelf
from attnviz.trace import Detected
from attnviz.trace.detection import HALF

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from attnviz.models.reference import Reference
    from attnviz.trace import Tokens

NAME = "detect"
HELP = (
    "how probable it is of every word that it was replaced by another, as an ELECTRA discriminator sees it. "
    "The tokens of the JSON are all tokens; special ones are judged by nobody, their probability is null."
)
BAR = 40


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("text", metavar="TEXT", help="the text whose words are judged")
    parser.add_argument("--pair", metavar="TEXT2", help="the second sentence of a pair, judged too")
    parser.add_argument("--json", action="store_true", help="a JSON object")
    add_checkpoint(parser, "the shipped ELECTRA discriminator")


def run(arguments: Namespace) -> None:
    if arguments.checkpoint is None:
        arguments.checkpoint = str(shelf.default_detector())
    checkpoint = reference(arguments)
    trace = drain(DetectReplaced(checkpoint, *texts(arguments)))
    tokens, detected = trace.tokens(), trace.find(Detected)
    if tokens is None or detected is None:
        return
    if arguments.json:
        print_json(as_json(tokens, detected, checkpoint))
    else:
        print_words(tokens, detected)


def as_json(tokens: Tokens, detected: Detected, checkpoint: Reference) -> dict[str, object]:
    """The answer as plain values: special tokens too, positions counted from 0."""
    return {
        "checkpoint": name_of(checkpoint),
        "tokens": [
            {"position": position, "token": piece, "probability": detected.probability(position)}
            for position, piece in enumerate(tokens.pieces)
        ],
    }


def print_words(tokens: Tokens, detected: Detected) -> None:
    """A line a judged token with its probability as a bar, those from one half on marked, and the count of these."""
    found = detected.probabilities.tolist()
    for position, probability in zip(detected.positions, found, strict=True):
        mark = "replaced" if probability >= HALF else ""
        bar = "█" * round(probability * BAR)
        print(f"  {tokens.labels[position]:<20} {probability * 100:6.2f} %  {mark:<8}  {bar}".rstrip())
    print(f"{sum(probability >= HALF for probability in found)} of {len(found)} words are called replaced")
