"""One decoding as a lane of steps, and the columns that lanes share: what is drawn of a timeline, without drawing."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, zip_longest

from PySide6.QtCore import QRectF

from attnviz.trace import Choice, Decoding
from attnviz.views.lettering import isolated, percent
from attnviz.views.ruler import small_width, token_width

CHIP, BAR, VALUE, LANE, RULER = 24.0, 5.0, 15.0, 56.0, 22.0
BETWEEN, PADDING, NARROWEST, WIDEST = 6.0, 8.0, 34.0, 160.0
_BECAUSE = {
    Choice.GREEDY: "the most probable word",
    Choice.SAMPLED: "drawn at random",
    Choice.FORCED: "forced: given from outside, whatever the model preferred",
    Choice.BEAM: "on the path that the beam search kept",
}


@dataclass(frozen=True, slots=True)
class Lane:
    """The words of one decoding with their numbers, converted once for painting."""

    name: str
    words: tuple[str, ...]
    labels: tuple[str, ...]
    probabilities: tuple[float, ...]
    losses: tuple[float, ...]
    ranks: tuple[int, ...]
    choices: tuple[Choice, ...]
    changed: frozenset[int]

    def __len__(self) -> int:
        return len(self.words)

    def says(self, step: int) -> str:
        """A step in words: what came out, how probable it was, and why it came."""
        said = [
            f"step {step + 1} of {len(self)} · {self.labels[step]}",
            f"probability {percent(self.probabilities[step])} · rank {self.ranks[step]:,} · −ln p {loss_text(self.losses[step])} nats",
            _BECAUSE[self.choices[step]] + (" (triangle)" if self.choices[step] is Choice.FORCED else ""),
        ]
        if step in self.changed:
            said.append("an edit touches this step (underlined)")
        return "\n".join(([self.name] if self.name else []) + said)


def lane_of(decoding: Decoding | None, name: str) -> Lane | None:
    if decoding is None:
        return None
    return Lane(
        name,
        decoding.labels,
        tuple(map(isolated, decoding.labels)),
        tuple(decoding.probabilities.tolist()),
        tuple(decoding.losses.tolist()),
        tuple(decoding.ranks.tolist()),
        decoding.choices,
        frozenset(decoding.changed),
    )


def differing(one: Lane, other: Lane | None) -> frozenset[int]:
    """The steps at which the lanes' words differ, the steps that only one of them has included."""
    if other is None:
        return frozenset()
    return frozenset(step for step, (a, b) in enumerate(zip_longest(one.words, other.words)) if a != b)


def share_text(probability: float) -> str:
    """A probability where there is room for two digits."""
    if not math.isfinite(probability):
        return "–"
    return "< 1 %" if 0 < probability < 0.005 else f"{100 * probability:.0f} %"


def loss_text(loss: float) -> str:
    return f"{loss:.2f}" if math.isfinite(loss) else "–"


@dataclass(frozen=True, slots=True)
class Columns:
    """Where steps stand from left to right: step k from ``edges[k]`` to ``edges[k + 1]``."""

    edges: tuple[float, ...]

    def __len__(self) -> int:
        return len(self.edges) - 1

    @property
    def width(self) -> float:
        return self.edges[-1]

    def nearest(self, x: float) -> int:
        """The step at ``x``; beyond the ends the first or the last one."""
        return min(max(bisect_right(self.edges, x) - 1, 0), max(len(self) - 1, 0))

    def at(self, x: float) -> int | None:
        return self.nearest(x) if len(self) and 0 <= x < self.width else None

    def seen(self, left: float, right: float) -> range:
        """The steps that meet a stretch."""
        return range(self.nearest(left), min(self.nearest(right) + 1, len(self)))

    def area(self, step: int, top: float, height: float) -> QRectF:
        """A step's place, without the gap after it."""
        left = self.edges[step]
        return QRectF(left, top, self.edges[step + 1] - left - BETWEEN, height)


def columns(lanes: Sequence[Lane]) -> Columns:
    """Columns wide enough for the words of all lanes."""
    widths = [0.0]
    for step in range(max(map(len, lanes), default=0)):
        there = [lane for lane in lanes if step < len(lane)]
        words = max(token_width(lane.labels[step]) + 2 * PADDING for lane in there)
        values = max(small_width(text) for lane in there for text in (loss_text(lane.losses[step]), "100 %"))
        widths.append(min(max(words, values, NARROWEST), WIDEST) + BETWEEN)
    return Columns(tuple(accumulate(widths)))
