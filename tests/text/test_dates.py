"""Dates and how they are written: held out without leaks, without doubt, and as ids the recipe's own tokenizers give."""

from __future__ import annotations

from datetime import date, timedelta

from attnviz.text import dates
from checkpoints.recipes.dates import tokenizers


def test_no_date_is_in_two_parts() -> None:
    """Held-out dates never occur in training, however they are written; every day is in one part."""
    parts = {part: {iso for _, iso in dates.examples(part)} for part in ("train", "valid", "test")}
    assert not parts["train"] & (parts["test"] | parts["valid"])
    assert not parts["test"] & parts["valid"]
    assert sum(map(len, parts.values())) == (dates.LAST - dates.FIRST).days + 1


def test_ten_ways_name_their_date_without_doubt() -> None:
    """No two dates are written the same, and the forms agree with the calendar of the standard library."""
    days = [date(2023, 12, 20) + timedelta(number) for number in range(500)]
    meant: dict[str, set[date]] = {}
    for day in days:
        assert len(dates.ways(day)) == 10
        for way in dates.ways(day):  # May is as short as it gets: two of its ways are the same
            meant.setdefault(way, set()).add(day)
    assert all(len(days_) == 1 for days_ in meant.values())
    assert dates.ways(date(2026, 11, 22))[4] == f"{date(2026, 11, 22):%A, %B %d, %Y}"
    ends = ["1st", "2nd", "3rd", "4th", "11th", "12th", "13th", "21st", "22nd", "23rd", "30th", "31st"]
    assert [dates.ordinal(int(end[:-2])) for end in ends] == ends


def test_the_ids_are_those_of_the_tokenizers() -> None:
    """``tokenizers`` cuts and numbers the same, unknown signs and capitals too; the signs come back."""
    source, target = tokenizers()
    for way in (*dates.ways(date(2026, 11, 22)), "Sept? 3rd"):
        assert dates.source_ids(way) == tuple(source.encode(way).ids)
    assert dates.target_ids("2026-11-22") == tuple(target.encode("2026-11-22").ids)
    assert dates.target_signs((*dates.target_ids("2026-11-22"), dates.END)) == (*"2026-11-22", "</s>")
    assert dates.ways(date(2026, 11, 22)) == dates.FORMS
