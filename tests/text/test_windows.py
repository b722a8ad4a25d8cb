"""Windows over a long text: nothing is left out, each is full, and a mask is answered where most stands around it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.errors import JobError
from attnviz.text.windows import best, cut, slide
from attnviz.trace import Tokens
from tests.text.test_masking import tokens_of

LIMIT, ROOM = 12, 10
LENGTHS = st.integers(1, 60)
STRIDES = st.integers(1, ROOM)


def masked(tokens: Tokens, *places: int) -> Tokens:
    originals = tuple(7 if place in places else None for place in range(len(tokens)))
    return Tokens(
        *(tokens.text, tokens.ids, tokens.pieces, tokens.labels, tokens.spans, tokens.segments, tokens.special),
        words=tokens.words,
        masks=places,
        originals=originals,
        original_labels=tuple(None if original is None else "7" for original in originals),
        total=len(tokens),
    )


@given(LENGTHS, STRIDES)
def test_all_of_the_text_is_read_by_full_windows(length: int, stride: int) -> None:
    """No gap, no window beyond the text, and only a text that fits has one that is not full."""
    found = slide(tokens_of(*[1] * length), LIMIT, stride, 32)
    assert [place for place in range(1, length + 1) if not found.readers(place)] == []
    assert {len(window) for window in found.windows} == {min(length, ROOM)}
    assert (found.windows[0].first, found.windows[-1].last) == (1, length + 1)
    starts = [window.first for window in found.windows]
    assert starts == sorted(set(starts))
    assert all(start == 1 + number * stride for number, start in enumerate(starts[:-1]))
    assert (found.limit, found.added, found.stride) == (LIMIT, 2, stride)


@given(LENGTHS, STRIDES, st.data())
def test_a_mask_is_answered_where_most_stands_around_it(length: int, stride: int, data: st.DataObject) -> None:
    """Compared with every window that holds it: none has more on its poorer side."""
    place = data.draw(st.integers(1, length))
    found = slide(tokens_of(*[1] * length), LIMIT, stride, 32)
    chosen = best(found, place)
    poorer = [
        min(place - window.first, window.last - 1 - place) if window.first <= place < window.last else -1
        for window in found.windows
    ]
    assert poorer[chosen] == max(poorer)
    assert chosen == poorer.index(max(poorer))


def test_without_a_stride_the_rest_is_cut_off() -> None:
    """One window, and masks behind it have no answer."""
    found = slide(masked(tokens_of(*[1] * 30), 3, 10, 11, 30), LIMIT, None, 32)
    assert [(window.first, window.last) for window in found.windows] == [(1, 11)]
    assert found.answers == ((3, 0), (10, 0))
    assert best(found, 11) is None


def test_only_so_many_masks_are_answered() -> None:
    """The first ones."""
    found = slide(masked(tokens_of(*[1] * 30), *range(1, 31)), LIMIT, 5, 7)
    assert [place for place, _ in found.answers] == list(range(1, 8))


def test_a_window_is_cut_with_the_special_tokens_around_it() -> None:
    """Every tuple of the whole, at the window's places and at both ends; masks count anew."""
    tokens = masked(tokens_of(*[1, 2] * 10), 14, 17)
    found = slide(tokens, LIMIT, 4, 32)
    window = found.windows[3]
    part = cut(tokens, window)
    places = [0, *range(13, 23), 31]
    assert (window.first, window.last) == (13, 23)
    for name in ("ids", "pieces", "labels", "spans", "segments", "special", "words", "originals", "original_labels"):
        assert getattr(part, name) == tuple(getattr(tokens, name)[place] for place in places)
    assert part.masks == (2, 5)
    assert len(part) == part.total == LIMIT


@pytest.mark.parametrize("stride", [0, -1, ROOM + 1])
def test_strides_that_leave_gaps_or_go_nowhere_are_refused(stride: int) -> None:
    """With the strides that there are."""
    with pytest.raises(JobError, match="between 1 and 10") as caught:
        slide(tokens_of(1, 1), LIMIT, stride, 32)
    assert caught.value.code == "BAD_STRIDE"
