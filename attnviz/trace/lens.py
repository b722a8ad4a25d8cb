"""What a model's own head makes of the hidden states between its layers: the logit lens (nostalgebraist 2020)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from attnviz.trace.record import Floats, Record, Site, Slot


@dataclass(frozen=True, slots=True, eq=False)
class Lens(Record):
    """One layer's hidden states (numbered as in Hidden) read by the head that reads the last one's.

    ``ids``, ``labels`` and ``probabilities`` are (tokens, top), the most probable words first. ``watched`` (tokens,) is the
    word whose way is followed at each position: the one that was masked or written there, else the one that the last layer puts first;
    ``watched_probabilities`` and ``watched_ranks`` (from 1) are its standing here. ``entropy`` is in nats, (tokens,).
    """

    site: Site
    layer: int
    ids: NDArray[np.int64]
    labels: tuple[tuple[str, ...], ...]
    probabilities: Floats
    entropy: Floats
    watched: NDArray[np.int64]
    watched_labels: tuple[str, ...]
    watched_probabilities: Floats
    watched_ranks: NDArray[np.int64]

    @property
    def slot(self) -> Slot:
        return (Lens, (self.site, self.layer))
