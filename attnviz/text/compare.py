"""Several tokenizers on one text, aligned by its characters."""

from __future__ import annotations

from collections.abc import Sequence

from attnviz.text.pipeline import Pipeline
from attnviz.trace import Compared, Comparison, Piece, Span


def compare(text: str, pipelines: Sequence[Pipeline]) -> Comparison:
    """Borders, counts and differences; pieces are without the template's special tokens."""
    cuts = [pipeline.pieces(text) for pipeline in pipelines]
    spans = [{piece.span for piece in pieces} for pieces in cuts]
    common = set.intersection(*spans)
    borders = [_borders(pieces) for pieces in cuts]
    agreed = set.intersection(*borders)
    words = len(text.split())
    rows = tuple(
        Compared(
            name=pipeline.name,
            model=pipeline.spec.kind,
            size=pipeline.spec.size,
            pieces=pieces,
            borders=tuple(sorted(own)),
            tokens=len(pieces),
            fertility=len(pieces) / words if words else None,
            unknown=sum(piece.unknown for piece in pieces),
            differs=tuple(place for place, piece in enumerate(pieces) if piece.span not in common),
        )
        for pipeline, pieces, own in zip(pipelines, cuts, borders, strict=True)
    )
    return Comparison(text, words, rows, tuple(sorted(agreed)), tuple(sorted(set.union(*borders) - agreed)))


def _borders(pieces: Sequence[Piece]) -> set[int]:
    spans: list[Span] = [piece.span for piece in pieces if piece.span is not None]
    return {place for span in spans for place in span}
