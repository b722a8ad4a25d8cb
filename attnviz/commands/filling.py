"""One way of filling several masks, as JSON and as lines of text."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from attnviz.trace import Filling, Way

if TYPE_CHECKING:
    from argparse import ArgumentParser

    from attnviz.trace import Trace

WAYS = tuple(way.value for way in Way)


def add_fill(parser: ArgumentParser) -> None:
    """The argument that has the masks filled."""
    parser.add_argument(
        "--fill",
        choices=WAYS,
        metavar="WAY",
        help=f"fill the masks too, one way of {', '.join(WAYS)}: all from one prediction, one after another, or the one with the most probable word first (of equals the leftmost). Special tokens are listed but never filled in",
    )


def filling_json(trace: Trace) -> dict[str, object]:
    """What was filled in, in order, each word with its probability at that moment; logarithms to the base e.

    The last two measure the words of every way alike: uncovered from left to right, and each masked alone.
    """
    (filling,) = trace.every(Filling)
    return {
        "way": filling.way.value,
        "order": [
            {"position": one.position, "token": one.word.token, "probability": one.word.probability}
            for one in filling.order
        ],
        "log_probability": filling.log_probability,
        "text": filling.text,
        "left_to_right_log_probability": filling.left_to_right,
        "pseudo_log_likelihood": filling.pseudo,
    }


def print_filling(trace: Trace) -> None:
    """The order with its probabilities, the text, and the three logarithms."""
    (filling,) = trace.every(Filling)
    print(f"filled {filling.way.value}")
    for number, one in enumerate(filling.order, start=1):
        print(f"  {number:>2}  position {one.position:<4} {one.word.label:<20} {one.word.probability * 100:6.2f} %")
    print(filling.text)
    whole = filling.log_probability
    print(
        f"ln p of these steps {whole:.3f} ({math.exp(whole):.3g}), which for the joint way takes the masks for independent"
    )
    print(
        f"ln p of these words from left to right {filling.left_to_right:.3f}, pseudo-log-likelihood {filling.pseudo:.3f}"
    )
