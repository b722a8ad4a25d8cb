"""What every record is, and the few types that all records share."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Span = tuple[int, int]
Slot = tuple[type, Hashable]


class Site(StrEnum):
    """Where attention happens: within the encoder, within the decoder, or from decoder to encoder."""

    ENCODER = "encoder"
    DECODER = "decoder"
    CROSS = "cross"


def frozen(array: NDArray[np.generic]) -> Floats:
    """A read-only, C-contiguous float32 copy of ``array``."""
    copy = np.array(array, dtype=np.float32, order="C", copy=True)
    copy.flags.writeable = False
    return copy


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """Something that happened in a run. ``slot`` names what it is about: a later record of the same slot replaces it."""

    @property
    def slot(self) -> Slot:
        return (type(self), None)
