"""The gate between numbers and images: every row of the table of bad images, drawn or answered with a note."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from attnviz.views.image import NO_DATA, coded, holes, require_ui_thread, safe_image, spread

EMPTY = [
    np.zeros((0, 0)), np.zeros((0, 5)), np.zeros((5, 0)), np.float32(1.0), np.zeros(4), [[1.0, 2.0]], None,
    np.zeros((2, 2, 2)),
]  # fmt: skip
UNDRAWABLE = [np.zeros((2, 2), np.complex64), np.full((2, 2), None, object), np.array([["a", "b"]])]


@pytest.mark.parametrize("data", [*EMPTY, *UNDRAWABLE], ids=repr)
def test_v01_v06_what_is_no_map_of_numbers_becomes_a_placeholder(data: object) -> None:
    """The placeholder is one drawable cell and says that there is no data."""
    array, note = safe_image(data)
    assert array.shape == (1, 1)
    assert note == NO_DATA


@pytest.mark.parametrize("value", [0.0, 1.0, 7.0, 1e-45, -3.0])
def test_v02_a_constant_map_gets_finite_rising_levels(value: float) -> None:
    """A constant, even a denormal one, has levels between which it can be coded."""
    array, note = safe_image(np.full((1, 1), value, np.float32))
    low, high = spread(array)
    assert low < high
    assert note is None
    assert coded(array, low, high).dtype == np.uint8


def test_v03_cells_that_are_no_numbers_are_counted_and_drawn_as_the_lowest() -> None:
    """NaN is no number and is said to be none."""
    data = np.array([[np.nan, 2.0], [5.0, np.nan]], np.float32)
    array, note = safe_image(data)
    assert note == "NaN: 2 cells"
    assert array.tolist() == [[2.0, 2.0], [5.0, 2.0]]
    missing = holes(data)
    assert missing is not None
    assert int(missing.sum()) == 2


def test_v03_a_map_of_nothing_but_nan_is_drawn_too() -> None:
    """Nothing finite is left, and the note says how much was lost."""
    array, note = safe_image(np.full((2, 3), np.nan))
    assert np.isfinite(array).all()
    assert note == "NaN: 6 cells"


def test_v04_infinities_take_the_nearest_finite_value() -> None:
    """Both infinities are clipped and counted."""
    array, note = safe_image(np.array([[np.inf, 1.0], [-np.inf, -4.0]]))
    assert array.tolist() == [[1.0, 1.0], [-4.0, -4.0]]
    assert note == "∞ clipped: 1 cell, −∞ clipped: 1 cell"


def test_v04_values_beyond_float32_are_clipped_to_it() -> None:
    """1e308 doesn't become an infinity on the way."""
    array, note = safe_image(np.array([[1e308, -1e308]]))
    assert np.isfinite(array).all()
    assert note == "beyond float32, clipped: 2 cells"
    assert coded(array, *spread(array, signed=True)).tolist() == [[255, 0]]


@pytest.mark.parametrize("levels", [(0.0, np.nan), (0.0, np.inf), (np.nan, np.nan), (1.0, 0.0), (0.0, 0.0)])
def test_v05_levels_that_make_no_scale_are_refused(levels: tuple[float, float]) -> None:
    """What would hang an axis never reaches one."""
    with pytest.raises(ValueError, match="levels must be finite"):
        coded(np.zeros((2, 2), np.float32), *levels)


@pytest.mark.parametrize("kind", [np.bool_, np.int64, np.uint64, np.float16, np.float64])
def test_v06_every_kind_of_real_number_becomes_float32(kind: type[np.generic]) -> None:
    """Views meet two types only."""
    array, note = safe_image(np.ones((2, 3), kind)[:, ::2])
    assert array.dtype == np.float32
    assert array.flags.c_contiguous
    assert note is None


def test_v06_bytes_stay_bytes() -> None:
    """An atlas of uint8 isn't widened."""
    array, note = safe_image(np.arange(6, dtype=np.uint8).reshape(2, 3).T)
    assert array.dtype == np.uint8
    assert array.flags.c_contiguous
    assert note is None


def test_v07_a_very_long_map_is_passed_on() -> None:
    """Two rows of forty thousand are a map like any other."""
    array, note = safe_image(np.zeros((2, 40_000), np.float32))
    assert array.shape == (2, 40_000)
    assert note is None


def test_a_percentile_keeps_one_outlier_from_bleaching_the_rest() -> None:
    """Signed levels are symmetric about zero."""
    values = np.ones((10, 100), np.float32)
    values[0, 0] = -1000.0
    assert spread(values, signed=True, percentile=99.5) == (-1.0, 1.0)


def test_images_are_made_in_the_ui_thread_only(qtbot: QtBot) -> None:
    """Elsewhere the attempt is refused at once, and not when Qt stumbles over it."""
    require_ui_thread()
    heard: list[BaseException] = []

    def attempt() -> None:
        try:
            require_ui_thread()
        except RuntimeError as error:
            heard.append(error)

    worker = threading.Thread(target=attempt)
    worker.start()
    worker.join()
    assert len(heard) == 1
