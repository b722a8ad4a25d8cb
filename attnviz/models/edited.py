"""Layers under what-if edits: rows, heads, scales, sublayers and states that a person changed.

Layers that nobody changed never come here and stay as they are, bit for bit. Another scale and hidden keys are the fused
kernel's own business; only heads of which rows were set take an explicit softmax.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from attnviz.edits import (
    DropFeedForward,
    DropHead,
    DropLayer,
    HideToken,
    InsideEdit,
    PatchHidden,
    ReplaceToken,
    SetRow,
    Temperature,
    Uniform,
    Unscaled,
)
from attnviz.models.attention import attend, record, scale_of
from attnviz.trace import Attention, Site, Trace

Edits = Sequence[InsideEdit]


@dataclass(frozen=True, slots=True)
class Kept:
    """What a run can go on from: the records of an earlier one, which hold for Hidden ``layer`` and all that was before it."""

    layer: int
    trace: Trace = field(repr=False)


@dataclass(frozen=True, slots=True)
class AttentionChange:
    """What is done to one attention: to the scores first, then to whole rows in the order of the list, then to heads."""

    unscaled: bool = False
    temperature: float = 1.0
    hidden: tuple[int, ...] = ()
    rows: tuple[SetRow | Uniform, ...] = ()
    dropped: tuple[DropHead, ...] = ()

    def scale(self, head_dim: int) -> float:
        """What raw products are multiplied by."""
        return (1.0 if self.unscaled else scale_of(head_dim)) / self.temperature

    def mask(self, mask: Tensor | None, key: Tensor) -> Tensor | None:
        """``mask`` (boolean, True = may look, (…, queries | 1, keys)) without the hidden keys; ``key`` is (…, keys, head_dim)."""
        if not self.hidden:
            return mask
        shown = torch.ones(key.shape[-2], dtype=torch.bool, device=key.device)
        shown[[place for place in self.hidden if place < key.shape[-2]]] = False
        return shown[None, None, None] if mask is None else mask & shown  # (…, queries | 1, keys)

    def attend(self, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None, first: int = 0) -> Tensor:
        """Context (batch, heads, queries, head_dim) of queries that stand at ``first`` and after."""
        allowed = self.mask(mask, key)
        context = attend(query, key, value, allowed, self.scale(query.shape[-1]))
        if self.hidden:
            context = context.nan_to_num(0.0)  # of a query that may look nowhere
        for head in self.set_heads(query.shape[1]):
            context[:, head] = self.weights(query, key, head, mask, first) @ value[:, head]
        for change in self.dropped:
            own = context[:, change.head]  # (batch, queries, head_dim)
            own[:] = own.mean(-2, keepdim=True) if change.how == "mean" else 0.0
        return context

    def set_heads(self, heads: int) -> tuple[int, ...]:
        """The heads of which a person set rows."""
        if any(change.head is None for change in self.rows):
            return tuple(range(heads))
        return tuple(sorted({change.head for change in self.rows if change.head is not None}))

    def weights(self, query: Tensor, key: Tensor, head: int, mask: Tensor | None = None, first: int = 0) -> Tensor:
        """The weights of one head by an explicit softmax, then the set rows, (batch, queries, keys); 0 where nothing may be seen."""
        own, others = query[:, head], key[:, head]  # (batch, tokens, head_dim)
        allowed = self.mask(mask, key)
        shown = None if allowed is None else allowed[:, 0]  # (batch | 1, queries | 1, keys)
        here = [change for change in self.rows if change.head in {None, head}]
        if any(isinstance(change, Uniform) for change in here):
            last = max(place for place, change in enumerate(here) if isinstance(change, Uniform))
            here = here[last + 1 :]  # what was set before is gone
            weights = _alike(own, others, shown)
        else:
            scores = (own * self.scale(own.shape[-1])) @ others.transpose(-1, -2)  # (batch, queries, keys)
            if shown is not None:
                scores = scores.masked_fill(~shown, -torch.inf)
            weights = scores.softmax(-1).nan_to_num(0.0)
        for change in here:
            if isinstance(change, SetRow):
                _set_row(weights, change, first)
        return weights


@dataclass(frozen=True, slots=True)
class LayerChange:
    """What is done to one layer; None and False leave a part of it alone."""

    attention: AttentionChange | None = None
    cross: AttentionChange | None = None
    drops_feed_forward: bool = False
    drops_layer: bool = False


UNCHANGED = LayerChange()


def layer_change(edits: Edits, site: str, layer: int) -> LayerChange:
    """What the edits do to one layer of the encoder or the decoder."""
    if not edits:
        return UNCHANGED
    here = [edit for edit in edits if edit.site == site and getattr(edit, "layer", 0) in {None, layer}]
    return LayerChange(
        _attention_change(edits, site, layer),
        _attention_change(edits, "cross", layer) if site == "decoder" else None,
        any(isinstance(edit, DropFeedForward) for edit in here),
        any(isinstance(edit, DropLayer) for edit in here),
    )


def _attention_change(edits: Edits, site: str, layer: int) -> AttentionChange | None:
    here = [edit for edit in edits if edit.site == site and getattr(edit, "layer", 0) in {None, layer}]
    temperatures = [edit.value for edit in here if isinstance(edit, Temperature)]
    found = AttentionChange(
        any(isinstance(edit, Unscaled) for edit in here),
        temperatures[-1] if temperatures else 1.0,
        tuple(dict.fromkeys(edit.position for edit in here if isinstance(edit, HideToken))),
        tuple(edit for edit in here if isinstance(edit, (SetRow, Uniform))),
        tuple(edit for edit in here if isinstance(edit, DropHead)),
    )
    return None if found == AttentionChange() else found


def attention_record(
    site: Site,
    layer: int,
    stages: Mapping[str, Tensor],
    mask: Tensor | None,
    change: AttentionChange | None = None,
) -> Attention:
    """The first row's record of what was really computed; ``mask`` is boolean, (batch, 1, queries | 1, keys)."""
    query, key, value = (stages[name] for name in ("query", "key", "value"))
    scale: float | None = None
    given: dict[int, Tensor] = {}
    if change is not None:
        given = {head: change.weights(query, key, head, mask)[0] for head in change.set_heads(query.shape[1])}
        mask, scale = change.mask(mask, key), change.scale(query.shape[-1])
    row = None if mask is None else mask[0, 0]
    return record(site, layer, query[0], key[0], value[0], row, scale, given)


