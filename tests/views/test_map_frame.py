"""The window of cells on a map: zoom holds what is under the mouse, and nothing beyond the edge is ever seen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPointF, QRectF

from attnviz.views.map_frame import Frame, Window, fitted


def test_zooming_holds_the_cell_under_the_mouse_in_place() -> None:
    """The point stays at the same share of the window."""
    near = Window.whole((100, 100)).zoom(0.5, 30.0, 80.0)
    assert near.rows == near.columns == 50
    assert (30.0 - near.top) / near.rows == pytest.approx(0.30)
    assert (80.0 - near.left) / near.columns == pytest.approx(0.80)


@given(
    st.integers(1, 600), st.integers(1, 600),
    st.lists(st.tuples(st.floats(0.2, 5.0), st.floats(0, 1), st.floats(0, 1), st.floats(-50, 50)), max_size=12),
)  # fmt: skip
def test_however_one_zooms_and_moves_the_window_stays_on_the_map(
    rows: int, columns: int, steps: list[tuple[float, float, float, float]]
) -> None:
    """No sequence of steps shows what isn't there, or nothing."""
    window = Window.whole((rows, columns))
    for factor, down, across, way in steps:
        window = window.zoom(factor, down * rows, across * columns).moved(way, -way)
        assert 0 < window.rows <= rows
        assert 0 < window.columns <= columns
        assert -1e-6 <= window.top <= rows - window.rows + 1e-6
        assert -1e-6 <= window.left <= columns - window.columns + 1e-6


def test_a_cell_is_found_where_it_is_painted() -> None:
    """Layout and hit test are each other's inverse, on a map that isn't square."""
    frame = Frame(QRectF(40, 30, 210, 90), Window.whole((3, 7)))
    for row in range(3):
        for column in range(7):
            assert frame.cell_at(frame.cell_area(row, column).center()) == (row, column)
    assert frame.cell_at(QPointF(10, 10)) is None


def test_cells_of_a_map_are_square_unless_a_side_would_vanish() -> None:
    """Two queries over five hundred keys are still two rows to see."""
    room = QRectF(0, 0, 600, 500)
    plain, flat = fitted(room, (10, 10), square=True), fitted(room, (2, 500), square=True)
    assert plain.width() == plain.height() == 500
    assert flat.width() == 600
    assert flat.height() == 56


def test_revealing_a_cell_moves_no_further_than_needed() -> None:
    """A cell that is seen moves nothing."""
    window = Window((20, 20), 5.0, 5.0, 10.0, 10.0)
    assert window.revealing((6, 14)) == window
    assert window.revealing((16, 2)) == Window((20, 20), 7.0, 2.0, 10.0, 10.0)
