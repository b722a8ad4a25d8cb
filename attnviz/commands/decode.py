"""``attnviz decode``: the words that an encoder–decoder writes, with the numbers of every step."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from attnviz.commands.run import add_checkpoint, drain, fit, print_json, reference
from attnviz.edits import HideSource
from attnviz.errors import ExportError, JobError, printable
from attnviz.jobs.decode import Decode, Draw, SearchBeam
from attnviz.models import shelf
from attnviz.trace import Attention, BeamTree, Decoding, Encoding, Hidden, Site, Trace

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from numpy.typing import NDArray

    from attnviz.models.reference import Reference

NAME = "decode"
HELP = "write the answer of an encoder–decoder word by word, with its attention"
TOP = 10


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("text", metavar="TEXT", help="the source, such as a word to spell or a phrase to translate")
    parser.add_argument("--beam", type=int, metavar="N", help="search with a beam of 1 to 10 instead of greedily")
    parser.add_argument("--penalty", type=float, metavar="A", help="with --beam: exponent of the length penalty (0)")
    parser.add_argument("--force", default="", metavar="PREFIX", help="what the answer must begin with")
    parser.add_argument(
        "--target", metavar="ANSWER", help="follow this answer to its end and give the loss of each word"
    )
    parser.add_argument("--temperature", type=float, metavar="T", help="draw words at this temperature")
    parser.add_argument("--seed", type=int, metavar="S", help="with --temperature: of the draw (0)")
    parser.add_argument(
        "--hide",
        type=int,
        action="append",
        default=[],
        metavar="J",
        help="give no attention to source token J (repeatable)",
    )
    parser.add_argument("--limit", type=int, metavar="N", help="at most so many words")
    parser.add_argument("--top", type=int, default=TOP, metavar="K", help=f"candidates per step in the JSON ({TOP})")
    parser.add_argument("--json", action="store_true", help="a JSON object")
    parser.add_argument("--out", metavar="FILE.npz", help="every intermediate as arrays, one row a step")
    add_checkpoint(parser)


def run(arguments: Namespace) -> None:
    target = None if arguments.out is None else Path(arguments.out)
    if target is not None and target.suffix.lower() != ".npz":
        raise ExportError(f"The steps are written as .npz, not '{printable(target.suffix)}'.", "BAD_SUFFIX")
    if arguments.top < 1:
        raise JobError(f"The number of candidates must be at least 1, not {arguments.top}.", "BAD_TOP")
    if arguments.checkpoint is None:
        arguments.checkpoint = str(shelf.default_translator())
    trace = drain(_job(arguments, reference(arguments)))
    if target is not None:
        from attnviz.export.numbers import save_arrays  # noqa: PLC0415

        save_arrays(target, arrays(trace))
    if arguments.json:
        print_json(as_json(trace, arguments.top))
    elif target is None:
        print_steps(trace)
    if target is not None and not arguments.json:
        print(f"wrote {printable(str(target), 200)}")


def _job(arguments: Namespace, checkpoint: Reference) -> Decode | SearchBeam:
    text, edits = fit(arguments.text), tuple(HideSource(0, position) for position in arguments.hide)
    for option, needed in (("penalty", "beam"), ("seed", "temperature")):
        if getattr(arguments, option) is not None and getattr(arguments, needed) is None:
            raise JobError(f"--{option} belongs to --{needed}; give that too, or leave it out.", "BAD_ARGUMENTS")
    if arguments.beam is not None:
        if arguments.target is not None or arguments.temperature is not None or edits:
            raise JobError(
                "A beam search follows no --target, draws nothing and hides nothing; leave out --beam or the others.",
                "BAD_ARGUMENTS",
            )
        return SearchBeam(
            checkpoint, text, arguments.beam, arguments.penalty or 0.0, fit(arguments.force), arguments.limit
        )
    if arguments.target is not None and arguments.force:
        raise JobError("Give --force or --target, not both: a target is forced to its end.", "BAD_ARGUMENTS")
    draw = None if arguments.temperature is None else Draw(arguments.temperature, arguments.seed or 0)
    target = None if arguments.target is None else fit(arguments.target)
    return Decode(checkpoint, text, fit(arguments.force), (), target, edits, draw, arguments.limit)


def as_json(trace: Trace, top: int = TOP) -> dict[str, object]:
    """The answer as plain values; ``output`` is without the end sign, which has a step of its own."""
    tokens, decoding, tree = trace.tokens(), _decoding(trace), trace.find(BeamTree)
    answer: dict[str, object] = {
        "source": list(tokens.labels) if tokens else [],
        "output": list(decoding.labels[: len(decoding) - decoding.ended]),
        "text": decoding.text,
        "score": decoding.score,
        "steps": [_step(decoding, step, top) for step in range(len(decoding))],
    }
    if tree is not None:
        answer["beam"] = [
            {
                "output": [tree.vocabulary[token] for token in tree.tokens(leaf)],
                "log_probability": tree.branches[leaf].total,
                "score": tree.score(leaf),
            }
            for leaf in tree.leaves
        ]
    return answer


def _step(decoding: Decoding, step: int, top: int) -> dict[str, object]:
    return {
        "token": decoding.labels[step],
        "id": decoding.tokens[step],
        "probability": float(decoding.probabilities[step]),
        "choice": str(decoding.choices[step]),
        "weights": _numbers(decoding.weights, step),
        "scores": _numbers(decoding.scores, step),
        "candidates": [
            {"id": entry.id, "token": entry.token, "probability": entry.probability}
            for entry in decoding.best(step, top)
        ],
    }


def _numbers(rows: NDArray[np.float32] | None, step: int) -> list[float | None]:
    """A row as JSON can hold it: null where a source token is hidden; empty without attention."""
    return [] if rows is None else [value if math.isfinite(value) else None for value in map(float, rows[step])]


def arrays(trace: Trace) -> dict[str, NDArray[np.generic]]:
    """Every intermediate by name, one row a step; scores, weights and context are left out where there is no attention."""
    tokens, decoding, encoding = trace.tokens(), _decoding(trace), trace.find(Encoding)
    found: dict[str, NDArray[np.generic]] = {
        "source": np.array(tokens.labels if tokens else ()),
        "output": np.array(decoding.labels),
        "ids": np.array(decoding.tokens, dtype=np.int64),
        "probability": decoding.probabilities,
    }
    if encoding is not None:
        found |= {"encoder": encoding.states, "fixed": encoding.fixed}
    for state in trace.every(Hidden):  # a Transformer's, layer by layer; "encoder" is what its decoder looks at
        found[f"hidden/{state.site}/{state.layer}"] = state.states
        found |= {"encoder": state.states} if state.site is Site.ENCODER else {}
    for attention in trace.every(Attention):
        place = f"attention/{attention.site}/{attention.layer}"
        found[place] = np.stack([attention.weights(head) for head in range(attention.heads)])
    names = (
        "embedded",
        "hidden",
        "reset",
        "update",
        "candidate",
        "context",
        "attentional",
        "scores",
        "weights",
        "logits",
    )
    return found | {name: rows for name in names if (rows := getattr(decoding, name)) is not None}


def print_steps(trace: Trace) -> None:
    """The answer as lines of text: each word, its probability, and the source token that it looks at most."""
    tokens, decoding = trace.tokens(), _decoding(trace)
    print(f"{' '.join(tokens.labels) if tokens else ''}  →  {decoding.text or '(nothing: the end sign comes first)'}")
    for step, label in enumerate(decoding.labels):
        looks = ""
        if decoding.weights is not None and tokens is not None:
            most = int(decoding.weights[step].argmax())
            looks = f"  looks at {tokens.labels[most]} ({most}) {float(decoding.weights[step, most]) * 100:5.1f} %"
        probability = float(decoding.probabilities[step])
        print(f"  {step:>3}  {label:<14} {probability * 100:6.2f} %{looks}")
    print(f"score {decoding.score:.4f} (natural logarithm of the probability of the whole)")


def _decoding(trace: Trace) -> Decoding:
    found = trace.find(Decoding)
    if found is None:
        raise JobError("The run gave no steps.", "NO_STEPS")
    return found
