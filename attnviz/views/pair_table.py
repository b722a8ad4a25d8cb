"""Pairs of sentences with what the model says of each, and whether it is right."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from attnviz.errors import printable
from attnviz.table import Table
from attnviz.trace import Verdict
from attnviz.views.lettering import percent
from attnviz.views.row_table import Rows, RowTable

NEXT = "next"
WAITING = "…"
LONGEST = 200


class SamplePair(NamedTuple):
    """``kind`` says how the second sentence was chosen; only ``next`` is one that follows."""

    kind: str
    first: str
    second: str

    @property
    def follows(self) -> bool:
        return self.kind == NEXT


class PairTable(RowTable):
    """``chosen`` carries the SamplePair of a row that the user comes to. The cursor's query is the row."""

    chosen = Signal(object)
    columns = ("second is", "first sentence", "second sentence", "is next", "model")
    numeric = frozenset({3})
    wide = frozenset({1, 2})

    def __init__(self, pairs: tuple[SamplePair, ...], parent: QWidget | None = None) -> None:
        self.pairs = pairs
        super().__init__("The pairs that ship with the program are not there; type two sentences.", parent)
        self.setAccessibleName("Pairs that ship with the program")
        self.table.setToolTip("Come to a pair to judge it above, with the way to its answer")

    def verdict(self, place: int) -> Verdict | None:
        return self.trace.find(Verdict, place)

    @property
    def judged(self) -> tuple[tuple[SamplePair, bool], ...]:
        """The pairs that were judged, and whether rightly."""
        found = ((pair, self.verdict(place)) for place, pair in enumerate(self.pairs))
        return tuple((pair, is_right(pair, verdict)) for pair, verdict in found if verdict is not None)

    def said(self) -> str:
        """How many of each kind were judged rightly; empty until all are."""
        judged = self.judged
        if not judged or len(judged) < len(self.pairs):
            return ""
        kinds = dict.fromkeys(pair.kind for pair in self.pairs)
        right = {kind: [hit for pair, hit in judged if pair.kind == kind] for kind in kinds}
        counts = (f"{kind} {sum(hits)}/{len(hits)}" for kind, hits in right.items())
        return f"right: {' · '.join(counts)}"

    def numbers(self) -> Table:
        """A row per pair; empty cells where nothing was computed."""
        columns = ("kind", "first", "second", "probability is next", "judged")
        return Table(columns, tuple(_numbers(pair, self.verdict(place)) for place, pair in enumerate(self.pairs)))

    def _rows(self) -> Rows:
        return tuple(_row(pair, self.verdict(place)) for place, pair in enumerate(self.pairs))

    def _chosen(self) -> int | None:
        query = self.cursor_at.query
        return query if query is not None and query < len(self.pairs) else None

    def _came_to(self, row: int) -> None:
        self.pointed.emit(replace(self.cursor_at, query=row, pinned=True))
        self.chosen.emit(self.pairs[row])


def is_right(pair: SamplePair, verdict: Verdict) -> bool:
    """Whether the more probable answer is the true one."""
    return (verdict.is_next > 0.5) == pair.follows


def _numbers(pair: SamplePair, verdict: Verdict | None) -> tuple[str | float | None, ...]:
    return (*pair, None, None) if verdict is None else (*pair, verdict.is_next, judged_as(pair, verdict))


def judged_as(pair: SamplePair, verdict: Verdict) -> str:
    """In a word."""
    return "right" if is_right(pair, verdict) else "wrong"


def _row(pair: SamplePair, verdict: Verdict | None) -> tuple[str, ...]:
    sentences = (printable(pair.first, LONGEST), printable(pair.second, LONGEST))
    if verdict is None:
        return (pair.kind, *sentences, WAITING, "")
    return (pair.kind, *sentences, percent(verdict.is_next), judged_as(pair, verdict))
