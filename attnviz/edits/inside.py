"""What-if edits inside a Transformer: heads, rows, tokens, scales, sublayers and states that a person changed.

Every edit says at which ``site`` it is made: "encoder", "decoder" (its self-attention) or "cross"; a decoder's layer has
one feed-forward network, which belongs to "decoder". Layers, heads and positions count from 0; a ``layer`` of None means all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from attnviz.errors import JobError

SITES = ("encoder", "decoder", "cross")
Place = Literal["encoder", "decoder", "cross"] | str  # noqa: PYI051 - trace.Site is a string too, but edits know no trace


@dataclass(frozen=True, slots=True)
class DropHead:
    """What a head gives to W_O is zero, or ``how="mean"``: its mean over the tokens (not in a decoder, which can't know it)."""

    layer: int
    head: int
    how: str = "zero"
    site: Place = "encoder"

    def __post_init__(self) -> None:
        _require_counts(layer=self.layer, head=self.head)
        _require_site(self.site)
        if self.how not in {"zero", "mean"}:
            raise JobError(f"A head is dropped to its zero or its mean, not to '{self.how}'.", "BAD_EDIT")
        if self.how == "mean" and self.site != "encoder":
            raise JobError(
                "A head of a decoder has no mean over words that aren't written yet; drop it to zero.", "BAD_EDIT"
            )


@dataclass(frozen=True, slots=True)
class SetRow:
    """The attention of one head from one query is ``weights``, one per key; they must be a distribution (sum 1 within 1e-3)."""

    layer: int
    head: int
    query: int
    weights: tuple[float, ...]
    site: Place = "encoder"

    def __post_init__(self) -> None:
        _require_counts(layer=self.layer, head=self.head, query=self.query)
        _require_site(self.site)
        if not self.weights or not all(math.isfinite(weight) and weight >= 0 for weight in self.weights):
            raise JobError("Attention weights must be numbers from 0 to 1; set each to at least 0.", "BAD_WEIGHTS")
        if abs(sum(self.weights) - 1) > 1e-3:
            raise JobError(
                f"Attention weights must sum to 1, not {sum(self.weights):.3f}; renormalise them.", "BAD_WEIGHTS"
            )


@dataclass(frozen=True, slots=True)
class HideToken:
    """No attention goes to the key at ``position``: its score is −∞ before the softmax, in one layer or in all."""

    position: int
    layer: int | None = None
    site: Place = "encoder"

    def __post_init__(self) -> None:
        _require_counts(position=self.position)
        _allow_counts(layer=self.layer)
        _require_site(self.site)


@dataclass(frozen=True, slots=True)
class Unscaled:
    """Scores are not divided by √d_k."""

    layer: int | None = None
    site: Place = "encoder"

    def __post_init__(self) -> None:
        _allow_counts(layer=self.layer)
        _require_site(self.site)


@dataclass(frozen=True, slots=True)
class Temperature:
    """Scores are divided by ``value`` before the softmax: below 1 attention gets sharper, above 1 flatter."""

    value: float
    layer: int | None = None
    site: Place = "encoder"

    def __post_init__(self) -> None:
        _allow_counts(layer=self.layer)
        _require_site(self.site)
        if not (math.isfinite(self.value) and 0.01 <= self.value <= 100):
            raise JobError(f"The temperature must lie between 0.01 and 100, not {self.value}.", "BAD_TEMPERATURE")


@dataclass(frozen=True, slots=True)
class Uniform:
    """A head (None: every head of the layer) attends to all keys that it may look at alike."""

    layer: int
    head: int | None = None
    site: Place = "encoder"

    def __post_init__(self) -> None:
        _require_counts(layer=self.layer)
        _allow_counts(head=self.head)
        _require_site(self.site)


@dataclass(frozen=True, slots=True)
class DropFeedForward:
    """The feed-forward network of a layer adds nothing to the stream."""

    layer: int
    site: Place = "encoder"

    def __post_init__(self) -> None:
        _require_counts(layer=self.layer)
        _require_stack(self.site)


@dataclass(frozen=True, slots=True)
class DropLayer:
    """What leaves a layer is what entered it."""

    layer: int
    site: Place = "encoder"

    def __post_init__(self) -> None:
        _require_counts(layer=self.layer)
        _require_stack(self.site)


@dataclass(frozen=True, slots=True)
class PatchHidden:
    """The state at ``position`` that enters ``layer`` (numbered as in Hidden) is ``values``; ``origin`` says where they come from."""

    layer: int
    position: int
    values: tuple[float, ...]
    origin: str = ""
    site: Place = "encoder"

    def __post_init__(self) -> None:
        _require_counts(layer=self.layer, position=self.position)
        _require_stack(self.site)
        if not self.values or not all(map(math.isfinite, self.values)):
            raise JobError("A hidden state must be made of finite numbers; choose another one.", "BAD_STATE")


@dataclass(frozen=True, slots=True)
class ReplaceToken:
    """The token at ``position`` is the vocabulary's entry ``id``."""

    position: int
    id: int
    site: Place = "encoder"

    def __post_init__(self) -> None:
        _require_counts(position=self.position, id=self.id)
        _require_stack(self.site)


InsideEdit = (
    DropHead
    | SetRow
    | HideToken
    | Unscaled
    | Temperature
    | Uniform
    | DropFeedForward
    | DropLayer
    | PatchHidden
    | ReplaceToken
)


def first_layer(edit: InsideEdit) -> int:
    """The first layer of its site that must be run again when the edit is made; -1 where even the embeddings must."""
    if isinstance(edit, ReplaceToken):
        return -1
    return edit.layer or 0


def first_changed_layer(before: tuple[InsideEdit, ...], after: tuple[InsideEdit, ...]) -> int | None:
    """The first layer that must be run again when one list of edits becomes another, None when nothing changes.

    A state that is no longer patched must be had again from the layer below it.
    """
    added, gone = set(after) - set(before), set(before) - set(after)
    if not added and not gone and before != after:  # the same edits in another order: the last one holds
        added = gone = set(after)
    layers = [first_layer(edit) for edit in added]
    layers += [first_layer(edit) - isinstance(edit, PatchHidden) for edit in gone]
    return min(layers, default=None)


def _require_counts(**values: int) -> None:
    for name, value in values.items():
        if type(value) is not int or value < 0:
            raise JobError(f"A {name} is a whole number from 0 on, not {value!r}.", "BAD_EDIT")


def _allow_counts(**values: int | None) -> None:
    """Counts, or None for all."""
    _require_counts(**{name: value for name, value in values.items() if value is not None})


def _require_site(site: str) -> None:
    if site not in SITES:
        raise JobError(f"A site is encoder, decoder or cross, not '{site}'.", "BAD_EDIT")


def _require_stack(site: str) -> None:
    _require_site(site)
    if site == "cross":
        raise JobError(
            "Cross-attention has no layers, states and tokens of its own; change those of the decoder.", "BAD_EDIT"
        )
