"""What is said about a run: its time, its progress, remarks, and how a checkpoint was read."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.trace.record import Record, Slot


@dataclass(frozen=True, slots=True)
class Timing(Record):
    """Seconds spent in the model's forward of this run."""

    forward: float


@dataclass(frozen=True, slots=True)
class Progress(Record):
    """How far a run is: ``done`` of ``total`` steps (total 0 = unknown), and what it does."""

    what: str
    done: int = 0
    total: int = 0


@dataclass(frozen=True, slots=True)
class Notice(Record):
    """A visible remark about this run, such as a truncated input. One per ``topic``."""

    topic: str
    sentence: str

    @property
    def slot(self) -> Slot:
        return (Notice, self.topic)


@dataclass(frozen=True, slots=True)
class LoadReport(Record):
    """How a checkpoint was read: counts of tensors, what was left out and why, and the probe forward's verdict."""

    name: str
    path: str
    family: str
    layers: int
    heads: int
    hidden: int
    vocabulary: int
    positions: int
    parameters: int
    expected: int
    found: int
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    dtype: str = ""
    bytes: int = 0
    device: str = "cpu"
    devices: tuple[str, ...] = ("cpu",)
    probe: str = ""
    notes: tuple[str, ...] = ()
    can_fill_masks: bool = True
    can_judge_pairs: bool = True
    can_detect: bool = False
    can_write: bool = False
    seconds: float = 0.0
