"""Where a model runs: CUDA, Apple's MPS or the CPU, and how many threads it may take."""

from __future__ import annotations

import os

import torch

from attnviz.errors import CheckpointError

DEVICES = ("auto", "cuda", "mps", "cpu")


def available() -> tuple[str, ...]:
    """The devices this machine has, the preferred one first."""
    found = []
    if torch.cuda.is_available():
        found.append("cuda")
    if torch.backends.mps.is_available():
        found.append("mps")
    return (*found, "cpu")


def choose(wish: str = "auto") -> torch.device:
    """The device for a wish from ``DEVICES``; raises CheckpointError ``NO_SUCH_DEVICE`` when it isn't there."""
    here = available()
    if wish == "auto":
        return torch.device(here[0])
    if wish.split(":", maxsplit=1)[0] not in here:
        raise CheckpointError(
            f"This machine has no device '{wish}'; choose one of: {', '.join(here)}.", "NO_SUCH_DEVICE"
        )
    return torch.device(wish)


def leave_one_core() -> None:
    """Give torch all cores but one, so that the window stays smooth while a model runs."""
    torch.set_num_threads(max(1, (os.cpu_count() or 2) - 1))
