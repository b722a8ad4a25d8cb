"""Which checkpoint a job means: a frozen address, no model attached."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reference:
    """A checkpoint folder, the device to run on ("auto", "cpu", "cuda", "mps"), and consent to read a pickle."""

    path: str
    device: str = "auto"
    allow_pickle: bool = False
