"""What stands beside a block's stages: its weights, what it adds to the stream, where positions come from, and a second opinion."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

from attnviz.trace.record import Floats, Record, Site, Slot


@dataclass(frozen=True, slots=True, eq=False)
class BlockWeights(Record):
    """The parameters of one block by name: W_Q, W_K, W_V, W_O (out, in) with their biases, γ, β and ε of its norms.

    Names: ``query.weight``, ``query.bias``, likewise ``key``, ``value`` and ``output``; ``attention_norm.weight`` (γ),
    ``attention_norm.bias`` (β), ``output_norm.weight``, ``output_norm.bias``. ``epsilon`` is what the norms add to the variance.
    """

    site: Site
    layer: int
    parameters: Mapping[str, Floats]
    epsilon: float
    activation: str

    @property
    def slot(self) -> Slot:
        return (BlockWeights, (self.site, self.layer))


@dataclass(frozen=True, slots=True, eq=False)
class Stream(Record):
    """What the sublayers of one block add to the residual stream. All arrays are (sublayers, tokens).

    ``names`` are the sublayers in order, such as attention, cross-attention and feed-forward. ``entering`` and ``added`` are Euclidean norms of the stream before
    a sublayer and of what it adds; ``cosine`` is the angle's cosine between the two.
    """

    site: Site
    layer: int
    names: tuple[str, ...]
    entering: Floats
    added: Floats
    cosine: Floats

    @property
    def slot(self) -> Slot:
        return (Stream, (self.site, self.layer))


@dataclass(frozen=True, slots=True, eq=False)
class Positions(Record):
    """How a token's first vector is made: ``parts`` by name, each (tokens, hidden), which sum to ``total`` before any norm.

    ``table`` (positions, hidden) is the whole encoding that the positions are taken from (at most 512 rows of it), ``kind`` says what it is:
    learned or sinusoidal.
    """

    site: Site
    kind: str
    parts: Mapping[str, Floats]
    total: Floats
    table: Floats

    @property
    def slot(self) -> Slot:
        return (Positions, self.site)


@dataclass(frozen=True, slots=True)
class Checked(Record):
    """One head's weights, computed a second way: the largest absolute difference from those that are shown, and how."""

    site: Site
    layer: int
    head: int
    difference: float
    how: str

    @property
    def slot(self) -> Slot:
        return (Checked, (self.site, self.layer, self.head))


@dataclass(frozen=True, slots=True)
class Made(Record):
    """The edits that a run was made under: words looked up, states of other texts had, and what doesn't fit left out."""

    edits: tuple[Hashable, ...]
