"""What is said about a Transformer's residual stream, from the stages of its layers and its embeddings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from attnviz.models.stream import LONGEST_TABLE, positions_of
from attnviz.trace import Positions, Site

if TYPE_CHECKING:
    from attnviz.models.transformer_layers import Embeddings, Stages


def sublayers(own: Stages, cross: Stages | None) -> dict[str, tuple[Tensor, Tensor]]:
    """The stream before each sublayer and what it adds; ``cross`` is the rest of a decoder layer."""
    feeding = own if cross is None else cross
    found = {"attention": (own["input"], own["attended"])}
    if cross is not None:
        found["cross-attention"] = (cross["input"], cross["attended"])
    # Where norms come after, the attention's is the stream; where they come before, the sum is.
    stream = feeding["attention_sum"] if "output_norm" in feeding else feeding["attention_norm"]
    return found | {"feed-forward": (stream, feeding["outer"])}


def made_of(site: Site, embeddings: Embeddings, ids: Tensor) -> Positions:
    """Scaled words plus positions, from ``ids`` (batch, tokens)."""
    parts = {
        "word": embeddings.word(ids)[0] * embeddings.scale,
        "position": embeddings.positions(0, ids.shape[-1]),
    }
    kind = "sinusoidal" if embeddings.position is None else "learned"
    return positions_of(site, kind, parts, embeddings.positions(0, LONGEST_TABLE))
