"""What stands at each mask when a step is over, and which words of a long text are left out."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest

from attnviz.trace import Cursor, Trace
from attnviz.views.fill_runs import WAYS, State, chosen_way, longest, nats, runs_of, share, stretches
from tests.views.fillings import filled_trace, word
from tests.views.sentences import long_sentence


def test_masks_are_filled_in_their_order() -> None:
    """Before its step a mask shows what the next forward would put there; in its step it is new, afterwards it stays."""
    joint, across, best = runs_of(filled_trace())
    assert best is not None
    found = [[best.standing(position, step) for position in (2, 3, 6)] for step in range(3)]
    assert [[standing.state for standing in row] for row in found] == [
        [State.OPEN, State.OPEN, State.NOW],
        [State.NOW, State.OPEN, State.BEFORE],
        [State.BEFORE, State.NOW, State.BEFORE],
    ]
    way = best.way
    assert found[0][0].word == word(way, 2, 1)
    assert found[0][1].word == word(way, 3, 1)
    assert found[2][0].word == word(way, 2, 1)
    assert found[2][2].word == word(way, 6, 0)
    assert across is not None
    assert across.standing(6, 0).word == word(across.way, 6, 1)
    assert joint is not None
    assert all(joint.standing(position, 5).state is State.NOW for position in (2, 3, 6))


def test_a_run_that_has_just_begun_knows_only_what_came() -> None:
    """Of a mask that no later step speaks of, nothing is known yet."""
    trace = filled_trace()
    begun = runs_of(
        Trace().plus(*list(trace.records.values())[:4])
    )  # tokens, the joint way, one step from left to right
    assert begun[1] is not None
    assert begun[1].standing(2, 9).state is State.NOW
    assert begun[1].standing(6, 9).word is None
    assert begun[2] is None
    assert runs_of(Trace()) == (None,) * len(WAYS)
    assert (longest(Trace()), longest(trace)) == (0, 3)


@pytest.mark.parametrize("masked", [(1,), (1, 2), (30,), (5, 12, 13, 40), tuple(range(1, 33)), (510,)])
def test_every_token_stands_in_one_column_and_no_mask_is_left_out(masked: tuple[int, ...]) -> None:
    """In order, without overlap; two words on either side of each mask are kept."""
    tokens = long_sentence(512, masked)
    columns = stretches(tokens, lambda _position: 40.0, 6.0, lambda _count: 30.0)
    assert [place for column in columns for place in range(column.first, column.last)] == list(range(512))
    skipped = {place for column in columns if column.skips for place in range(column.first, column.last)}
    near = {place for mask in masked for place in range(mask - 2, mask + 3)} & set(range(512))
    assert not skipped & near
    assert len(columns) <= 9 * len(masked) + 9
    for column, following in pairwise(columns):
        assert following.left == column.left + column.width + 6.0


def test_short_stretches_are_shown_whole() -> None:
    """Five words between two masks stand there, of six the middle is left out."""
    assert not any(c.skips for c in stretches(long_sentence(13, (1, 7)), lambda _: 1.0, 0.0, lambda _: 1.0))
    assert [c.last - c.first for c in stretches(long_sentence(9, (1, 8)), lambda _: 1.0, 0.0, lambda _: 1.0)][4] == 2


@pytest.mark.parametrize(
    ("probability", "text"), [(1.0, "100.0 %"), (0.044, "4.4 %"), (2.5e-5, "2.5 · 10⁻⁵"), (9.99e-12, "1.0 · 10⁻¹¹")]
)
def test_probabilities_of_the_whole_are_lettered(probability: float, text: str) -> None:
    """Per cent where it is a few of them, else a power of ten."""
    assert share(math.log(probability)).replace("\N{THIN SPACE}", " ") == text


def test_sums_have_a_true_minus_sign() -> None:
    """And three dots while they are computed."""
    assert (nats(-3.128), nats(-0.0001), nats(None)) == ("−3.13", "0.00", "…")
    assert (chosen_way(Cursor(layer=9)), chosen_way(Cursor(layer=1))) == (2, 1)
