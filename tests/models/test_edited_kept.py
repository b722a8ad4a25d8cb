"""Runs inside BERT that go on from an earlier one equal those from the start, to the last bit, and cost only their own layers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import torch

from attnviz.edits import (
    DropHead,
    DropLayer,
    PatchHidden,
    Uniform,
)
from attnviz.models.bert import Bert
from attnviz.models.edited import Kept
from attnviz.trace import Block, Stream, Trace
from tests.models.test_bert import batch
from tests.models.test_edited import LAYERS, STATE, strong_pair
from tests.records import bits, drained, of


@contextmanager
def counted(model: Bert) -> Iterator[list[int]]:
    """The layers that are run, as they are."""
    seen: list[int] = []
    hooks = [
        layer.register_forward_hook(lambda *_, number=number: seen.append(number))
        for number, layer in enumerate(model.layers)
    ]
    yield seen
    for hook in hooks:
        hook.remove()


@pytest.mark.parametrize(("edit", "layer"), [(DropHead(2, 1), 2), (PatchHidden(1, 0, STATE), 1), (DropLayer(0), 0)])
def test_going_on_runs_only_the_layers_from_the_edit_on(edit, layer):
    """Bit for bit the run from the start, the layers below untouched, and their records the very same objects."""
    ours, _ = strong_pair(15)
    ids, segments, _ = batch(ours.config, rows=1)
    earlier = Trace().plus(*ours.trace(ids, segments))
    whole, states = drained(ours.trace(ids, segments, edits=(edit,)))
    with counted(ours) as seen:
        records, found = drained(ours.trace(ids, segments, edits=(edit,), kept=Kept(layer, earlier)))
    assert seen == list(range(layer, LAYERS))
    assert torch.equal(found, states)
    assert list(map(bits, records)) == list(map(bits, whole))
    for below in range(layer):
        assert any(record is earlier.hidden(below) for record in records)
        assert any(record is earlier.attention(below) for record in records)


def test_undoing_all_is_bit_identical():
    """From the edited run back to the model as it is, going on from what both share."""
    ours, _ = strong_pair(16)
    ids, segments, _ = batch(ours.config, rows=1)
    plain, states = drained(ours.trace(ids, segments))
    edited = Trace().plus(*ours.trace(ids, segments, edits=(Uniform(1),)))
    records, found = drained(ours.trace(ids, segments, kept=Kept(1, edited)))
    assert torch.equal(found, states)
    assert list(map(bits, records)) == list(map(bits, plain))


def test_what_an_earlier_run_lacks_of_a_block_is_computed_alone():
    """A Block and the Streams of kept layers are those of a whole run, and only their own layers are run for them."""
    ours, _ = strong_pair(17)
    ids, segments, _ = batch(ours.config, rows=1)
    earlier = Trace().plus(*ours.trace(ids, segments))
    whole = list(ours.trace(ids, segments, blocks=(1,), streams=True))
    with counted(ours) as seen:
        records = list(ours.trace(ids, segments, blocks=(1,), kept=Kept(LAYERS, earlier)))
    assert seen == [1]
    assert list(map(bits, of(Block, records))) == list(map(bits, of(Block, whole)))
    records = list(ours.trace(ids, segments, kept=Kept(LAYERS, earlier), streams=True))
    assert list(map(bits, of(Stream, records))) == list(map(bits, of(Stream, whole)))
