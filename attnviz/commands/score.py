"""``attnviz score``: how probable each word of a text is to a masked model, and the text as a whole."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from attnviz.commands.fill_mask import name_of
from attnviz.commands.run import add_checkpoint, drain, print_json, reference, texts
from attnviz.errors import TextError
from attnviz.jobs.score_text import ScoreText
from attnviz.trace import OwnProbability, PseudoLikelihood
from attnviz.trace.answers import pseudo_perplexity

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from attnviz.models.reference import Reference
    from attnviz.trace import Tokens, Trace

NAME = "score"
HELP = (
    "pseudo-log-likelihood and pseudo-perplexity of a text: every word masked in turn, in nats. "
    "The tokens of the JSON are all tokens; special ones and masks are not scored, their log_probability and rank are null."
)
NOTHING = "The text holds nothing but special tokens, so there is no word to score; type a sentence."


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("text", metavar="TEXT", help="the text to score")
    parser.add_argument("--pair", metavar="TEXT2", help="the second sentence of a pair, scored too")
    parser.add_argument(
        "--within-word",
        action="store_true",
        help="mask with each piece the later pieces of its word, which would give it away (Kauf & Ivanova 2023); without it one piece at a time (Salazar et al. 2020)",
    )
    parser.add_argument("--json", action="store_true", help="a JSON object")
    add_checkpoint(parser)


def run(arguments: Namespace) -> None:
    checkpoint = reference(arguments)
    trace = drain(ScoreText(checkpoint, *texts(arguments), within_word=arguments.within_word))
    tokens, whole = trace.tokens(), trace.find(PseudoLikelihood)
    if tokens is None or whole is None or not whole.scored:
        raise TextError(NOTHING, "NOTHING_TO_SCORE")
    if arguments.json:
        print_json(as_json(trace, tokens, whole, checkpoint))
        return
    print_words(trace, tokens, whole)


def as_json(trace: Trace, tokens: Tokens, whole: PseudoLikelihood, checkpoint: Reference) -> dict[str, object]:
    """The answer as plain values: tokens with special ones, positions counted from 0, logarithms to the base e."""
    return {
        "checkpoint": name_of(checkpoint),
        "tokens": [_token(trace, tokens, position) for position in range(len(tokens))],
        "scored": whole.scored,
        "within_word": whole.within_word,
        "pseudo_log_likelihood": whole.log_probability,
        "pseudo_perplexity": _finite(whole.perplexity),
        "sentences": [
            {
                "scored": count,
                "pseudo_log_likelihood": total,
                "pseudo_perplexity": _finite(pseudo_perplexity(total, count)),
            }
            for total, count in whole.sentences
        ],
    }


def _token(trace: Trace, tokens: Tokens, position: int) -> dict[str, object]:
    own = trace.find(OwnProbability, position)
    return {
        "position": position,
        "token": tokens.pieces[position],
        "log_probability": None if own is None else -own.nats,
        "rank": None if own is None else own.rank,
        "word": tokens.words[position],
    }


def _finite(value: float | None) -> float | None:
    """JSON has no number for infinity."""
    return value if value is not None and math.isfinite(value) else None


def print_words(trace: Trace, tokens: Tokens, whole: PseudoLikelihood) -> None:
    """A line for every scored token, then the sums."""
    for own in trace.every(OwnProbability):
        print(f"  {tokens.labels[own.position]:<20} {-own.nats:9.3f} nats  rank {own.rank:,}")
    print(f"pseudo-log-likelihood {whole.log_probability:.3f} nats over {whole.scored} tokens")
    print(f"pseudo-perplexity {whole.perplexity:.3f}")
