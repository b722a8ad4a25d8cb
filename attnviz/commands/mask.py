"""``attnviz mask``: what pre-training would make of a text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnviz.commands.fill_mask import name_of
from attnviz.commands.run import add_checkpoint, drain, print_json, reference, texts
from attnviz.errors import JobError, printable
from attnviz.jobs.mask_text import MaskText
from attnviz.trace import Masking, Sampled, Tokens, Treatment, Unit

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from attnviz.models.reference import Reference

NAME = "mask"
HELP = "mask a text as BERT's pre-training does: 15 % of the tokens, of which 80 % are hidden, 10 % replaced, 10 % kept"
WIDEST = 20


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("text", metavar="TEXT", help="the text whose tokens are chosen")
    parser.add_argument("--pair", metavar="TEXT2", help="the second sentence of a pair")
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="same seed, same choice (default: 0)")
    parser.add_argument("--rate", type=float, default=0.15, metavar="R", help="share to choose (default: 0.15)")
    parser.add_argument(
        "--split", default="80,10,10", metavar="M,R,K", help="percent masked, random and kept (default: 80,10,10)"
    )
    parser.add_argument(
        "--unit", choices=[str(unit) for unit in Unit], default="token", help="what is chosen as one (default: token)"
    )
    parser.add_argument(
        "--epoch", type=int, default=0, metavar="N", help="dynamic masks: another choice in each epoch (default: 0)"
    )
    parser.add_argument("--json", action="store_true", help="a JSON object")
    add_checkpoint(parser)


def run(arguments: Namespace) -> None:
    masking = Masking(arguments.rate, split_of(arguments.split), Unit(arguments.unit))
    checkpoint = reference(arguments)
    trace = drain(MaskText(checkpoint, *texts(arguments), masking, arguments.seed, arguments.epoch))
    tokens, sampled = trace.tokens(), trace.find(Sampled)
    if tokens is None or sampled is None:
        return
    if arguments.json:
        print_json(as_json(tokens, sampled, checkpoint))
    else:
        print_choice(tokens, sampled)


def split_of(text: str) -> tuple[float, float, float]:
    """``80,10,10`` or ``0.8,0.1,0.1`` as shares that add up to 1. Raises JobError."""
    try:
        masked, random, kept = map(float, text.split(","))
    except ValueError:
        sentence = f"The split {printable(text, 40)!r} is not three numbers; write the percentages of masked, random and kept as in 80,10,10."
        raise JobError(sentence, "BAD_SPLIT") from None
    total = masked + random + kept
    if min(masked, random, kept) < 0 or not any(abs(total - whole) <= whole / 1000 for whole in (1, 100)):
        sentence = f"The split {printable(text, 40)} must add up to 100 and have nothing below 0; write the percentages of masked, random and kept as in 80,10,10."
        raise JobError(sentence, "BAD_SPLIT")
    return masked / total, random / total, kept / total


def as_json(tokens: Tokens, sampled: Sampled, checkpoint: Reference) -> dict[str, object]:
    """The choice as plain values: the tokens as they were, special ones too, positions counted from 0."""
    chosen = [
        {
            "position": one.position,
            "original": tokens.pieces[one.position],
            "treatment": str(one.treatment),
            "shown": shown,
        }
        for one, shown in zip(sampled.chosen, sampled.shown, strict=True)
    ]
    return {
        "tokens": list(tokens.pieces),
        "chosen": chosen,
        "checkpoint": name_of(checkpoint),
        "seed": sampled.seed,
        "epoch": sampled.epoch,
        "rate": sampled.masking.rate,
        "split": list(sampled.masking.split),
        "unit": str(sampled.masking.unit),
    }


def print_choice(tokens: Tokens, sampled: Sampled) -> None:
    """The text as the model sees it, a line a chosen token, and the counts."""
    seen = list(tokens.pieces)
    for one, shown in zip(sampled.chosen, sampled.shown, strict=True):
        seen[one.position] = shown
    print(" ".join(seen))
    for one, shown in zip(sampled.chosen, sampled.shown, strict=True):
        original = printable(tokens.pieces[one.position], WIDEST)
        print(f"  {one.position:>5}  {original:<{WIDEST}}  {one.treatment:<6}  {printable(shown, WIDEST)}")
    share = len(sampled.chosen) / sampled.candidates if sampled.candidates else 0.0
    counts = ", ".join(f"{sampled.count(treatment)} {treatment}" for treatment in Treatment)
    print(f"{len(sampled.chosen)} of {sampled.candidates} tokens chosen ({share:.1%}): {counts}")
