"""Which pieces of a cut can be forbidden, and why the others can't."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from attnviz.trace import Piece

TIP = "Cut as if the checkpoint's tokenizer had never had this piece (Delete)"
NO_CHECKPOINT = "Open a checkpoint first; what its tokenizer can't use any more shows in its predictions."
NOT_ITS_OWN = "Only pieces of the open checkpoint's own tokenizer can be forbidden; choose it at the right."


def objection(piece: Piece | None, model: str) -> str:
    """The reason why a piece can't be forbidden in a tokenizer of this kind; empty where it can."""
    if piece is None:
        return "Click a piece to choose it; then it can be forbidden."
    if piece.special or piece.span is None:
        return "A special token can't be forbidden; the model was trained with it in its place."
    if piece.unknown:
        return "The unknown token can't be forbidden; it stands where no piece fits."
    if piece.id is None:
        return "This is no piece of the vocabulary yet; go to the last stage."
    if _is_smallest(piece, model):
        return "A single character can't be forbidden; without it, words that hold it can't be cut."
    return ""


def _is_smallest(piece: Piece, model: str) -> bool:
    """BPE begins with characters or, each written as one, bytes; the others count characters of the text."""
    if model == "BPE" or piece.span is None:
        return len(piece.text) == 1
    return piece.span[1] - piece.span[0] <= 1
