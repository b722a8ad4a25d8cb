"""Dates in ten ways of writing them in English and in ISO form, sign by sign: a small task that shows attention at work."""

from __future__ import annotations

import hashlib
import random
from datetime import date, timedelta

FIRST, LAST = date(1900, 1, 1), date(2099, 12, 31)
# Not the calendar module's: those follow the locale.
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SOURCE = "abcdefghijklmnopqrstuvwxyz0123456789 ,./"
TARGET = "0123456789-"
SPECIAL = ("<pad>", "<s>", "</s>", "<unk>")
PAD, BEGIN, END, UNKNOWN = range(4)
EACH = 2  # ways that every training date is shown in
FORMS = (
    "November 22, 2026",
    "22 November 2026",
    "Nov 22, 2026",
    "22 Nov 2026",
    "Sunday, November 22, 2026",
    "Sunday, 22 November 2026",
    "the 22nd of November, 2026",
    "November 22nd, 2026",
    "11/22/2026",
    "22.11.2026",
)
"""The ten ways, shown on one day."""
Example = tuple[str, str]


def ways(day: date) -> tuple[str, ...]:
    """The ten ways. Slashes put the month first and stops the day, so that every one has one meaning."""
    name, weekday, number, year = MONTHS[day.month - 1], DAYS[day.weekday()], day.day, day.year
    return (
        f"{name} {number}, {year}",
        f"{number} {name} {year}",
        f"{name[:3]} {number}, {year}",
        f"{number} {name[:3]} {year}",
        f"{weekday}, {name} {number}, {year}",
        f"{weekday}, {number} {name} {year}",
        f"the {ordinal(number)} of {name}, {year}",
        f"{name} {ordinal(number)}, {year}",
        f"{day.month}/{number}/{year}",
        f"{number}.{day.month}.{year}",
    )


def ordinal(number: int) -> str:
    """1st, 2nd, 3rd, 4th … 11th, 12th, 13th …"""
    ending = "th" if number in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"


def every_day() -> list[date]:
    return [FIRST + timedelta(number) for number in range((LAST - FIRST).days + 1)]


def part_of(day: date) -> str:
    """train, valid (1 %) or test (10 %), by a hash of the date: none is in two parts, however it is written."""
    number = int(hashlib.sha256(day.isoformat().encode()).hexdigest(), 16) % 100
    return "test" if number < 10 else "valid" if number < 11 else "train"


def examples(part: str, seed: int = 1) -> list[Example]:
    """Held-out dates in all ten ways, training dates in two of them, chosen by the seed."""
    draw = random.Random(seed)
    return [
        (way, day.isoformat())
        for day in every_day()
        if part_of(day) == part
        for way in (draw.sample(ways(day), EACH) if part == "train" else ways(day))
    ]


def source_ids(text: str) -> tuple[int, ...]:
    """A written date sign by sign; small and capital letters are the same."""
    return _ids(text.lower(), SOURCE)


def target_ids(iso: str) -> tuple[int, ...]:
    return _ids(iso, TARGET)


def target_signs(ids: tuple[int, ...]) -> tuple[str, ...]:
    """The signs of a date that was written, special ones by their names."""
    return tuple((*SPECIAL, *TARGET)[number] for number in ids)


def _ids(text: str, alphabet: str) -> tuple[int, ...]:
    return tuple(len(SPECIAL) + place if (place := alphabet.find(sign)) >= 0 else UNKNOWN for sign in text)