def patched(states: Tensor, edits: Edits, site: str, layer: int, first: int = 0) -> Tensor:
    """``states`` (batch, tokens, hidden), the first at position ``first``, with the patches that enter ``layer``."""
    here = [edit for edit in edits if isinstance(edit, PatchHidden) and (edit.site, edit.layer) == (site, layer)]
    if not here:
        return states
    states = states.clone()
    for edit in here:
        if first <= edit.position < first + states.shape[1]:
            states[:, edit.position - first] = torch.tensor(edit.values, dtype=states.dtype, device=states.device)
    return states


def replaced(ids: Tensor, edits: Edits, site: str, first: int = 0) -> Tensor:
    """``ids`` (batch, tokens), the first at position ``first``, with other ids where tokens were replaced."""
    here = [edit for edit in edits if isinstance(edit, ReplaceToken) and edit.site == site]
    if not here:
        return ids
    ids = ids.clone()
    for edit in here:
        if first <= edit.position < first + ids.shape[1]:
            ids[:, edit.position - first] = edit.id
    return ids


def _set_row(weights: Tensor, edit: SetRow, first: int) -> None:
    """Overwrite one row of (batch, queries, keys); keys that a decoder doesn't know yet are left out."""
    place, keys = edit.query - first, weights.shape[-1]
    if 0 <= place < weights.shape[-2]:
        row = torch.tensor(edit.weights[:keys], dtype=weights.dtype, device=weights.device)
        weights[:, place] = torch.nn.functional.pad(row, (0, keys - len(row)))


def _alike(query: Tensor, key: Tensor, shown: Tensor | None) -> Tensor:
    """The same weight for every key that a query may look at; (batch, queries, keys)."""
    batch, queries, keys = query.shape[0], query.shape[1], key.shape[1]
    if shown is None:
        return query.new_full((batch, queries, keys), 1 / keys)
    open_keys = shown.to(query.dtype).expand(batch, queries, keys)
    return open_keys / open_keys.sum(-1, keepdim=True).clamp_min(1.0)
