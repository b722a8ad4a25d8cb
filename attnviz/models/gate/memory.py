"""How much memory a model may take, and the limits of the process that examines strangers' files."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path

from attnviz.errors import CheckpointError
from attnviz.models.gate.safetensors_header import ITEM_SIZES
from attnviz.models.gate.verdict import TensorInfo

UNKNOWN_MEMORY = 8 * 2**30
FLOAT32 = 4


def available() -> int:
    """Bytes of memory that are free for use now, as well as this system can tell."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:"))
    except (OSError, ValueError, StopIteration):
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (AttributeError, OSError, ValueError):  # Windows has no sysconf
        return UNKNOWN_MEMORY


def check_budget(tensors: Mapping[str, TensorInfo], budget: int | None) -> int:
    """Bytes of all tensors as stored; raises TOO_BIG if they don't fit into ``budget``, else half of what is free."""
    stored = sum(math.prod(info.shape) * ITEM_SIZES[info.dtype] for info in tensors.values())
    needed = sum(math.prod(info.shape) * max(FLOAT32, ITEM_SIZES[info.dtype]) for info in tensors.values())
    allowed = available() // 2 if budget is None else budget
    if needed > allowed:
        raise CheckpointError(
            f"The weights need {needed / 2**30:.1f} GiB of memory, but only {allowed / 2**30:.1f} GiB may be used; "
            "close other programs or take a smaller model.",
            "TOO_BIG",
        )
    return stored
