"""``attnviz inspect``: attention, queries, keys, values and hidden states as arrays, or one head as a figure."""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from attnviz.commands.run import add_checkpoint, drain, reference, texts
from attnviz.errors import ExportError, JobError, printable
from attnviz.jobs.inspect import Inspect
from attnviz.trace import Attention, Hidden, Tokens, Trace

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from numpy.typing import NDArray

    from attnviz.table import Table

NAME = "inspect"
HELP = "write attention and hidden states as .npz, or one head as .svg, .png, .pdf or .csv"
FIGURES = (".svg", ".png", ".pdf")


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("text", metavar="TEXT")
    parser.add_argument("--pair", metavar="TEXT2", help="the second sentence of a pair")
    parser.add_argument("--layer", type=int, metavar="L", help="with --head: one head only; layers count from 0")
    parser.add_argument("--head", type=int, metavar="H", help="heads count from 0")
    parser.add_argument(
        "--kind", choices=("weights", "scores", "raw products"), default="weights", help="what a figure shows"
    )
    parser.add_argument(
        "--out", required=True, metavar="FILE", help="FILE.npz; with --layer and --head FILE.svg, .png, .pdf or .csv"
    )
    add_checkpoint(parser)


def run(arguments: Namespace) -> None:
    target = Path(arguments.out)
    one_head = _one_head(arguments, target)
    checkpoint = reference(arguments)
    trace = drain(Inspect(checkpoint, *texts(arguments), overviews=False))
    if one_head is None:
        from attnviz.export.numbers import save_arrays  # noqa: PLC0415

        save_arrays(target, arrays(trace))
    else:
        _write_head(trace, *one_head, target, arguments, checkpoint.path)
    print(f"wrote {printable(str(target), 200)}")


def arrays(trace: Trace) -> dict[str, NDArray[np.generic]]:
    """Every record of the trace by name: ``attention/encoder/0`` (heads, queries, keys) and so on, float32."""
    tokens = _tokens(trace)
    found: dict[str, NDArray[np.generic]] = {
        "tokens": np.array(tokens.pieces),
        "ids": np.array(tokens.ids, dtype=np.int64),
    }
    for record in trace.every(Attention):
        place = f"{record.site}/{record.layer}"
        found[f"attention/{place}"] = np.stack([record.weights(head) for head in range(record.heads)])
        found[f"query/{place}"], found[f"key/{place}"], found[f"value/{place}"] = record.query, record.key, record.value
    for state in trace.every(Hidden):
        found[f"hidden/{state.site}/{state.layer}"] = state.states
    return found


def _one_head(arguments: Namespace, target: Path) -> tuple[int, int] | None:
    """Layer and head when one is asked for, None for everything. Raises where the file's ending doesn't fit."""
    suffix = target.suffix.lower()
    if (arguments.layer is None) != (arguments.head is None):
        raise JobError("Give both --layer and --head, or neither.", "BAD_ARGUMENTS")
    if arguments.layer is None:
        if suffix != ".npz":
            raise ExportError(
                f"All layers together are written as .npz, not '{suffix}'; add --layer and --head for a figure.",
                "BAD_SUFFIX",
            )
        return None
    if suffix not in (*FIGURES, ".csv"):
        raise ExportError(f"One head is written as .svg, .png, .pdf or .csv, not '{suffix}'.", "BAD_SUFFIX")
    return arguments.layer, arguments.head


def _write_head(trace: Trace, layer: int, head: int, target: Path, arguments: Namespace, folder: str) -> None:
    attention, tokens = trace.attention(layer), _tokens(trace)
    if attention is None or not 0 <= head < attention.heads:
        layers = trace.every(Attention)
        raise JobError(
            f"There is no layer {layer}, head {head}: this model has layers 0 to {len(layers) - 1} and heads 0 to {layers[0].heads - 1}.",
            "NO_SUCH_HEAD",
        )
    if target.suffix.lower() == ".csv":
        from attnviz.export.numbers import save_table  # noqa: PLC0415

        save_table(_table(attention, tokens, head, arguments.kind), target)
        return
    from attnviz.export.figures import Origin, attention_figure  # noqa: PLC0415 - imports Qt: only for pictures

    origin = Origin(Path(folder).name, _hash(Path(folder)), _again(arguments))
    attention_figure(attention, tokens, head, kind=arguments.kind, origin=origin).save(target)


def _table(attention: Attention, tokens: Tokens, head: int, kind: str) -> Table:
    """One head's numbers: a row per query, a column per key."""
    from attnviz.export.numbers import matrix_table, numbered  # noqa: PLC0415

    values = {"weights": attention.weights, "scores": attention.scores, "raw products": attention.products}[kind](head)
    labels = numbered(tokens.labels)
    return matrix_table("query", labels, labels, values)


def _hash(folder: Path) -> str:
    """The first digits of the weights' SHA-256; empty for shards, which have no one file."""
    path = folder / "model.safetensors"
    if not path.is_file():
        return ""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:12]


def _again(arguments: Namespace) -> str:
    """The command that makes the same figure."""
    words = ["attnviz", "inspect", arguments.text]
    for option in ("pair", "checkpoint", "layer", "head"):
        value = getattr(arguments, option)
        words += [f"--{option}", str(value)] if value is not None else []
    words += ["--kind", arguments.kind] if arguments.kind != "weights" else []
    return shlex.join([*words, "--out", Path(arguments.out).name])


def _tokens(trace: Trace) -> Tokens:
    tokens = trace.tokens()
    if tokens is None:
        raise JobError("The run gave no tokens.", "NO_TOKENS")
    return tokens
