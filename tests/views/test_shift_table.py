"""What changed behind a mask, as a table and as a sentence."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from attnviz.trace import Candidate, Candidates, Cursor, Shift, Trace
from attnviz.views.shift_table import ShiftTable, changed

NAMES = "lyon paris rome oslo bern wien"
BEFORE = (0.5, 0.063, 0.05, 0.04, 0.03, 0.02)


def answer(position: int, probabilities: dict[str, float]) -> Candidates:
    best = sorted(probabilities.items(), key=lambda item: -item[1])
    entries = (Candidate(NAMES.split().index(name), name, name, share) for name, share in best)
    return Candidates(position, tuple(entries))


def shift(mask: int = 0, **after: float) -> Shift:
    """These words moved, the others stayed."""
    before = dict(zip(NAMES.split(), BEFORE, strict=True))
    return Shift(mask, answer(3, before), answer(4, {**before, **after}))


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (shift(), "The prediction is the same."),
        (shift(paris=0.041), "paris 6.3 % → 4.1 %, rank 2 → 3."),
        (shift(lyon=0.4), "lyon 50.0 % → 40.0 %, still rank 1."),
        (shift(lyon=0.01), "lyon 50.0 % → 1.0 %, rank 1 → 6; first is now paris."),
        (shift(wien=0.6), "wien 2.0 % → 60.0 %, rank 6 → 1."),
    ],
)
def test_the_word_that_moved_most_is_said(record: Shift, said: str) -> None:
    """Its probability and rank before and after, and another word where that comes first now."""
    assert changed((record,)) == said


def test_a_word_that_is_no_longer_listed_is_said_to_be_below() -> None:
    """No number is invented for it."""
    record = shift()
    gone = Candidates(4, record.after.entries[1:])
    assert changed((Shift(0, record.before, gone),)).startswith(
        "lyon 50.0 % → too little to be listed, rank 1 → below 5; first is now paris"
    )


def test_several_masks_are_told_apart(qtbot: QtBot) -> None:
    """By number in the sentences, of which there are three at most, and in the rows."""
    shifts = tuple(shift(mask, paris=0.041) for mask in range(5))
    lines = changed(shifts).splitlines()
    assert [line[:7] for line in lines[:3]] == ["Mask 1:", "Mask 2:", "Mask 3:"]
    assert lines[3:] == ["2 more masks are in the table."]
    table = ShiftTable()
    qtbot.addWidget(table)
    table.draw(Trace().plus(*shifts), Cursor())
    assert len(table.rows) == 25
    assert table.rows[6] == ("mask 2: 2", "paris", "6.3 %", "rome", "5.0 %", "rank 3")
    assert len(table.numbers().rows) == 25
