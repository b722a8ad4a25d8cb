"""What if a merge were forbidden, or came earlier or later? Edits as frozen values, applied to a tokenizer.json."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from attnviz.errors import JobError, printable


@dataclass(frozen=True, slots=True)
class ForbidMerge:
    """Leave out the merge of this rank, counted as in the tokenizer before any edit."""

    rank: int


@dataclass(frozen=True, slots=True)
class MoveMerge:
    """Put the merge of this rank where the merge of rank ``to`` stands, both counted as in the tokenizer before any edit."""

    rank: int
    to: int


@dataclass(frozen=True, slots=True)
class ForbidPiece:
    """Take a piece out of use: WordPiece, Unigram and WordLevel find it no longer, BPE loses every merge that makes it.

    Its id stays reserved.
    """

    piece: str


Edit = ForbidMerge | MoveMerge | ForbidPiece


def apply_edits(tokenizer: str, edits: Sequence[Edit]) -> str:
    """The text of a tokenizer.json after ``edits`` in order; all ids stay what they were. Raises JobError.

    Undoing is leaving an edit out of the list.
    """
    found: dict[str, Any] = json.loads(tokenizer)
    model = found["model"]
    ranks = list(range(len(model.get("merges", ()))))
    for edit in edits:
        if isinstance(edit, ForbidPiece):
            _check_piece(model, edit.piece, found.get("added_tokens", []))
            touching = _merges_about(model, edit.piece) if "merges" in model else frozenset()
            ranks = [rank for rank in ranks if rank not in touching]
            _reserve(model, edit.piece)
            continue
        if model["type"] != "BPE":
            raise JobError(f"A {model['type']} tokenizer has no merges; forbid a piece instead.", "NO_MERGES")
        ranks = _moved(ranks, edit, len(model["merges"]))
    if "merges" in model:
        model["merges"] = [model["merges"][rank] for rank in ranks]
    return json.dumps(found, ensure_ascii=False)


def ranks_after(merges: int, edits: Sequence[Edit]) -> tuple[int, ...]:
    """The old rank of each merge that is left, in the new order."""
    ranks = list(range(merges))
    for edit in edits:
        if not isinstance(edit, ForbidPiece):
            ranks = _moved(ranks, edit, merges)
    return tuple(ranks)


def _moved(ranks: list[int], edit: ForbidMerge | MoveMerge, merges: int) -> list[int]:
    named = [edit.rank] if isinstance(edit, ForbidMerge) else [edit.rank, edit.to]
    for rank in named:
        if not 0 <= rank < merges:
            raise JobError(f"There is no merge {rank}; ranks run from 0 to {merges - 1}.", "NO_SUCH_MERGE")
    if isinstance(edit, ForbidMerge) or edit.rank not in ranks:
        return [rank for rank in ranks if rank != edit.rank]
    place = ranks.index(edit.to) if edit.to in ranks else sum(rank < edit.to for rank in ranks)
    without = [rank for rank in ranks if rank != edit.rank]
    return [*without[:place], edit.rank, *without[place:]]


def _check_piece(model: dict[str, Any], piece: str, added: Sequence[dict[str, Any]]) -> None:
    unigram = model["type"] == "Unigram"
    known = {entry[0] for entry in model["vocab"]} if unigram else model["vocab"]
    unknown = model["vocab"][model["unk_id"]][0] if unigram else model.get("unk_token")
    if piece not in known:
        raise JobError(f"The vocabulary has no piece '{printable(piece, 60)}'.", "NO_SUCH_PIECE")
    if piece == unknown or any(token["content"] == piece for token in added):
        raise JobError(f"'{printable(piece, 60)}' is a special token; it can't be forbidden.", "SPECIAL_TOKEN")
    if model["type"] == "BPE" and not any(_made(model, merge) == piece for merge in model["merges"]):
        sentence = f"No merge makes '{printable(piece, 60)}': it is one of the smallest pieces, without which nothing can be cut."
        raise JobError(sentence, "SMALLEST_PIECE")


def _merges_about(model: dict[str, Any], piece: str) -> frozenset[int]:
    """The ranks of the merges that make a piece, and of those that need it, which then never come about."""
    return frozenset(
        rank for rank, merge in enumerate(model["merges"]) if piece in _pair(merge) or _made(model, merge) == piece
    )


def _pair(merge: str | Sequence[str]) -> tuple[str, str]:
    left, right = merge.split(" ") if isinstance(merge, str) else merge
    return left, right


def _made(model: dict[str, Any], merge: str | Sequence[str]) -> str:
    left, right = _pair(merge)
    return left + right.removeprefix(model.get("continuing_subword_prefix") or "")


def _reserve(model: dict[str, Any], piece: str) -> None:
    """Give the piece's id to a name that is never met."""
    if model["type"] == "Unigram":
        least = min(score for _, score in model["vocab"])
        model["vocab"] = [
            [_reserved(name), least] if name == piece else [name, score] for name, score in model["vocab"]
        ]
    else:
        model["vocab"] = {_reserved(name) if name == piece else name: number for name, number in model["vocab"].items()}


def _reserved(piece: str) -> str:
    """A name that keeps the id and that no pre-token can match: it holds a noncharacter."""
    return f"\ufffe{piece}\ufffe"
