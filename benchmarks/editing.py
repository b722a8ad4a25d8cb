"""A what-if inside the model, and a layer opened: against the layers that must be run for it, and against a fixed wait."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING

from attnviz.edits import DropHead, HideToken, InsideEdit, SetRow
from attnviz.jobs.changed import EarlierLook
from attnviz.jobs.inspect import Inspect
from attnviz.jobs.look_inside import LookInside
from attnviz.models.reference import Reference
from attnviz.trace import Record, Trace
from benchmarks.pairs import in_turn, timed
from benchmarks.row import Row
from benchmarks.subjects import checkpoint, folder, text, tokens

if TYPE_CHECKING:
    from attnviz.models.library import Library

NAME = "editing"
MORE_MS = 15.0
OPENED_MS = 100.0
NAMES = {
    DropHead: "a head dropped in layer",
    SetRow: "a row set in layer",
    HideToken: "a token hidden from layer",
}


def measure(*, quick: bool = False) -> list[Row]:
    rounds = 2 if quick else 31
    rows = []
    for length in (8,) if quick else (128, 512):
        weights = (1.0, *(0.0,) * (length - 1))
        for layer in (0, 3):
            edits = (DropHead(layer, 1), SetRow(layer, 1, 2, weights))
            rows += [_edit(edit, layer, length, rounds) for edit in edits]
        rows.append(_edit(HideToken(2), 0, length, rounds))
    rows.append(_opened(8 if quick else 512, rounds))
    return rows


def _edit(edit: InsideEdit, layer: int, length: int, rounds: int) -> Row:
    """How much longer the changed answer takes than the layers from ``layer`` on; the overviews follow it one by one."""
    job = Inspect(_reference(), text(length), overviews=False, edits=(edit,), earlier=_earlier(length))
    pairs = in_turn(timed(lambda: _last(job.run(_library()))), timed(_from(layer, length)), rounds)
    more = tuple((ours - theirs) * 1000 for ours, theirs in zip(pairs.ours, pairs.theirs, strict=True))
    what = f"{NAMES[type(edit)]} {layer}, {length} tokens, every record of the changed run"
    against = f"bare forward from layer {layer} on"
    return Row(NAME, what, against, f"≤ {MORE_MS:g} ms more", MORE_MS, more, "ms more", pairs.said())


def _opened(length: int, rounds: int) -> Row:
    """A layer of the text that is open: its stages, its weights and the second opinion."""
    job = LookInside(_reference(), text(length), layer=3, head=1, earlier=_earlier(length))
    pairs = in_turn(timed(lambda: _last(job.run(_library()))), timed(lambda: None), rounds)
    taken = tuple(seconds * 1000 for seconds in pairs.ours)
    what = f"a layer opened, {length} tokens: every stage, its weights, one head checked"
    return Row(NAME, what, "a fixed wait", f"≤ {OPENED_MS:g} ms", OPENED_MS, taken, "ms")


@cache
def _library() -> Library:
    """The shipped model, open, with as many threads as the program gives it."""
    from attnviz.models.library import Library

    checkpoint()
    library = Library()
    library.open(_reference())
    return library


def _last(records: Iterator[Record]) -> Record | None:
    last = None
    for last in records:  # noqa: B007 - the last one is wanted
        pass
    return last


def _reference() -> Reference:
    return Reference(str(folder()), "cpu")


def _earlier(length: int) -> EarlierLook | None:
    trace = Trace().plus(*Inspect(_reference(), text(length), overviews=False).run(_library()))
    return EarlierLook.of(_reference(), trace)


def _from(layer: int, length: int) -> Callable[[], object]:
    """The layers from ``layer`` on, called as a script would."""
    import torch

    model = checkpoint().model
    with torch.inference_mode():
        states = model.embeddings(torch.tensor([tokens(length).ids]), torch.zeros(1, length, dtype=torch.long))
        for block in model.layers[:layer]:
            states = block(states).output

    @torch.inference_mode()
    def forward() -> object:
        passing = states
        for block in model.layers[layer:]:
            passing = block(passing).output
        return passing

    return forward
