"""What an experiment tells besides its curves: what was asked, tables, matrices at moments of a run, and the conclusion."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.table import Table
from attnviz.trace.record import Floats, Record, Slot

Setting = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Asked(Record):
    """Which experiment runs, and under which ``settings`` (name, value), the seed among them; ``command`` runs it again.

    ``figures`` are the names of its plots, matrices and tables in the order in which they are to be read.
    """

    name: str
    title: str
    question: str
    formula: str
    settings: tuple[Setting, ...]
    command: str
    figures: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rows(Record):
    """A table of numbers and words, shown as a table; one of the same name replaces it, as when rows are added."""

    name: str
    table: Table

    @property
    def slot(self) -> Slot:
        return (Rows, self.name)


@dataclass(frozen=True, slots=True, eq=False)
class Matrix(Record):
    """Numbers over two named axes, (rows, columns), as a heat map.

    ``moment`` tells apart the states of one matrix in the course of a run (a training step, say), and ``moments`` is what
    that counts, such as "step"; without moments there is one. ``signed`` colours both sides of zero.
    """

    name: str
    values: Floats
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    axes: tuple[str, str]
    unit: str
    signed: bool = False
    moment: int = 0
    moments: str = ""

    def __post_init__(self) -> None:
        if self.values.shape != (len(self.rows), len(self.columns)):
            raise ValueError(f"'{self.name}' is {self.values.shape}, but named {len(self.rows)} × {len(self.columns)}")

    @property
    def slot(self) -> Slot:
        return (Matrix, (self.name, self.moment))


@dataclass(frozen=True, slots=True)
class Conclusion(Record):
    """What this run showed, in sentences whose numbers are the run's own."""

    sentences: tuple[str, ...]
