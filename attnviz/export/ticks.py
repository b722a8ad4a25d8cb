"""Numbers along a colour bar: round ones between the lowest and the highest value, and these two as they are."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

_CLOSEST = 0.12


@dataclass(frozen=True, slots=True)
class Ticks:
    """Numbers on a colour bar, each at a height in [0, 1], and what they measure."""

    heights: tuple[float, ...]
    numbers: tuple[str, ...]
    unit: str


def linear_ticks(low: float, high: float, unit: str) -> Ticks:
    """Ticks between two finite levels, ``low`` < ``high``."""
    step = _round_step(high / 4 - low / 4)
    between = (index * step for index in range(math.ceil(low / step), math.floor(high / step) + 1))
    values = _apart(low, high, between)
    return Ticks(tuple(_height(low, high, value) for value in values), tuple(_number(value) for value in values), unit)


def even_ticks(end: float, most: int) -> tuple[tuple[float, str], ...]:
    """Multiples of one round number above 0 and up to ``end`` > 0, each as it is written; at most ``most``, but one at least."""
    step = _round_step(end / max(1, most))
    if step > end * (1 + 1e-9):
        step = next(
            step / part for part in (2, 2.5, 5, 10) if step / part <= end * (1 + 1e-9) and _is_round(step / part)
        )
    count = math.floor(end / step * (1 + 1e-9))
    return tuple((index * step, f"{index * step:,.6g}") for index in range(1, count + 1))


def range_ticks(low: float, high: float, most: int) -> tuple[tuple[float, str], ...]:
    """Multiples of one round number from ``low`` to ``high`` > ``low``, each as it is written; about ``most`` at most."""
    step = _round_step((high - low) / max(1, most))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple((index * step, f"{index * step:,.6g}".replace("-", "−")) for index in range(first, last + 1))


def decade_ticks(low: float, high: float, most: int) -> tuple[tuple[float, str], ...]:
    """1, 2 and 5 times the powers of ten from ``low`` > 0 to ``high``, fewer where these are more than ``most``.

    Where hardly any lies there, they are even steps.
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for parts, stride in (((1, 2, 5), 1), ((1, 3), 1), *(((1,), stride) for stride in range(1, 700))):
        values = [part * 10.0**power for power in powers if power % stride == 0 for part in parts]
        inside = [value for value in values if low * (1 - 1e-9) <= value <= high * (1 + 1e-9)]
        if len(inside) <= max(1, most):
            break
    if len(inside) < 2 and high < 10 * low:
        return range_ticks(low, high, most)
    return tuple((value, f"{value:,g}".replace("-", "−")) for value in inside)


def logarithmic_ticks(faintest: float, high: float, unit: str) -> Ticks:
    """Powers of ten from ``faintest``, which stands for all that is fainter, up to ``high`` > ``faintest``."""
    low, top = math.log10(faintest), math.log10(high)
    powers = _apart(low, top, (float(power) for power in range(math.ceil(low), math.floor(top) + 1)))
    numbers = (f"≤ {faintest:g}", *(_number(10.0**power) for power in powers[1:]))
    return Ticks(tuple(_height(low, top, power) for power in powers), numbers, unit)


def _apart(low: float, high: float, between: Iterable[float]) -> tuple[float, ...]:
    """Both ends, and what lies between them without crowding them."""
    inside = (value for value in between if _CLOSEST < _height(low, high, value) < 1 - _CLOSEST)
    return low, *inside, high


def _height(low: float, high: float, value: float) -> float:
    return (value / 2 - low / 2) / (high / 2 - low / 2)


def _round_step(rough: float) -> float:
    """The round number (1, 2 or 5 times a power of ten) next above ``rough``."""
    power = 10.0 ** max(math.floor(math.log10(rough)), -300)
    return next(step * power for step in (1, 2, 5, 10) if step * power >= rough * 0.999)


def _is_round(value: float) -> bool:
    return math.isclose(_round_step(value), value)


def _number(value: float) -> str:
    return "0" if value == 0 else f"{value:.3g}".replace("-", "−")
