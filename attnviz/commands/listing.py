"""``attnviz list``: the checkpoints at hand."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from attnviz.commands.run import print_json, recent
from attnviz.errors import printable
from attnviz.models import shelf

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

NAME = "list"
HELP = "list the checkpoints: shipped and recently opened"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="a JSON list")


def run(arguments: Namespace) -> None:
    found = shelf.listings(recent())
    if arguments.json:
        print_json([asdict(entry) for entry in found])
        return
    heads = ("name", "family", "layers", "heads", "hidden", "vocabulary", "parameters", "path")
    rows = [heads, *(tuple(_cell(value) for value in asdict(entry).values()) for entry in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else "?" if value is None else printable(str(value), 400)
