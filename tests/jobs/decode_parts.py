"""Recurrent models of every kind of attention, and their answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from attnviz.jobs.decode import Decode, SearchBeam
from attnviz.models import recurrent
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.trace import Decoding
from tests.records import run
from tests.translators import write_translator

SOURCE = "attnviz"
ROWS = recurrent.ROWS


def write_kinds(root: Path) -> dict[str, Reference]:
    """One model a kind of attention, that nobody changes."""
    kinds = ("none", "dot", "general", "additive")
    return {kind: Reference(str(write_translator(root / kind, kind, seed=5))) for kind in kinds}


def answer(library: Library, job: Decode | SearchBeam) -> Decoding:
    found = run(library, job).find(Decoding)
    assert found is not None
    return found


def same(left: Decoding, right: Decoding) -> None:
    """Equal in every word, and to the last bit in every number of the forward.

    Gates and queries are computed for all steps together, whose number decides how a matrix product is rounded.
    """
    assert (left.previous, left.tokens, left.choices, left.text, left.ended) == (
        *(right.previous, right.tokens, right.choices, right.text, right.ended),
    )
    together = ("reset", "update", "candidate", "query")
    for name in (*ROWS, "probabilities", "ranks"):
        ours, theirs = getattr(left, name), getattr(right, name)
        if name in together and ours is not None:
            np.testing.assert_allclose(ours, theirs, atol=1e-6, err_msg=name)
        else:
            np.testing.assert_array_equal(ours, theirs, err_msg=name)
