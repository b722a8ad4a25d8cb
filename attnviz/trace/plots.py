"""Curves to be drawn: numbers over numbers with what is uncertain about them, whatever they were measured on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from attnviz.trace.record import Record, Slot

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Axis:
    """What is measured and in which unit. An end that is None lies where the curves end.

    ``names`` are the places across that have a name, ascending; they stand there instead of numbers. Between
    ``whole`` numbers there is nothing to mark.
    """

    name: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    logarithmic: bool = False
    names: tuple[tuple[float, str], ...] = ()
    whole: bool = False

    @property
    def title(self) -> str:
        return f"{self.name} ({self.unit})" if self.unit else self.name


@dataclass(frozen=True, slots=True)
class Mark:
    """A place across that is told apart, such as a usual setting."""

    place: float
    name: str


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """``values`` over ascending ``places``; where one is not finite the curve has a gap.

    ``low`` and ``high`` are the ends of each value's uncertainty. ``told`` are more numbers of each point, by name, that are not drawn.
    A ``dashed`` curve is a reference that was not measured. ``ink`` numbers its colour in the palette where its own place doesn't.
    """

    name: str
    places: Numbers
    values: Numbers
    low: Numbers | None = None
    high: Numbers | None = None
    told: tuple[tuple[str, Numbers], ...] = ()
    dashed: bool = False
    ink: int | None = None

    def __post_init__(self) -> None:
        if (self.low is None) != (self.high is None):
            raise ValueError(f"'{self.name}' has one end of a band without the other")
        bounds = () if self.low is None or self.high is None else (self.low, self.high)
        arrays = (self.places, self.values, *bounds, *(numbers for _, numbers in self.told))
        if len({array.shape for array in arrays}) != 1 or self.places.ndim != 1:
            raise ValueError(f"the numbers of '{self.name}' differ in length: {[array.shape for array in arrays]}")
        if not np.isfinite(self.places).all() or (np.diff(self.places) < 0).any():
            raise ValueError(f"the places of '{self.name}' are not in ascending order")
        for array in arrays:
            array.flags.writeable = False

    def __len__(self) -> int:
        return len(self.places)


@dataclass(frozen=True, slots=True, eq=False)
class Plot(Record):
    """Curves on common axes; a plot of the same name replaces it, as when more was measured."""

    name: str
    across: Axis
    up: Axis
    series: tuple[Series, ...] = ()
    marks: tuple[Mark, ...] = ()

    @property
    def slot(self) -> Slot:
        return (Plot, self.name)


def measured(values: ArrayLike) -> Numbers:
    """A copy of numbers as a series keeps them."""
    return np.array(values, dtype=np.float64)
