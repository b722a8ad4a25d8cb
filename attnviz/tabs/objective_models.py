"""Which models stand for BERT, RoBERTa and ELECTRA: the open one for its own kind, shipped ones for the others."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz import places
from attnviz.models import shelf
from attnviz.models.reference import Reference
from attnviz.trace.objectives import BERT, ELECTRA, ROBERTA

if TYPE_CHECKING:
    from attnviz.tabs.scene import Scene

ROLE_OF = {
    "bert": BERT,
    "distilbert": BERT,
    "albert": BERT,
    "roberta": ROBERTA,
    "xlm-roberta": ROBERTA,
    "camembert": ROBERTA,
}
"""The objective that masked models of a family were trained with, nearly enough."""


def players(scene: Scene) -> dict[str, Reference]:
    """A model for each role that one can be had for; ``generator`` is the one that replaces words for ELECTRA."""
    if scene.reference is None:
        return {}
    shipped = _shipped(places.checkpoints())
    found = {role: Reference(path, scene.reference.device) for role, path in shipped.items()}
    if BERT in found:
        found["generator"] = found[BERT]
    report = scene.report
    if report is not None and report.can_detect:
        found[ELECTRA] = scene.reference
    elif report is not None and report.can_fill_masks and report.family in ROLE_OF:
        found[ROLE_OF[report.family]] = scene.reference
    return found


@cache
def _shipped(_root: Path) -> dict[str, str]:
    """Role → folder; what ships doesn't change while the program runs."""
    masked = {ROLE_OF.get(shelf.listing(folder).family, ""): str(folder) for folder in reversed(shelf.generators())}
    judges = shelf.detectors()
    found = {**masked, ELECTRA: str(judges[0])} if judges else masked
    return {role: path for role, path in found.items() if role}
