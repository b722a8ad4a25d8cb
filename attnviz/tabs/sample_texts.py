"""The texts that come with the program, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attnviz import places

if TYPE_CHECKING:
    from pathlib import Path

NOT_SAMPLES = {"sentences.txt", "sources.txt"}


def samples() -> list[Path]:
    """The shipped texts, English first."""
    folder = places.resources() / "samples"
    found = [path for path in folder.glob("*.txt") if path.name not in NOT_SAMPLES]
    return sorted(found, key=lambda path: ("_zh" in path.stem, path.name))


def title(stem: str) -> str:
    """A file's name as a title."""
    return stem.replace("_zh", " (Chinese)").replace("_", " ").capitalize().replace("(chinese)", "(Chinese)")
