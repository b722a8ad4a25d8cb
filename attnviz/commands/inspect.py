"""``attnviz inspect``: attention, queries, keys, values and hidden states as arrays, one head as a figure, the lens as a table."""

from __future__ import annotations

import hashlib
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from attnviz.commands.edits import add_edits, edits_as_array, edits_of
from attnviz.commands.lens import lens_arrays, print_lens
from attnviz.commands.run import add_checkpoint, drain, reference, texts
from attnviz.errors import ExportError, JobError, printable
from attnviz.jobs.inspect import Inspect
from attnviz.jobs.read_lens import ReadLens
from attnviz.trace import Attention, Hidden, Site, Tokens, Trace

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from numpy.typing import NDArray

    from attnviz.edits import InsideWish
    from attnviz.models.reference import Reference
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
        "--site", choices=tuple(Site), default=None, help="whose attention: all of them in FILE.npz, else encoder"
    )
    parser.add_argument(
        "--lens",
        action="store_true",
        help="read every layer's states by the model's own head: into FILE.npz, or printed where there is no --out",
    )
    parser.add_argument("--out", metavar="FILE", help="FILE.npz; with --layer and --head FILE.svg, .png, .pdf or .csv")
    add_edits(parser)
    add_checkpoint(parser)


def run(arguments: Namespace) -> None:
    if arguments.out is None and not arguments.lens:
        raise JobError("Say where to write with --out FILE, or print the lens with --lens.", "BAD_ARGUMENTS")
    target = None if arguments.out is None else Path(arguments.out)
    one_head = None if target is None else _one_head(arguments, target)
    if one_head is not None and arguments.lens:
        raise JobError("The lens has all layers; leave out --layer and --head, or --lens.", "BAD_ARGUMENTS")
    edits = edits_of(arguments)
    checkpoint = reference(arguments)
    trace = drain(_job(arguments, checkpoint, edits))
    _require_site(trace, arguments.site, checkpoint)
    if target is None:
        print_lens(trace)
        return
    if one_head is None:
        from attnviz.export.numbers import save_arrays  # noqa: PLC0415

        save_arrays(target, arrays(trace, arguments.site) | edits_as_array(edits))
    else:
        _write_head(trace, *one_head, target, arguments, checkpoint.path)
    print(f"wrote {printable(str(target), 200)}")


def _job(arguments: Namespace, checkpoint: Reference, edits: tuple[InsideWish, ...]) -> Inspect | ReadLens:
    text, pair = texts(arguments)
    if arguments.lens:
        return ReadLens(checkpoint, text, pair, edits=edits)
    return Inspect(checkpoint, text, pair, overviews=False, edits=edits)


def _require_site(trace: Trace, site: str | None, checkpoint: Reference) -> None:
    """Raise JobError for a site that this model doesn't have."""
    sites = dict.fromkeys(str(record.site) for record in trace.every(Attention))
    if site is not None and site not in sites:
        name = Path(checkpoint.path).name
        raise JobError(f"'{name}' has no {site} attention; it has {', '.join(sites)}.", "NO_SUCH_SITE")


def arrays(trace: Trace, site: str | None = None) -> dict[str, NDArray[np.generic]]:
    """Every record of the trace by name: ``attention/encoder/0`` (heads, queries, keys) and so on, float32; of one site, if named."""
    of_decoder = site in {Site.DECODER, Site.CROSS}
    tokens = _tokens(trace, Site.DECODER if of_decoder else Site.ENCODER)
    found: dict[str, NDArray[np.generic]] = {
        "tokens": np.array(tokens.pieces),
        "ids": np.array(tokens.ids, dtype=np.int64),
    }
    if trace.tokens(Site.DECODER) is not None:  # whose are whose
        for stack in (Site.ENCODER, Site.DECODER):
            own = _tokens(trace, stack)
            found |= {f"tokens/{stack}": np.array(own.pieces), f"ids/{stack}": np.array(own.ids, dtype=np.int64)}
    for record in trace.every(Attention):
        if site is None or record.site == site:
            place = f"{record.site}/{record.layer}"
            found[f"attention/{place}"] = np.stack([record.weights(head) for head in range(record.heads)])
            for name in ("query", "key", "value"):
                found[f"{name}/{place}"] = getattr(record, name)
    for state in trace.every(Hidden):
        if site is None or state.site == site:
            found[f"hidden/{state.site}/{state.layer}"] = state.states
    return found | lens_arrays(trace)


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
    site = Site.ENCODER if arguments.site is None else Site(arguments.site)
    attention = trace.attention(layer, site)
    queries = _tokens(trace, Site.ENCODER if site is Site.ENCODER else Site.DECODER)
    keys = _tokens(trace, Site.DECODER if site is Site.DECODER else Site.ENCODER)
    if attention is None or not 0 <= head < attention.heads:
        layers = [record for record in trace.every(Attention) if record.site is site]
        raise JobError(
            f"There is no layer {layer}, head {head}: this model has layers 0 to {len(layers) - 1} and heads 0 to {layers[0].heads - 1}.",
            "NO_SUCH_HEAD",
        )
    if target.suffix.lower() == ".csv":
        from attnviz.export.numbers import save_table  # noqa: PLC0415

        save_table(_table(attention, queries, keys, head, arguments.kind), target)
        return
    from attnviz.export.figures import Origin, attention_figure  # noqa: PLC0415 - imports Qt: only for pictures

    origin = Origin(Path(folder).name, _hash(Path(folder)), _again(arguments))
    attention_figure(attention, queries, head, kind=arguments.kind, keys=keys, origin=origin).save(target)


def _table(attention: Attention, queries: Tokens, keys: Tokens, head: int, kind: str) -> Table:
    """One head's numbers: a row per query, a column per key."""
    from attnviz.export.numbers import matrix_table, numbered  # noqa: PLC0415

    values = {"weights": attention.weights, "scores": attention.scores, "raw products": attention.products}[kind](head)
    return matrix_table("query", numbered(queries.labels), numbered(keys.labels), values)


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
    for option in ("pair", "checkpoint", "layer", "head", "site"):
        value = getattr(arguments, option)
        words += [f"--{option}", str(value)] if value is not None else []
    words += [word for edit in arguments.edit for word in ("--edit", edit)]
    words += ["--kind", arguments.kind] if arguments.kind != "weights" else []
    return shlex.join([*words, "--out", Path(arguments.out).name])


def _tokens(trace: Trace, site: Site = Site.ENCODER) -> Tokens:
    tokens = trace.tokens(site)
    if tokens is None:
        raise JobError("The run gave no tokens.", "NO_TOKENS")
    return tokens
