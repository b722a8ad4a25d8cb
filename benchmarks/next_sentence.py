"""How often a checkpoint tells a sentence's successor from a stranger, and neighbours from swapped ones, in given texts.

A document is a file, or what stands between lines of ``%``. Half the pairs are true neighbours; the strangers of the others are
from another document: of any text, then of the same text. Every true pair is judged in swapped order too.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer

from attnviz.models import shelf
from attnviz.models.bert import Bert
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from benchmarks.masked_accuracy import groups
from benchmarks.passages import documents, texts
from checkpoints.recipes.pairs import LONGEST, Document, Example, Kind, batch, pairs, passage_of

ROWS = 32
HEAD = (
    "| text | documents | pairs | true neighbours | strangers, any text | strangers, same text "
    "| right, any text | right, same text | swapped refused |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|"
)
Figures = dict[str, float]


def main(arguments: Sequence[str] | None = None) -> None:
    chosen = _parser().parse_args(arguments)
    if chosen.threads:
        torch.set_num_threads(chosen.threads)
    checkpoint = Library().encoder(Reference(str(shelf.resolve(chosen.checkpoint)), "cpu"))
    cutter = Tokenizer.from_str(checkpoint.codec.spec.json)
    found = [document for name, files in groups(chosen.texts).items() for document in read(name, files)]
    drawn = pairs(found, chosen.pairs * len({document.source for document in found}), chosen.seed, evenly=True)
    said = judged(checkpoint.model, drawn, cutter)
    print(HEAD)
    rows = {}
    for name in sorted({pair.source for pair in drawn}):
        own = [place for place, pair in enumerate(drawn) if pair.source == name]
        swapped = [drawn[place].swapped for place in own if drawn[place].kind is Kind.NEXT]
        right = {kind: _share([said[place] for place in own if drawn[place].kind is kind], kind) for kind in Kind}
        right[Kind.SWAPPED] = _share(judged(checkpoint.model, swapped, cutter), Kind.SWAPPED)
        count = sum(document.source == name for document in found)
        rows[name] = figures(right) | {"documents": count, "pairs": len(own)}
        print(row(name, rows[name]), flush=True)
    if chosen.json:
        Path(chosen.json).write_text(json.dumps(rows, indent=2) + "\n")


def read(name: str, files: Sequence[Path]) -> list[Document]:
    """The documents of a text that have neighbours."""
    cut = (documents(text) for file in files for text in texts(file))
    each = (document for some in cut for document in some)
    found = (tuple(passage for line in document if len(passage := passage_of(line)) > 1) for document in each)
    return [Document(name, passages) for passages in found if passages]


@torch.inference_mode()
def judged(model: Bert, chosen: Sequence[Example], cutter: Tokenizer) -> list[bool]:
    """Of each pair whether the second is said to follow."""
    order = sorted(range(len(chosen)), key=lambda place: len(chosen[place].first) + len(chosen[place].second))
    said = [False] * len(chosen)
    for start in range(0, len(order), ROWS):
        places = order[start : start + ROWS]
        rows = batch([chosen[place] for place in places], cutter, min(LONGEST, model.config.longest))
        logits = model.pair_logits(model(rows.ids, rows.segments, rows.present))  # (rows, 2)
        for place, follows in zip(places, (logits.argmax(-1) == 0).tolist(), strict=True):
            said[place] = follows
    return said


def _share(said: Sequence[bool], kind: Kind) -> float:
    return sum(follows == kind.follows for follows in said) / max(len(said), 1)


def figures(right: dict[Kind, float]) -> Figures:
    """The shares judged rightly, and true neighbours with strangers half and half."""
    either = {f"next + {kind}": (right[Kind.NEXT] + right[kind]) / 2 for kind in (Kind.ANY, Kind.ALIKE)}
    return {str(kind): share for kind, share in right.items()} | either


def row(name: str, found: Figures) -> str:
    kinds = (*Kind, f"next + {Kind.ANY}", f"next + {Kind.ALIKE}")
    shares = [f"{found[str(kind)]:.1%}" for kind in kinds if kind is not Kind.SWAPPED]
    counts = [f"{int(found[what]):,}" for what in ("documents", "pairs")]
    return f"| {' | '.join([name, *counts, *shares, f'{found[str(Kind.SWAPPED)]:.1%}'])} |"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.next_sentence", description=__doc__)
    parser.add_argument("texts", nargs="+", metavar="TEXT", help="files; NAME= before some makes them one row")
    parser.add_argument("--checkpoint", metavar="C", help="a name from 'attnviz list', or a folder")
    parser.add_argument("--pairs", type=int, default=1000, help="of each text (default: 1000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, help="as many as torch likes, if not said")
    parser.add_argument("--json", metavar="FILE")
    return parser


if __name__ == "__main__":
    main()
