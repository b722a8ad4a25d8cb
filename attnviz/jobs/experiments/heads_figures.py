"""What was measured while heads were dropped, as plots over the heads that are left, as map and table, and as sentences."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from attnviz.jobs.experiments.said import percent
from attnviz.table import Table
from attnviz.trace import Axis, Matrix, Plot, Record, Rows, Series, frozen, measured

if TYPE_CHECKING:
    from attnviz.models.experiments.heads import Head, Score

ACCURACY, LOSS = "Masked words predicted right", "Loss at the masked words"
IMPORTANCE, RANKS = "How important each head is", "The heads by their importance"
LEAST, MOST = "least important first", "most important first"
RANDOM = "random order"
COLUMNS = ("rank", "layer", "head", "importance", "share of the sum")
KEPT = 0.9
"""The part of the whole model's accuracy that counts as kept."""


@dataclass(slots=True)
class Dropped:
    """What has been measured so far: importance (layers, heads), orders of dropping, and by order and heads left the Score."""

    measure: str
    importance: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0)))
    orders: dict[str, list[Head]] = field(default_factory=dict)
    scores: dict[str, dict[int, Score]] = field(default_factory=dict)

    @property
    def random(self) -> list[str]:
        return [name for name in self.orders if name not in {LEAST, MOST}]


def figures(found: Dropped) -> Iterator[Record]:
    """Everything that is drawn."""
    left = Axis("heads left", low=0.0)
    yield Plot(ACCURACY, left, Axis("accuracy", "%", low=0.0), tuple(_curves(found, _accuracy)))
    yield Plot(LOSS, left, Axis("loss", "nats"), tuple(_curves(found, _loss)))
    layers, heads = found.importance.shape
    names = tuple(map(str, range(layers))), tuple(map(str, range(heads)))
    yield Matrix(
        IMPORTANCE,
        frozen(found.importance),
        *names,
        ("layer", "head"),
        found.measure,
        signed=bool((found.importance < 0).any()),
    )
    yield Rows(RANKS, _ranks(found))


def _accuracy(score: Score) -> tuple[float, float]:
    """In per cent, with its binomial standard error."""
    share = float(score.right.mean())
    return 100 * share, 100 * float(np.sqrt(share * (1 - share) / len(score.right)))


def _loss(score: Score) -> tuple[float, float]:
    return float(score.nats.mean()), float(score.nats.std() / np.sqrt(len(score.nats)))


def _curves(found: Dropped, told: Callable[[Score], tuple[float, float]]) -> Iterator[Series]:
    """Both orders of importance with one standard error around them; the random ones as their mean, between their extremes."""
    for name in (LEAST, MOST):
        scores = sorted(found.scores.get(name, {}).items())
        values, errors = np.array([told(score) for _, score in scores]).reshape(-1, 2).T
        places = measured([left for left, _ in scores])
        yield Series(name, places, measured(values), measured(values - errors), measured(values + errors))
    everyone = [found.scores.get(name, {}) for name in found.random]
    common = sorted(set.intersection(*map(set, everyone))) if everyone else []
    if common:
        rows = np.array([[told(scores[left])[0] for left in common] for scores in everyone])  # (orders, points)
        low, high = measured(rows.min(0)), measured(rows.max(0))
        yield Series(_random(len(everyone)), measured(common), measured(rows.mean(0)), low, high)


def _random(count: int) -> str:
    return RANDOM if count == 1 else f"{RANDOM}, mean of {count}"


def _ranks(found: Dropped) -> Table:
    order = found.orders.get(MOST, [])
    total = float(np.abs(found.importance).sum()) or 1.0
    rows = []
    for rank, (layer, head) in enumerate(order, 1):
        own = float(found.importance[layer, head])
        rows.append((rank, layer, head, own, own / total))
    return Table(COLUMNS, tuple(rows))


def sentences(found: Dropped, model: str) -> tuple[str, ...]:
    """What the run showed, in its own numbers."""
    return (_whole(found, model), _dropped(found), _compared(found))


def _whole(found: Dropped, model: str) -> str:
    heads = found.importance.size
    scores = found.scores[LEAST]
    (accuracy, error), (none, _) = _accuracy(scores[heads]), _accuracy(scores[0])
    return (
        f"'{model}' with all {heads} heads predicts {accuracy:.1f} % ± {error:.1f} of {len(scores[heads].right)} masked words "
        f"(loss {_loss(scores[heads])[0]:.2f} nats), without any {none:.1f} % ({_loss(scores[0])[0]:.2f} nats)."
    )


def needed(scores: dict[int, Score]) -> int:
    """The fewest heads down to which, at every step, nine tenths of the whole model's accuracy are kept."""
    lowest = KEPT * float(scores[max(scores)].right.mean())
    kept = max(scores)
    for left in sorted(scores, reverse=True):
        if float(scores[left].right.mean()) < lowest:
            break
        kept = left
    return kept


def _dropped(found: Dropped) -> str:
    heads = found.importance.size
    told = [f"{name}: {needed(scores)}" for name, scores in found.scores.items()]
    least = needed(found.scores[LEAST])
    return (
        f"Nine tenths of that accuracy are kept down to so many heads ({', '.join(told)}): "
        f"the {heads - least} least important ones, {percent((heads - least) / heads)}, can go together."
    )


def _compared(found: Dropped) -> str:
    """Whether the ranking is better than chance: accuracy averaged over all steps in between."""
    heads = found.importance.size

    def area(name: str) -> float:
        return float(np.mean([score.right.mean() for left, score in found.scores[name].items() if 0 < left < heads]))

    least, most = area(LEAST), area(MOST)
    random = [area(name) for name in found.random]
    means = (
        f"On average over the steps the accuracy is {percent(least)} when the least important go first, "
        f"{percent(float(np.mean(random)))} in random order, {percent(most)} when the most important go first"
    )
    if least > max(random) and most < min(random):
        return f"{means}: the ranking, made on other passages, tells which heads matter."
    return f"{means}: by this ranking, made on other passages, heads do not clearly go better than by chance."
