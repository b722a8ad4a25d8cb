"""Three sliders that always add up to 100."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytestqt.qtbot import QtBot

from attnviz.tabs.split_sliders import SplitSliders, rebalanced, rounded


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 100)), max_size=20))
def test_they_add_up_to_100_whatever_is_moved(moves: list[tuple[int, int]]) -> None:
    """The one that is moved stands where it was put."""
    shares = (80.0, 10.0, 10.0)
    for moved, value in moves:
        shares = rebalanced(shares, moved, value)
        split = rounded(shares)
        assert sum(split) == 100
        assert min(split) >= 0
        assert split[moved] == value


@pytest.mark.parametrize(
    ("start", "moved", "value", "expected"),
    [
        ((80.0, 10.0, 10.0), 0, 60, (60, 20, 20)),
        ((80.0, 15.0, 5.0), 0, 60, (60, 30, 10)),
        ((100.0, 0.0, 0.0), 0, 40, (40, 30, 30)),
        ((80.0, 10.0, 10.0), 1, 100, (0, 100, 0)),
    ],
)
def test_the_others_keep_their_proportion(
    start: tuple[float, float, float], moved: int, value: int, expected: tuple[int, int, int]
) -> None:
    """What is taken or given is shared as they stand, equally where they are 0."""
    assert rounded(rebalanced(start, moved, value)) == expected


def test_the_way_back_leads_to_where_it_came_from() -> None:
    """Dragged to 100 and back, by single steps."""
    shares = (70.0, 20.0, 10.0)
    for value in [*range(70, 101), *range(100, 69, -1)]:
        shares = rebalanced(shares, 0, value)
    assert rounded(shares) == (70, 20, 10)


def test_sliders_and_numbers_follow(qtbot: QtBot) -> None:
    """One move of the user, one signal; setting the split says nothing."""
    sliders = SplitSliders()
    qtbot.addWidget(sliders)
    said: list[tuple[int, int, int]] = []
    sliders.changed.connect(lambda: said.append(sliders.split))
    sliders.split = (50, 25, 25)
    assert said == []
    sliders.sliders[1].setValue(50)
    assert said == [sliders.split]
    assert sliders.split[1] == 50
    assert sum(sliders.split) == 100
    assert [number.text() for number in sliders._numbers] == [f"{share} %" for share in sliders.split]
