"""Cells flow in lines: pure geometry."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from attnviz.views.chip_layout import flow, nearest_in_line

WIDTHS = st.lists(st.floats(1, 300), min_size=1, max_size=60)


@given(WIDTHS, st.floats(20, 800), st.data())
def test_cells_stay_inside_the_line_and_never_overlap(
    widths: list[float], available: float, data: st.DataObject
) -> None:
    """Whatever the widths and groups, reading order is kept and nothing sticks out."""
    groups = sorted(data.draw(st.lists(st.integers(0, 9), min_size=len(widths), max_size=len(widths))))
    places = flow(widths, groups, available, 8)
    assert len(places) == len(widths)
    assert all(place.left >= 0 and place.left + place.width <= available + 1e-6 for place in places)
    for before, after in pairwise(places):
        assert after.line in {before.line, before.line + 1}
        assert after.line != before.line or after.left >= before.left + before.width - 1e-6


def test_a_group_moves_to_the_next_line_as_a_whole() -> None:
    """Two pieces that don't both fit leave the line together, without a gap between them."""
    places = flow([60, 30, 30], [0, 1, 1], 100, 8)
    assert [(place.left, place.line) for place in places] == [(0, 0), (0, 1), (30, 1)]
    assert [(place.opens, place.closes) for place in places] == [(True, True), (True, False), (False, True)]


def test_a_group_wider_than_a_line_is_broken() -> None:
    """It has to go somewhere."""
    assert [place.line for place in flow([60, 60], [0, 0], 100, 8)] == [0, 1]


def test_no_cells_have_no_places() -> None:
    """An empty sentence is no mistake."""
    assert flow([], [], 100, 8) == ()


def test_the_nearest_cell_of_another_line_is_found() -> None:
    """Up and Down go to what stands above and below; beyond the last line one stays."""
    places = flow([40, 40, 40, 40], [0, 1, 2, 3], 90, 8)
    assert nearest_in_line(places, 1, 1) == 3
    assert nearest_in_line(places, 3, 2) == 3
