"""The numbers beside an axis: round, few, and within it."""

from __future__ import annotations

import pytest

from attnviz.export.ticks import even_ticks


@pytest.mark.parametrize(
    ("end", "most", "numbers"),
    [
        (300.0, 6, ["50", "100", "150", "200", "250", "300"]),
        (8000.0, 4, ["2,000", "4,000", "6,000", "8,000"]),
        (4.7, 5, ["1", "2", "3", "4"]),
        (0.3, 3, ["0.1", "0.2", "0.3"]),
        (1.0, 0, ["1"]),
        (105.0, 1, ["100"]),
        (4.9, 1, ["2", "4"]),
        (1e-6, 2, ["5e-07", "1e-06"]),
    ],
)
def test_ticks_are_multiples_of_a_round_number(end: float, most: int, numbers: list[str]) -> None:
    """About as many as asked for, one at least, none beyond the end, written with their separators."""
    ticks = even_ticks(end, most)
    assert [number for _, number in ticks] == numbers
    assert all(0 < value <= end * (1 + 1e-9) for value, _ in ticks)
    assert [float(number.replace(",", "")) for _, number in ticks] == pytest.approx([value for value, _ in ticks])
