"""The measurements at all mask rates as curves, and what they say in a sentence."""

from __future__ import annotations

import math

import numpy as np

from attnviz.errors import printable
from attnviz.trace import Axis, Mark, Measured, Plot, Progress, RatePoint, Series, Trace, measured
from attnviz.trace.plots import Numbers

ACCURACY, CROSS_ENTROPY = "accuracy", "cross-entropy"
SUPERVISED, TAUGHT = "supervised positions", "right answers"
USUAL, PROPOSED = 0.15, 0.40
"""Devlin et al. (2019) mask 15 %; Wettig et al. (2023) find 40 % better for large models."""
CLEAR = 2.0
"""A difference of so many standard errors is called one."""
_MASKED = Axis("masked", "%", low=0.0, high=85.0)


def points_of(trace: Trace) -> tuple[RatePoint, ...]:
    """The rates that were measured so far, in ascending order."""
    return tuple(sorted(trace.every(RatePoint), key=lambda point: point.rate))


def with_plots(trace: Trace) -> Trace:
    """The trace with the four curves that it holds."""
    points = points_of(trace)
    if not points:
        return trace
    found = trace.find(Measured)
    name = printable(found.model, 40) if found else "the open model"
    return trace.plus(
        _plot(Axis(ACCURACY, "%", low=0.0), name, points, "accuracy", times=100.0),
        _plot(Axis(CROSS_ENTROPY, "nats", low=0.0), name, points, "cross_entropy"),
        _plot(Axis(SUPERVISED, "per text", low=0.0), name, points, "supervised"),
        _plot(Axis(TAUGHT, "per text", low=0.0), name, points, "taught"),
    )


def conclusion(trace: Trace) -> str:
    """What the curves say about 15 % and 40 %, with their numbers; empty before both were measured."""
    usual, proposed = (trace.find(RatePoint, rate) for rate in (USUAL, PROPOSED))
    if usual is None or proposed is None or not usual.predictions or not proposed.predictions:
        return ""
    best = max((point for point in points_of(trace) if point.texts), key=lambda point: point.taught)
    progress = trace.find(Progress)
    so_far = " so far" if progress is not None and progress.done < progress.total else ""
    most = f"; most come at {100 * best.rate:g} %{so_far}" if best.right else ""
    return (
        f"At 15 % the model predicts {_said(usual)}; at 40 % it predicts {_said(proposed)}: "
        f"{_verdict(usual, proposed)}{most}."
    )


def _said(point: RatePoint) -> str:
    accuracy, error = 100 * point.accuracy, 100 * point.accuracy_error
    return (
        f"{accuracy:.1f} ± {error:.1f} % of {point.predictions:,} masks right, {point.taught:.1f} right answers a text"
    )


def _verdict(usual: RatePoint, proposed: RatePoint) -> str:
    """Whether a text that is masked more teaches more, in view of what is uncertain."""
    difference = proposed.taught - usual.taught
    if abs(difference) <= CLEAR * math.hypot(usual.taught_error, proposed.taught_error):
        return "these two numbers of right answers don't differ clearly"
    if difference < 0:
        return "here 40 % does not pay, other than Wettig et al. (2023) found in training"
    falls = usual.accuracy > proposed.accuracy
    loss = "each guess is worse, but" if falls else "guesses are no worse, and"
    return f"{loss} a text gives {_times(proposed, usual)} right answers, the trade-off of Wettig et al. (2023)"


def _times(more: RatePoint, less: RatePoint) -> str:
    return f"{more.taught / less.taught:.1f} times as many" if less.taught else "the only"


# curves


def _plot(up: Axis, model: str, points: tuple[RatePoint, ...], number: str, times: float = 1.0) -> Plot:
    """One of the points' numbers as a curve, in a band of its standard error where it has one."""
    places, values = measured([100 * point.rate for point in points]), times * _all(points, number)
    low = high = None
    if hasattr(RatePoint, f"{number}_error"):
        errors = times * np.nan_to_num(_all(points, f"{number}_error"))
        low, high = np.maximum(values - errors, 0.0), values + errors
    told = tuple((name, _all(points, name)) for name in ("predictions", "texts"))
    return Plot(up.name, _MASKED, up, (Series(model, places, values, low, high, told),), (Mark(100 * USUAL, "15 %"),))


def _all(points: tuple[RatePoint, ...], number: str) -> Numbers:
    return measured([float(getattr(point, number)) for point in points])
