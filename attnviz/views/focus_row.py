"""One row of attention as MaskFocus shows it: the weights of one query, of one head or the mean of all."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from attnviz.trace import Attention, Floats, Hiding, Site, Tokens, Trace, frozen


@dataclass(frozen=True, slots=True, eq=False)
class FocusRow:
    """Weights over the keys from one query, and where they come from; ``head`` None is the mean of ``heads``.

    ``hidden`` are the keys left out, ``share`` the part of the weight they held; the rest sums to 1 again.
    """

    query: int
    layer: int
    head: int | None
    heads: int
    weights: Floats
    hidden: tuple[int, ...] = ()
    share: float = 0.0

    @property
    def top(self) -> tuple[int, ...]:
        """The three keys with the most weight, the heaviest first; fewer where fewer have any."""
        order = np.argsort(-self.weights, kind="stable")[:3]
        return tuple(int(key) for key in order if self.weights[key] > 0)


def focus_row(
    trace: Trace, query: int, layer: int | None = None, head: int | None = None, *, hide_special: bool = False
) -> FocusRow | None:
    """The row of ``query``; None when that layer or head is not in the trace, or its weights aren't numbers."""
    tokens, record = trace.tokens(), _layer(trace, layer)
    if tokens is None or record is None or (head is not None and head >= record.heads):
        return None
    if record.key.shape[1] != len(tokens) or not 0 <= query < record.query.shape[1]:
        return None
    one = one_query(record, query)
    heads = range(record.heads) if head is None else (head,)
    rows = np.stack([one.weights(each)[0] for each in heads])  # (heads, keys)
    if not (rows.sum(axis=1) > 0.5).all():  # scores that are no numbers, or a query that may look nowhere
        return None
    weights = frozen(rows.mean(axis=0, keepdims=True))  # (1, keys)
    hidden = template_tokens(tokens) if hide_special else ()
    shown = Hiding.of(weights, hidden)
    return FocusRow(query, record.layer, head, record.heads, frozen(shown.weights[0]), hidden, shown.share)


def one_query(record: Attention, query: int) -> Attention:
    """The same attention with that query alone, so that a row costs T and not T²."""
    rows = slice(query, query + 1)
    return replace(
        record,
        query=record.query[:, rows],
        mask=None if record.mask is None else record.mask[rows],
        bias=None if record.bias is None else record.bias[:, rows],
        given=None if record.given is None else {head: given[rows] for head, given in record.given.items()},
    )


def template_tokens(tokens: Tokens) -> tuple[int, ...]:
    """Positions of the tokens that the template added, such as [CLS] and [SEP]; masks are not among them."""
    return tuple(place for place in range(len(tokens)) if tokens.special[place] and place not in tokens.masks)


def _layer(trace: Trace, layer: int | None) -> Attention | None:
    if layer is not None:
        return trace.attention(layer)
    here = (record for record in trace.every(Attention) if record.site is Site.ENCODER)
    return max(here, key=lambda record: record.layer, default=None)
