"""Small fillings to draw in tests: three ways, their steps with candidates, and the sums that compare them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from attnviz.trace import Candidate, Candidates, Filled, Filling, FillStep, Record, Tokens, Trace, Way
from tests.views.sentences import tokens

LABELS = "[CLS] the [MASK] [MASK] sat on [MASK] . [SEP]"
ORDERS = {Way.LEFT_TO_RIGHT: (2, 3, 6), Way.BEST_FIRST: (6, 2, 3)}


def word(way: Way, position: int, step: int, place: int = 0) -> Candidate:
    """A candidate whose name tells where it stands: of which way, at which mask and step."""
    name = f"{way.value[0]}{position}s{step}{'abcdefgh'[place]}"
    return Candidate(1000 * position + 10 * step + place, name, name, 0.5 / (1 + place + step + position))


def open_masks(way: Way, positions: Sequence[int], step: int, most: int = 4) -> tuple[Candidates, ...]:
    return tuple(
        Candidates(position, tuple(word(way, position, step, place) for place in range(most))) for position in positions
    )


def taken(way: Way, position: int, step: int) -> Filled:
    found = word(way, position, step)
    return Filled(position, found, math.log(found.probability))


def steps_of(way: Way, of: Tokens, order: Sequence[int]) -> list[FillStep]:
    if way is Way.JOINT:
        return [FillStep(way, 0, open_masks(way, of.masks, 0), tuple(taken(way, place, 0) for place in of.masks))]
    return [
        FillStep(
            way,
            step,
            open_masks(way, [place for place in of.masks if place not in order[:step]], step),
            (taken(way, position, step),),
        )
        for step, position in enumerate(order)
    ]


def filled_trace(of: Tokens | None = None, *, measured: bool = True, ways: Sequence[Way] = tuple(Way)) -> Trace:
    """All masks filled; the order of the best way is given for the usual sentence, else backwards."""
    found = tokens(LABELS) if of is None else of
    records: list[Record] = [found]
    for number, way in enumerate(ways):
        order = ORDERS.get(way, found.masks) if of is None else found.masks[:: -1 if way is Way.BEST_FIRST else 1]
        steps = steps_of(way, found, order)
        put = tuple(one for step in steps for one in step.taken)
        sums = (-1.0 - number, -2.0 - number) if measured else (None, None)
        records += [*steps, Filling(way, put, found.ids, f"text of {way.value}", *sums)]
    return Trace().plus(*records)
