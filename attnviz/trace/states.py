"""What flows between the layers: hidden states and the stages inside a block."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from attnviz.trace.record import Floats, Record, Site, Slot


@dataclass(frozen=True, slots=True, eq=False)
class Hidden(Record):
    """Hidden states, (tokens, hidden); layer 0 is the sum of embeddings (after its norm, if it has one), layer n leaves block n."""

    site: Site
    layer: int
    states: Floats

    @property
    def slot(self) -> Slot:
        return (Hidden, (self.site, self.layer))


@dataclass(frozen=True, slots=True, eq=False)
class Block(Record):
    """Every intermediate of one block by name, in the order of computation: Q, K and V are (heads, tokens, head_dim), the rest (tokens, width).

    The last one is what goes on. A decoder layer is two blocks: its self-attention (Site.DECODER), then its cross-attention
    and feed-forward (Site.CROSS), whose first stage ``memory`` (source, hidden) is what K and V are made of.
    """

    site: Site
    layer: int
    stages: Mapping[str, Floats]

    @property
    def slot(self) -> Slot:
        return (Block, (self.site, self.layer))
