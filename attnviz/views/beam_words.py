"""A beam search in words: a branch under the mouse, a branch as a row of a table, and what the drawn numbers are."""

from __future__ import annotations

import math

from attnviz.table import Cell
from attnviz.trace import BeamTree, Fate
from attnviz.views.beam_paint import signed
from attnviz.views.lettering import isolated, percent

NAMES = ("branch", "parent", "step", "id", "word", "log probability", "total", "fate", "score", "rank")


def says(tree: BeamTree, branch: int) -> str:
    """A branch in words: word, own probability, total, score and fate."""
    made = tree.branches[branch]
    fates = {
        Fate.KEPT: "kept; a click takes the words up to here",
        Fate.PRUNED: f"pruned: not among the best {tree.width}",
        Fate.ENDED: "ended with the end sign; a click shows this output",
    }
    probability = math.exp(made.log_probability)
    said = [
        f"{isolated(tree.vocabulary[made.token])} · step {made.step + 1}",
        f"probability {percent(probability)} · ln p {signed(made.log_probability)}",
        f"total {signed(made.total)} · score {signed(tree.score(branch))}",
        f"{_ended_at_limit(tree, branch) or fates[made.fate]}",
    ]
    if branch in tree.leaves:
        said.insert(3, f"rank {tree.leaves.index(branch) + 1} of {len(tree.leaves)}")
    return "\n".join(said)


def _ended_at_limit(tree: BeamTree, branch: int) -> str:
    at_limit = branch in tree.leaves and tree.branches[branch].fate is Fate.KEPT
    return "stopped at the limit of steps; a click shows this output" if at_limit else ""


def explained(tree: BeamTree) -> str:
    said = f"beam {tree.width} · dashed: pruned · bar: ended · in the boxes: total ln p · at the right: rank and score"
    return f"{said} = total ÷ ((5 + length) ÷ 6)^{tree.penalty:g}" if tree.penalty else f"{said} = total"


def row_of(tree: BeamTree, branch: int) -> tuple[Cell, ...]:
    made = tree.branches[branch]
    return (
        branch,
        made.parent if made.parent >= 0 else None,
        made.step + 1,
        made.token,
        tree.vocabulary[made.token],
        made.log_probability,
        made.total,
        made.fate.value,
        tree.score(branch),
        tree.leaves.index(branch) + 1 if branch in tree.leaves else None,
    )
