"""Somebody who asks the engine, and jobs that do as the test says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from attnviz.trace import Notice, Record


@dataclass(eq=False)
class Listener:
    """A sink that keeps everything."""

    records: list[Record] = field(default_factory=list)
    endings: list[object] = field(default_factory=list)

    def receive(self, records: tuple[Record, ...]) -> None:
        assert not self.endings, "a record came after the end"
        self.records += records

    def end(self, ending: object) -> None:
        self.endings.append(ending)


@dataclass(frozen=True)
class Scripted:
    """A job that runs the given generator function."""

    script: Callable[[Any], Iterator[Record]]

    def run(self, library: object) -> Iterator[Record]:
        return self.script(library)


def note(number: int) -> Notice:
    return Notice(str(number), f"note {number}")
