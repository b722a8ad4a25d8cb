"""The masked word before and after the tokenizer was changed: the first words of both, and what changed in a sentence."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.trace import Candidate, Candidates, Shift
from attnviz.views.lettering import isolated, percent
from attnviz.views.row_table import Rows, RowTable

SHOWN = 5
MASKS_SAID = 3


class ShiftTable(RowTable):
    """The five most probable words of each mask before and after; of those after, where they stood before."""

    columns = ("rank", "before", "", "after", "", "it was")
    numeric = frozenset({0, 2, 4})
    pieces = frozenset({1, 3})
    wide = frozenset({1, 3})

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "Type [MASK] in the sentence, or click a word on the Masking tab, to see how its prediction changes.",
            parent,
        )

    def narrow(self) -> None:
        """Only the words and their probabilities, for a place that is not wide."""
        for column in (0, len(self.columns) - 1):
            self.table.setColumnHidden(column, True)

    @property
    def shifts(self) -> tuple[Shift, ...]:
        return self.trace.every(Shift)

    def numbers(self) -> Table:
        columns = ("mask", "rank", "before", "probability before", "after", "probability after", "rank before")
        rows = (
            (shift.mask, place + 1, old.token, old.probability, new.token, new.probability, rank_of(shift.before, new))
            for shift in self.shifts
            for place, (old, new) in enumerate(_pairs(shift))
        )
        return Table(columns, tuple(rows))

    def _rows(self) -> Rows:
        shifts = self.shifts
        return tuple(
            _row(shift, place, *pair, alone=len(shifts) == 1)
            for shift in shifts
            for place, pair in enumerate(_pairs(shift))
        )


def changed(shifts: tuple[Shift, ...]) -> str:
    """What changed, in a sentence a mask for the first three; of each the word whose probability moved most."""
    said = [(f"Mask {shift.mask + 1}: " if len(shifts) > 1 else "") + _sentence(shift) for shift in shifts[:MASKS_SAID]]
    rest = len(shifts) - len(said)
    return "\n".join([*said, f"{rest} more masks are in the table."] if rest > 0 else said)


def rank_of(record: Candidates, entry: Candidate) -> int | None:
    """The rank from 1 of the same word in another list, None where the list ends before it."""
    return next((place for place, other in enumerate(record.entries, 1) if other.id == entry.id), None)


def _sentence(shift: Shift) -> str:
    if shift.before.entries == shift.after.entries:
        return "The prediction is the same."
    before, after = _probabilities(shift.before), _probabilities(shift.after)
    shown = {entry.id: entry for record in (shift.before, shift.after) for entry in record.entries[:SHOWN]}
    word = max(shown.values(), key=lambda entry: abs(after.get(entry.id, 0.0) - before.get(entry.id, 0.0)))
    ranks = rank_of(shift.before, word), rank_of(shift.after, word)
    places = f"rank {_rank(ranks[0], shift.before)} → {_rank(ranks[1], shift.after)}"
    if ranks[0] == ranks[1]:
        places = f"still rank {ranks[0]:,}"
    shares = f"{_share(before.get(word.id))} → {_share(after.get(word.id))}"
    return f"{isolated(word.label, 30)} {shares}, {places}{_first(shift, word)}."


def _first(shift: Shift, said: Candidate) -> str:
    """Another word that came first, where the sentence hasn't said so."""
    old, new = shift.before.entries[0], shift.after.entries[0]
    return "" if new.id in {old.id, said.id} else f"; first is now {isolated(new.label, 30)}"


def _probabilities(record: Candidates) -> dict[int, float]:
    return {entry.id: entry.probability for entry in record.entries}


def _pairs(shift: Shift) -> tuple[tuple[Candidate, Candidate], ...]:
    return tuple(zip(shift.before.entries[:SHOWN], shift.after.entries[:SHOWN], strict=True))


def _row(shift: Shift, place: int, old: Candidate, new: Candidate, *, alone: bool) -> tuple[str, ...]:
    rank = rank_of(shift.before, new)
    moved = "the same" if rank == place + 1 else f"rank {_rank(rank, shift.before)}"
    words = (isolated(old.label, 30), percent(old.probability), isolated(new.label, 30), percent(new.probability))
    return (str(place + 1) if alone else f"mask {shift.mask + 1}: {place + 1}", *words, moved)


def _rank(rank: int | None, record: Candidates) -> str:
    return f"below {len(record.entries):,}" if rank is None else f"{rank:,}"


def _share(probability: float | None) -> str:
    return "too little to be listed" if probability is None else percent(probability)
