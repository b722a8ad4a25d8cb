"""Colours, ticks and pooling: what figures and views are painted with."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.export.cells import pooled, stride
from attnviz.export.colours import MAPS, Codes, diverging_table, sequential_table
from attnviz.export.ticks import linear_ticks, logarithmic_ticks


def lightness(table: Codes) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """CIE L* of each entry."""
    channels = table[:, :3] / 255.0
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    luminance = linear @ np.array((0.2126, 0.7152, 0.0722))
    light: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = np.where(
        luminance > 216 / 24389, 116 * np.cbrt(luminance) - 16, luminance * 24389 / 27
    )
    return light


@pytest.mark.parametrize("name", MAPS)
@pytest.mark.parametrize("dark", [False, True])
def test_sequential_maps_change_lightness_in_one_direction(name: str, dark: bool) -> None:
    """A higher weight is darker on light and lighter on dark, at every step."""
    steps = np.diff(lightness(sequential_table(name, dark=dark))) * (1 if dark else -1)
    assert steps.min() > -0.35
    assert steps.sum() > 60


@pytest.mark.parametrize("dark", [False, True])
def test_the_zero_of_the_diverging_map_is_near_the_page(dark: bool) -> None:
    """Both ends are far from the middle, and blue is below."""
    table = diverging_table(dark=dark)
    middle = table[127, :3].astype(int)
    assert (middle < 60).all() if dark else (middle > 240).all()
    assert table[0, 2] > table[0, 0]
    assert table[255, 0] > table[255, 2]
    assert not table.flags.writeable


@given(st.floats(-1e30, 1e30), st.floats(1e-30, 1e30))
def test_ticks_rise_from_the_lowest_to_the_highest_value(low: float, span: float) -> None:
    """However large or small, both ends are lettered and nothing crowds."""
    high = low + span
    if not low < high or (high - low) < 1e-12 * max(abs(low), abs(high)):
        return
    ticks = linear_ticks(low, high, "unit")
    assert ticks.heights[0] == 0.0
    assert ticks.heights[-1] == pytest.approx(1.0)
    assert all(later > earlier for earlier, later in zip(ticks.heights, ticks.heights[1:], strict=False))
    assert 2 <= len(ticks.numbers) <= 8


def test_ticks_are_round_numbers() -> None:
    """Between the ends stand 1, 2 or 5 times a power of ten."""
    assert linear_ticks(0.0, 0.396, "").numbers == ("0", "0.1", "0.2", "0.3", "0.396")
    assert linear_ticks(-2.96, 2.96, "").numbers == ("−2.96", "−2", "0", "2", "2.96")


def test_logarithmic_ticks_are_powers_of_ten() -> None:
    """The lowest stands for all below it."""
    ticks = logarithmic_ticks(1e-4, 1.0, "")
    assert ticks.numbers == ("≤ 0.0001", "0.001", "0.01", "0.1", "1")
    assert all(math.isclose(height, place / 4) for place, height in enumerate(ticks.heights))


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 40), st.integers(1, 40))
def test_pooling_keeps_the_strongest_cell_of_each_patch(rows: int, columns: int, tall: int, wide: int) -> None:
    """It equals the maximum over slices, written the slow way."""
    codes = np.random.default_rng(rows * 41 + columns).integers(0, 256, (rows, columns)).astype(np.uint8)
    small = pooled(codes, tall, wide)
    height, width = min(tall, rows), min(wide, columns)
    assert small.shape == (height, width)
    for row in range(height):
        for column in range(width):
            patch = codes[
                row * rows // height : (row + 1) * rows // height,
                column * columns // width : (column + 1) * columns // width,
            ]
            assert small[row, column] == patch.max()


def test_signed_pooling_keeps_what_is_farthest_from_zero() -> None:
    """A strong negative cell isn't lost to a weak positive one."""
    assert pooled(np.array([[5, 140], [120, 130]], np.uint8), 1, 1, signed=True).tolist() == [[5]]
    assert pooled(np.array([[100, 250]], np.uint8), 1, 1, signed=True).tolist() == [[250]]


def test_labels_are_thinned_to_round_steps() -> None:
    """Every label where there is room, then every second, fifth, tenth."""
    assert [stride(spacing, 14.0) for spacing in (20.0, 8.0, 3.0, 1.4, 0.1)] == [1, 2, 5, 10, 200]
