"""What-if edits on the command line: ``--edit``, read by the grammar of ``text/edit_grammar.py``."""

from __future__ import annotations

from argparse import RawDescriptionHelpFormatter
from typing import TYPE_CHECKING

import numpy as np

from attnviz.text.edit_grammar import GRAMMAR, parse_edit, written

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace

    from numpy.typing import NDArray

    from attnviz.edits import InsideWish


def add_edits(parser: ArgumentParser) -> None:
    """``--edit``, and its grammar at the end of the help."""
    parser.add_argument(
        "--edit", action="append", default=[], metavar="EDIT", help="change the model first (repeatable; forms below)"
    )
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.epilog = f"edits:\n{GRAMMAR}"


def edits_of(arguments: Namespace) -> tuple[InsideWish, ...]:
    """The edits that were asked for, in order. Raises JobError that names the place of what is wrong."""
    return tuple(map(parse_edit, arguments.edit))


def edits_as_array(edits: tuple[InsideWish, ...]) -> dict[str, NDArray[np.generic]]:
    """The edits as they are written, for a file of arrays; nothing where there are none."""
    return {"edits": np.array([written(edit) for edit in edits])} if edits else {}
