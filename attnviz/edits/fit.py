"""Whether edits inside a Transformer fit a text and a model, and if not, why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from attnviz.edits.inside import (
    DropHead,
    HideToken,
    InsideEdit,
    PatchHidden,
    ReplaceToken,
    SetRow,
    Uniform,
)


@dataclass(frozen=True, slots=True)
class Room:
    """What edits of one site must fit: its layers, heads, queries and keys, the states' width and the size of the vocabulary."""

    layers: int
    heads: int
    queries: int
    keys: int
    hidden: int
    vocabulary: int
    causal: bool = False


Rooms = dict[str, Room]  # by site; a model lacks those that are not there


def misfit(edit: InsideEdit, rooms: Rooms) -> str | None:
    """Why an edit can't be made to this text and model, in half a sentence; None when it fits."""
    room = rooms.get(str(edit.site))
    if room is None:
        return "this model has no decoder" if "decoder" not in rooms else f"this model has no {edit.site}"
    layer, head = getattr(edit, "layer", None), getattr(edit, "head", None)
    most = room.layers if isinstance(edit, PatchHidden) else room.layers - 1
    if layer is not None and layer > most:
        return f"the model has layers 0 to {room.layers - 1}, and none numbered {layer}"
    if isinstance(edit, (DropHead, SetRow, Uniform)) and head is not None and head >= room.heads:
        return f"the model has heads 0 to {room.heads - 1}, and none numbered {head}"
    match edit:
        case SetRow(query=query) if query >= room.queries:
            return _no_token(room.queries, query)
        case SetRow(weights=weights) if len(weights) != room.keys:
            return f"there are {room.keys} tokens to attend to, and {len(weights)} weights"
        case SetRow(query=query, weights=weights) if room.causal and any(weights[query + 1 :]):
            return "a decoder attends to no words that come later; leave their weights at 0"
        case HideToken(position=position) if position >= room.keys:
            return _no_token(room.keys, position)
        case PatchHidden(position=position) | ReplaceToken(position=position) if position >= room.queries:
            return _no_token(room.queries, position)
        case PatchHidden(values=values) if len(values) != room.hidden:
            return f"a hidden state has {room.hidden} numbers, not {len(values)}"
        case ReplaceToken(id=number) if number >= room.vocabulary:
            return f"the vocabulary has ids up to {room.vocabulary - 1}, not {number}"
    return None


def misfits(edits: Sequence[InsideEdit], rooms: Rooms) -> dict[InsideEdit, str]:
    """The edits that can't be made, each with half a sentence on why; one at least must be left to attend to."""
    found = {edit: reason for edit in edits if (reason := misfit(edit, rooms)) is not None}
    hiding = [edit for edit in dict.fromkeys(edits) if isinstance(edit, HideToken) and edit not in found]
    for number, edit in enumerate(hiding):
        before = [other for other in hiding[:number] if other not in found and other.site == edit.site]
        layers = range(rooms[edit.site].layers) if edit.layer is None else (edit.layer,)
        for layer in layers:
            hidden = {other.position for other in (*before, edit) if other.layer in {None, layer}}
            if len(hidden) == rooms[edit.site].keys:
                found[edit] = "every token would be hidden, and nothing be left to attend to"
                break
    return found


def _no_token(count: int, position: int) -> str:
    return f"the text has tokens 0 to {count - 1}, and none at {position}"
