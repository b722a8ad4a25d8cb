"""``attnviz next-sentence``: how probable it is that one sentence follows another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnviz.commands.fill_mask import name_of
from attnviz.commands.run import add_checkpoint, drain, fit, print_json, reference
from attnviz.jobs.judge_pair import JudgePair
from attnviz.trace import IS_NEXT, NOT_NEXT, PairJudgement

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from attnviz.trace import Trace

NAME = "next-sentence"
HELP = "how probable it is that the second sentence follows the first, by the model's next-sentence head; and the first the second"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("first", metavar="A", help="a sentence, or a few")
    parser.add_argument("second", metavar="B", help="the sentence that may follow it")
    parser.add_argument("--json", action="store_true", help="a JSON object")
    add_checkpoint(parser)


def run(arguments: Namespace) -> None:
    checkpoint = reference(arguments)
    first, second = fit(arguments.first), fit(arguments.second)
    there = drain(JudgePair(checkpoint, first, second))
    back = drain(JudgePair(checkpoint, second, first))
    if arguments.json:
        tokens = there.tokens()
        print_json(
            {
                "checkpoint": name_of(checkpoint),
                **_numbers(there),
                "swapped": _numbers(back),
                "tokens": list(tokens.pieces) if tokens else [],
                "segments": list(tokens.segments) if tokens else [],
            }
        )
        return
    _print(there, "B follows A")
    _print(back, "A follows B")


def _numbers(trace: Trace) -> dict[str, object]:
    """Probabilities and logits of one order."""
    found = _judgement(trace)
    return {
        "is_next": found.is_next,
        "is_not_next": float(found.probabilities[NOT_NEXT]),
        "logits": {"is_next": float(found.logits[IS_NEXT]), "is_not_next": float(found.logits[NOT_NEXT])},
    }


def _judgement(trace: Trace) -> PairJudgement:
    found = trace.find(PairJudgement)
    if found is None:
        raise RuntimeError("a pair was read and not judged")
    return found


def _print(trace: Trace, claim: str) -> None:
    found = _judgement(trace)
    logits = f"logits {found.logits[IS_NEXT]:+.3f} and {found.logits[NOT_NEXT]:+.3f}"
    print(f"{claim}  {found.is_next * 100:6.2f} %  {'█' * round(found.is_next * 40):<40}  {logits}")
