"""What was measured of gradients, as plots over letters, depths and layers, as a table, and as sentences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from attnviz.jobs.experiments.said import percent
from attnviz.table import Cell, Table
from attnviz.trace import Axis, Plot, Record, Rows, Series, measured

if TYPE_CHECKING:
    from attnviz.models.experiments.gradient_depth import Layers

NORMS, FROM_END = "What arrives at every letter", "Its share, from the last letter back"
BY_DEPTH, BY_LAYER = "What arrives at the first layer", "What arrives at every layer"
VARIANCE, MEAN = "Variance of the states", "Mean of the states"
TABLE = "Before anything is learned"
POST, PRE, NO_NORM, NO_RESIDUAL, NEITHER = (
    "LayerNorm after",
    "LayerNorm before",
    "no LayerNorm",
    "no residual",
    "neither",
)
KINDS = {
    POST: (True, "post"),
    PRE: (True, "pre"),
    NO_NORM: (True, ""),
    NO_RESIDUAL: (False, "post"),
    NEITHER: (False, ""),
}
"""Whether sublayers are added to what enters them, and where norms stand."""
COLUMNS = (
    "stack", "layers", "gradient, first layer", "gradient, last layer", "first / last", "mean of last states", "variance of last states",
)  # fmt: skip

ROUNDING = 1e-9
"""A mean that is smaller than this part of the standard deviation is what rounding left of nothing."""

Numbers = NDArray[np.float64]


@dataclass(slots=True)
class Found:
    """What has been measured so far: norms (words, letters) by model, and by kind and depth the Layers of every draw."""

    letters: int
    arriving: dict[str, Numbers] = field(default_factory=dict)
    layers: dict[str, dict[int, list[Layers]]] = field(default_factory=dict)

    @property
    def depths(self) -> tuple[int, ...]:
        """Those that every kind has been measured at."""
        every = [set(own) for own in self.layers.values()]
        return tuple(sorted(set.intersection(*every))) if len(every) == len(KINDS) else ()

    def drawn_offsets(self, kind: str, depth: int) -> Numbers:
        """The means in standard deviations, (draws, layers + 1)."""
        spread = np.sqrt(self.drawn(kind, depth, "variance"))
        means = self.drawn(kind, depth, "mean")
        found: Numbers = np.divide(means, spread, out=np.zeros_like(means), where=spread > 0)
        return found

    def drawn(self, kind: str, depth: int, what: str) -> Numbers:
        """One number of every layer, (draws, layers) or (draws, layers + 1)."""
        rows: Numbers = np.array([getattr(each, what) for each in self.layers[kind][depth]])
        return rows


def figures(found: Found) -> Iterator[Record]:
    """Everything that is drawn."""
    gradient = Axis("gradient norm", logarithmic=True)
    yield Plot(NORMS, Axis("letter"), gradient, tuple(_over_letters(found)))
    yield Plot(FROM_END, Axis("letters before the last"), Axis("share", "%", low=0.0), tuple(_from_end(found)))
    yield Plot(BY_DEPTH, Axis("layers"), gradient, tuple(_over_depths(found)))
    yield Plot(BY_LAYER, Axis("layer"), gradient, tuple(_over_layers(found, "gradient")))
    passed = Axis("layers passed")
    yield Plot(VARIANCE, passed, Axis("variance", logarithmic=True), tuple(_over_layers(found, "variance")))
    yield Plot(MEAN, passed, Axis("mean", "σ"), tuple(_over_layers(found, "offset")))
    yield Rows(TABLE, Table(COLUMNS, tuple(_rows(found))))


def _over_letters(found: Found) -> Iterator[Series]:
    for name, norms in found.arriving.items():
        yield _curve(name, measured(range(1, found.letters + 1)), norms)


def _from_end(found: Found) -> Iterator[Series]:
    for name, norms in found.arriving.items():
        yield _curve(name, measured(range(found.letters)), 100 * shares(norms)[:, ::-1])


def shares(norms: Numbers) -> Numbers:
    """Of every word's norms (words, letters) each one's part of their sum; of a word that nothing arrives at, nothing."""
    total = norms.sum(1, keepdims=True)
    found: Numbers = np.divide(norms, total, out=np.zeros_like(norms), where=total > 0)
    return found


def _curve(name: str, places: Numbers, values: Numbers) -> Series:
    """The mean over words (words, letters), with one standard error around it."""
    mean, error = values.mean(0), values.std(0) / np.sqrt(len(values))
    return Series(name, places, measured(mean), measured(mean - error), measured(mean + error))


def _over_depths(found: Found) -> Iterator[Series]:
    """The gradient of the first layer, for stacks of all depths."""
    depths = found.depths
    for kind in found.layers if depths else ():
        yield _drawn(kind, measured(depths), [found.drawn(kind, depth, "gradient")[:, 0] for depth in depths])


def _over_layers(found: Found, what: str) -> Iterator[Series]:
    """Of the deepest stack."""
    depths = found.depths
    for kind in found.layers if depths else ():
        deep = depths[-1]
        values = found.drawn_offsets(kind, deep) if what == "offset" else found.drawn(kind, deep, what)
        first = 1 if what == "gradient" else 0
        yield _drawn(kind, measured(range(first, first + values.shape[1])), list(values.T))


def _drawn(name: str, places: Numbers, values: Sequence[Numbers]) -> Series:
    """The mean over the draws, between their extremes."""
    rows = np.array(values)  # (places, draws)
    return Series(name, places, measured(rows.mean(1)), measured(rows.min(1)), measured(rows.max(1)))


def _rows(found: Found) -> Iterator[tuple[Cell, ...]]:
    for kind in found.layers:
        for depth in found.depths:
            gradient, mean, variance = (
                found.drawn(kind, depth, what).mean(0) for what in ("gradient", "mean", "variance")
            )
            ratio = float(gradient[0] / gradient[-1]) if gradient[-1] > 0 else None
            yield (kind, depth, float(gradient[0]), float(gradient[-1]), ratio, float(mean[-1]), float(variance[-1]))


def sentences(found: Found) -> tuple[str, ...]:
    """What the run showed, in its own numbers."""
    return (_at_letters(found), _at_layers(found), _alive(found))


def _at_letters(found: Found) -> str:
    """The least reached letter of each model, and how the thirds of the word share."""
    told, least_of_most = [], {}
    third = max(1, found.letters // 3)
    for name, norms in found.arriving.items():
        means, part = norms.mean(0), shares(norms).mean(0)
        least = int(means.argmin())
        least_of_most[name] = float(means[least] / means.max())
        told.append(
            f"{name} {percent(float(part[:third].sum()))} at the first {third}, {percent(float(part[-third:].sum()))} at the last "
            f"(least at letter {least + 1}, {percent(least_of_most[name])} of the most)"
        )
    evenest = max(least_of_most, key=lambda name: least_of_most[name])
    return (
        f"Of the last phone's gradient in words of {found.letters} letters arrives: {'; '.join(told)}. "
        f"It is spread most evenly with {evenest}."
    )


def _at_layers(found: Found) -> str:
    shallow, deep = found.depths[0], found.depths[-1]
    told = [
        f"{kind} {found.drawn(kind, shallow, 'gradient')[:, 0].mean():.2g} → {found.drawn(kind, deep, 'gradient')[:, 0].mean():.2g}"
        for kind in found.layers
    ]
    return f"Gradient norm of the first layer, {shallow} → {deep} layers: {', '.join(told)}."


def _alive(found: Found) -> str:
    """Why mean 0 and variance 1: what a layer's gradient is made of, beside what the states became."""
    deep = found.depths[-1]
    told = []
    for kind in found.layers:
        mean, variance = (float(found.drawn(kind, deep, what)[:, -1].mean()) for what in ("mean", "variance"))
        told.append(f"{kind} {0.0 if abs(mean) < ROUNDING * variance**0.5 else mean:.2g} and {variance:.2g}")
    return (
        f"The states began with mean 0 and variance 1; after {deep} layers these are: {', '.join(told)}. A weight's gradient is "
        "the state before it times the gradient behind it, and every layer multiplies both by its own scale: near 1 a product of "
        f"{deep} of them stays finite, else it vanishes or explodes, and a large mean is the same for every token and tells nothing."
    )
