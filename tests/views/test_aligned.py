"""Characters in lines, with room for the pieces above them: pure geometry."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from attnviz.views.aligned import align


def test_lines_break_where_they_may() -> None:
    """A line ends at the last break that fits."""
    lines = align([10.0] * 9, (), {3, 6}, 70.0)
    assert [(line.start, line.end) for line in lines] == [(0, 6), (6, 9)]
    assert lines[1].edges == (0.0, 10.0, 20.0, 30.0)


def test_a_wide_piece_pushes_what_follows() -> None:
    """A need widens its last character, and nothing before it moves."""
    [line] = align([10.0] * 4, [(0, 2, 50.0)], (), 1000.0)
    assert line.edges == (0.0, 10.0, 50.0, 60.0, 70.0)
    assert line.character(55.0) == 2
    assert line.character(70.0) is None


@given(
    st.lists(st.floats(1, 30), max_size=40),
    st.sets(st.integers(0, 40)),
    st.floats(5, 200),
)
def test_every_character_stands_exactly_once(widths: list[float], breaks: set[int], available: float) -> None:
    """Whatever the widths and breaks, the lines follow each other without gap."""
    lines = align(widths, (), breaks, available)
    assert [line.start for line in lines] == [0, *(line.end for line in lines[:-1])][: len(lines)]
    assert not widths or lines[-1].end == len(widths)
    assert all(line.end > line.start for line in lines)
