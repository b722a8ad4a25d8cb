"""Which two models play ELECTRA's game: the open one where it can, else those that ship."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz import places
from attnviz.models import shelf
from attnviz.models.reference import Reference

if TYPE_CHECKING:
    from attnviz.tabs.scene import Scene


def generators(scene: Scene) -> tuple[Reference, ...]:
    """Those that may put words in: the open model first if it can."""
    return _offered(scene, shipped_generators(), can=scene.report is not None and scene.report.can_fill_masks)


def detectors(scene: Scene) -> tuple[Reference, ...]:
    """Those that may judge: the open model first if it can."""
    return _offered(scene, shipped_detectors(), can=scene.report is not None and scene.report.can_detect)


def shipped_generators() -> tuple[str, ...]:
    return _generators(places.checkpoints())


def shipped_detectors() -> tuple[str, ...]:
    return _detectors(places.checkpoints())


def _offered(scene: Scene, shipped: tuple[str, ...], *, can: bool) -> tuple[Reference, ...]:
    if scene.reference is None:
        return ()
    near = (scene.reference,) if can else ()
    paths = {reference.path for reference in near}
    far = (Reference(path, scene.reference.device) for path in shipped if path not in paths)
    return (*near, *far)


# What ships doesn't change while the program runs; the folder of it is looked through once.


@cache
def _generators(_root: Path) -> tuple[str, ...]:
    return tuple(map(str, shelf.generators()))


@cache
def _detectors(_root: Path) -> tuple[str, ...]:
    return tuple(map(str, shelf.detectors()))
