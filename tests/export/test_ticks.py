"""The numbers beside an axis: round, few, and within it."""

from __future__ import annotations

import pytest

from attnviz.export.ticks import decade_ticks, even_ticks, linear_ticks, range_ticks


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


def test_ticks_between_any_two_ends() -> None:
    """Multiples of a round number on both sides of zero, a true minus before negative ones."""
    assert [number for _, number in range_ticks(-1.2, 1.0, 5)] == ["−1", "−0.5", "0", "0.5", "1"]
    assert [value for value, _ in range_ticks(20.0, 60.0, 4)] == [20.0, 30.0, 40.0, 50.0, 60.0]


def test_ticks_of_a_logarithmic_axis_thin_out() -> None:
    """1, 2 and 5, then 1 and 3, then powers of ten, then every so many; within a part of a power even steps."""
    assert [value for value, _ in decade_ticks(1.0, 10.0, 5)] == [1, 2, 5, 10]
    assert [value for value, _ in decade_ticks(1.0, 100.0, 5)] == pytest.approx([1, 3, 10, 30, 100])
    assert [number for _, number in decade_ticks(0.001, 1000.0, 4)] == ["0.01", "1", "100"]
    assert [value for value, _ in decade_ticks(6.0, 9.0, 4)] == [6, 7, 8, 9]


def test_no_number_stands_so_near_an_end_that_the_two_overlap_on_a_short_bar() -> None:
    """0.6 under 0.675 is left out: on a bar of a hundred pixels they are eleven apart, less than a line."""
    assert linear_ticks(0.0, 0.675, "weight").numbers == ("0", "0.2", "0.4", "0.675")
