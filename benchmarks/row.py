"""One line of the result table."""

from __future__ import annotations

import statistics
from dataclasses import dataclass

HEAD = "| what | against | goal | measured (median, min–max) | holds? |\n|---|---|---|---|---|"


@dataclass(frozen=True, slots=True)
class Row:
    """``values`` are one figure a round, in ``unit`` (a ratio where that is empty); their median must not exceed ``limit``."""

    name: str
    what: str
    against: str
    goal: str
    limit: float
    values: tuple[float, ...]
    unit: str = ""
    note: str = ""

    @property
    def median(self) -> float:
        return statistics.median(self.values)

    @property
    def holds(self) -> bool:
        return self.median <= self.limit

    def line(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        measured = f"**{self.median:.3g}{unit}** ({min(self.values):.3g}–{max(self.values):.3g})"
        measured += f"; {self.note}" if self.note else ""
        return f"| {self.what} | {self.against} | {self.goal} | {measured} | {'yes' if self.holds else 'no'} |"
