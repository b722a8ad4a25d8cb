"""Serial against parallel: an RNN encoder and self-attention of equal width on this device, over texts of growing length."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from attnviz.jobs.experiments.experiment import Experiment
from attnviz.jobs.experiments.setting import Choice, Whole, setting
from attnviz.trace import Axis, Conclusion, Notice, Plot, Progress, Record, Series, measured
from attnviz.trace.plots import Numbers

if TYPE_CHECKING:
    from attnviz.models.experiments.serial import Bench
    from attnviz.models.library import Library

TIME, MEMORY, CHAIN = "Time of one forward", "Memory kept for the gradient", "Products that wait for each other"
NAMES = ("GRU", "self-attention", "fused self-attention")
SHORTEST, FEWEST_RUNS = 16, 3
PATIENCE_S, BUDGET_S = 3.0, 40.0
"""On a slow or busy machine a length is timed less often, at least thrice, and the longest are left out."""
MEBIBYTE = 2**20


@dataclass(frozen=True, slots=True, eq=False)
class Length:
    """What was measured of each layer at one length: seconds of every run, bytes, and the chain of products."""

    tokens: int
    seconds: dict[str, tuple[float, ...]]
    kept: dict[str, int]
    chain: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Serial(Experiment):
    """Times both layers on the same random input, turn by turn; counts what training must keep, and what must wait for what."""

    name: ClassVar[str] = "serial"
    formula: ClassVar[str] = "GRU: n steps, O(n·d²)      self-attention: 1 step, O(n²·d)      n tokens, width d"
    figures: ClassVar[tuple[str, ...]] = (TIME, MEMORY, CHAIN)

    width: str = field(
        default="256",
        metadata=setting(Choice("width", "Of the input and of both layers", ("64", "128", "256", "512")), "128"),
    )
    longest: int = field(
        default=2048,
        metadata=setting(Whole("longest", "Lengths are the powers of two from 16 to this", 16, 2048), quick=512),
    )
    repeats: int = field(
        default=15, metadata=setting(Whole("repeats", "How often each is timed; the median is drawn", 3, 200), quick=5)
    )

    def measure(self, library: Library) -> Iterator[Record]:
        yield from plots([])
        from attnviz.models.experiments.serial import bench  # noqa: PLC0415 - imports torch

        layers = bench(int(self.width), NAMES)
        lengths = [2**power for power in range(SHORTEST.bit_length() - 1, self.longest.bit_length())]
        found: list[Length] = []
        began = time.perf_counter()
        for number, tokens in enumerate(lengths):
            if number and time.perf_counter() - began > BUDGET_S:
                sentence = f"Lengths from {tokens:,} tokens on were left out: this machine took {BUDGET_S:.0f} s for those before."
                yield Notice("lengths", sentence)
                break
            here = Progress(f"{tokens:,} tokens", number, len(lengths))
            found.append((yield from self._length(layers, tokens, here)))
            yield from plots(found)
        yield Conclusion((_of_time(found, layers.place, self.width), _of_memory(found), _of_chain(found)))

    def _length(self, layers: Bench, tokens: int, here: Progress) -> Generator[Record, None, Length]:
        """Everything at one length; a run of each in turn, so that what else the machine does falls on all alike."""
        from attnviz.models.experiments.serial import chain  # noqa: PLC0415 - imports torch

        states = layers.states(tokens, self.seed)
        kept: dict[str, int] = {}
        chains: dict[str, int] = {}
        for name in NAMES:
            kept[name], output = layers.kept(name, states)  # the first run, which also warms up
            yield here
            chains[name] = yield from chain(output, here.what)
            del output
            layers.seconds(name, states)
            yield here
        runs: dict[str, list[float]] = {name: [] for name in NAMES}
        began = time.perf_counter()
        for run in range(self.repeats):
            if run >= FEWEST_RUNS and time.perf_counter() - began > PATIENCE_S:
                break
            for name in NAMES:
                runs[name].append(layers.seconds(name, states))
                yield here
        return Length(tokens, {name: tuple(times) for name, times in runs.items()}, kept, chains)


def plots(found: list[Length]) -> Iterator[Plot]:
    """The three of them, as far as lengths have been measured."""
    across = Axis("tokens", logarithmic=True)
    places = measured([length.tokens for length in found])
    yield Plot(TIME, across, Axis("time", "ms", logarithmic=True), tuple(_times(name, places, found) for name in NAMES))
    for name, up, kind, unit in (
        (MEMORY, Axis("memory", "MiB", logarithmic=True), "kept", MEBIBYTE),
        (CHAIN, Axis("products in a row", logarithmic=True), "chain", 1),
    ):
        curves = (
            Series(each, places, measured([getattr(length, kind)[each] / unit for length in found])) for each in NAMES
        )
        yield Plot(name, across, up, tuple(curves))


def _times(name: str, places: Numbers, found: list[Length]) -> Series:
    """The median of the runs, with the quartiles as its band, in milliseconds."""
    quartiles = [np.percentile(np.array(length.seconds[name]) * 1000, (25, 50, 75)) for length in found]
    low, middle, high = measured(quartiles).reshape(-1, 3).T
    runs = measured([len(length.seconds[name]) for length in found])
    return Series(name, places, measured(middle), measured(low), measured(high), (("runs", runs),))


def crossings(places: Numbers, one: Numbers, other: Numbers) -> tuple[float, ...]:
    """Where two positive curves meet, each a straight line between its points on logarithmic axes."""
    apart = np.log(other) - np.log(one)
    found = []
    for left in np.flatnonzero(np.sign(apart[:-1]) * np.sign(apart[1:]) < 0):
        share = apart[left] / (apart[left] - apart[left + 1])
        found.append(float(np.exp(np.log(places[left]) + share * (np.log(places[left + 1]) - np.log(places[left])))))
    return tuple(found)


def _of_time(found: list[Length], place: str, width: str) -> str:
    """Who was faster where, as it was measured."""
    places = measured([length.tokens for length in found])
    medians = {name: measured([np.median(length.seconds[name]) for length in found]) * 1000 for name in NAMES}
    last = ", ".join(f"{name} {medians[name][-1]:.3g} ms" for name in NAMES)
    told = "; ".join(f"{name} {who_is_faster(places, medians[NAMES[0]], medians[name])}" for name in NAMES[1:])
    return f"{found[-1].tokens:,} tokens of width {width} ({place}): {last}. Against the GRU, {told}."


def who_is_faster(places: Numbers, recurrent: Numbers, attention: Numbers) -> str:
    """Where attention takes less time than the recurrent layer."""
    met = crossings(places, recurrent, attention)
    first, last = (attention[end] < recurrent[end] for end in (0, -1))
    where = " and ".join(f"{place:,.0f}" for place in met)
    if not met:
        return f"is {'faster' if first else 'slower'} at every length up to {places[-1]:,.0f}, no crossing was seen"
    if len(met) == 1:
        return f"is {'faster' if first else 'slower'} up to about {where} tokens and {'faster' if last else 'slower'} from there"
    return f"crosses it at about {where} tokens"


def _of_memory(found: list[Length]) -> str:
    last = found[-1]
    told = ", ".join(f"{name} {last.kept[name] / MEBIBYTE:.3g} MiB" for name in NAMES)
    places = measured([length.tokens for length in found])
    one, other = (measured([length.kept[name] for length in found]) for name in NAMES[:2])
    met = crossings(places, one, other)
    crossed = f"; self-attention keeps more than the GRU from about {met[0]:,.0f} tokens on" if len(met) == 1 else ""
    return f"Activations that a forward keeps for the gradient, at {last.tokens:,} tokens: {told}{crossed}."


def _of_chain(found: list[Length]) -> str:
    first, last = found[0].chain, found[-1].chain
    told = ", ".join(f"{name} {last[name]:,} (at {found[0].tokens} tokens {first[name]:,})" for name in NAMES)
    return f"Matrix products that wait for each other, counted in autograd's graph, at {found[-1].tokens:,} tokens: {told}."
