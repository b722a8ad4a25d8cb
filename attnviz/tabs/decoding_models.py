"""The models of the decoding tab: those that ship, those that were opened, and a source to begin with for each."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz import places
from attnviz.models import shelf

if TYPE_CHECKING:
    from collections.abc import Iterable


def offered(opened: Iterable[str]) -> tuple[str, ...]:
    """Paths of folders: shipped ones, the default first, then those that were opened."""
    return tuple(dict.fromkeys([*map(str, shelf.translators()), *opened]))


def name_of(path: str) -> str:
    return Path(path).name


def samples(path: str) -> tuple[str, ...]:
    """Sources for a shipped model, by the task that its name begins with; none for a stranger's."""
    name = name_of(path)
    return tuple(source for task, source in _samples() if name.startswith(f"{task}-"))


def is_sample(source: str) -> bool:
    """Whether the source is one that ships, which nobody minds losing."""
    return any(source == own for _, own in _samples())


def same_task(path: str, other: str) -> bool:
    """Whether two models read and write the same things, as far as their names tell."""
    return name_of(path).rpartition("-")[0] == name_of(other).rpartition("-")[0]


@cache
def _samples() -> tuple[tuple[str, str], ...]:
    try:
        lines = (places.resources() / "samples" / "sources.txt").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ()
    return tuple((task, source) for task, _, source in (line.partition("\t") for line in lines) if source)
