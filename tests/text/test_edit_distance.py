"""Edit distance: the textbook's words, and trying everything."""

from __future__ import annotations

from functools import cache

from hypothesis import given
from hypothesis import strategies as st

from attnviz.text.edit_distance import edit_distance

SHORT = st.text(st.sampled_from("abc"), max_size=6)


def tried(left: str, right: str) -> int:
    """Levenshtein's distance by its definition."""

    @cache
    def apart(first: int, second: int) -> int:
        if not first or not second:
            return first + second
        changed = apart(first - 1, second - 1) + (left[first - 1] != right[second - 1])
        return min(changed, apart(first - 1, second) + 1, apart(first, second - 1) + 1)

    return apart(len(left), len(right))


def test_the_textbooks_words() -> None:
    """Kitten and sitting, and the ends."""
    assert edit_distance("kitten", "sitting") == 3
    assert edit_distance("", "kitten") == edit_distance("kitten", "") == 6
    assert edit_distance(("AH", "T"), ("AH", "T")) == 0


@given(SHORT, SHORT)
def test_it_is_the_least_of_all_ways(left: str, right: str) -> None:
    """As the definition says, for any short words; and the same in both directions."""
    assert edit_distance(left, right) == edit_distance(right, left) == tried(left, right)
