"""Edits inside a Transformer: nonsense is refused where it is made, and what doesn't fit a text and a model is told why."""

from __future__ import annotations

import math
import pickle

import pytest

from attnviz.edits import (
    DropFeedForward,
    DropHead,
    DropLayer,
    HideToken,
    PatchFromText,
    PatchHidden,
    ReplaceToken,
    ReplaceWord,
    SetRow,
    Temperature,
    Uniform,
    Unscaled,
)
from attnviz.edits.fit import Room, misfit, misfits
from attnviz.edits.inside import first_changed_layer, first_layer
from attnviz.errors import JobError
from attnviz.trace import Site

ROOMS = {"encoder": Room(6, 4, 3, 3, 2, 50)}
BOTH = {**ROOMS, "decoder": Room(2, 4, 3, 3, 2, 40, causal=True), "cross": Room(2, 4, 3, 5, 2, 40)}


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: DropHead(-1, 0), "layer is a whole number"),
        (lambda: DropHead(0, 1.5), "head is a whole number"),
        (lambda: DropHead(True, 0), "not True"),
        (lambda: DropHead(0, 0, "half"), "zero or its mean"),
        (lambda: DropHead(0, 0, "mean", "decoder"), "aren't written yet"),
        (lambda: DropHead(0, 0, site="nowhere"), "encoder, decoder or cross"),
        (lambda: SetRow(0, 0, 0, ()), "from 0 to 1"),
        (lambda: SetRow(0, 0, 0, (1.1, -0.1)), "at least 0"),
        (lambda: SetRow(0, 0, 0, (math.nan, 1.0)), "numbers"),
        (lambda: SetRow(0, 0, 0, (0.5, 0.4)), "sum to 1, not 0.900"),
        (lambda: SetRow(0, 0, -2, (1.0,)), "query"),
        (lambda: HideToken(-1), "position"),
        (lambda: HideToken(0, -1), "layer"),
        (lambda: Unscaled("1"), "layer"),
        (lambda: Temperature(0.0), "between 0.01 and 100"),
        (lambda: Temperature(math.nan), "not nan"),
        (lambda: Temperature(math.inf), "not inf"),
        (lambda: Uniform(0, -1), "head"),
        (lambda: DropFeedForward(0, "cross"), "those of the decoder"),
        (lambda: DropLayer(None), "layer"),
        (lambda: PatchHidden(0, 0, ()), "finite numbers"),
        (lambda: PatchHidden(0, 0, (math.inf,)), "finite numbers"),
        (lambda: ReplaceToken(0, -1), "id"),
        (lambda: PatchFromText(0, 0, " ", 0), "in quotes"),
        (lambda: PatchFromText(0, 0, "a", -1), "position"),
        (lambda: ReplaceWord(0, ""), "write one"),
    ],
)
def test_nonsense_is_refused_where_it_is_made(make, said):
    """One sentence that names what is wrong."""
    with pytest.raises(JobError, match=said):
        make()


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (DropHead(6, 0), "layers 0 to 5, and none numbered 6"),
        (DropHead(0, 4), "heads 0 to 3, and none numbered 4"),
        (Uniform(0, 9), "heads 0 to 3"),
        (SetRow(0, 0, 3, (1.0, 0.0, 0.0)), "tokens 0 to 2, and none at 3"),
        (SetRow(0, 0, 0, (1.0,)), "3 tokens to attend to, and 1 weights"),
        (SetRow(0, 0, 1, (0.5, 0.0, 0.5), "decoder"), "come later"),
        (HideToken(3), "none at 3"),
        (HideToken(5, site="cross"), "tokens 0 to 4"),
        (Unscaled(99), "none numbered 99"),
        (DropLayer(2, "decoder"), "layers 0 to 1"),
        (PatchHidden(7, 0, (0.0, 0.0)), "none numbered 7"),
        (PatchHidden(0, 3, (0.0, 0.0)), "none at 3"),
        (PatchHidden(0, 0, (0.0,)), "2 numbers, not 1"),
        (ReplaceToken(0, 50), "ids up to 49, not 50"),
    ],
)
def test_what_does_not_fit_is_told_why(edit, said):
    """Half a sentence, and the same edit where there is room for it fits."""
    assert said in misfit(edit, BOTH)


def test_what_fits_has_no_reason_against_it():
    """The last layer, head and token; a patch may even enter the head of the model, after the last layer."""
    fitting = (
        DropHead(5, 3), SetRow(0, 0, 2, (0.2, 0.3, 0.5)), HideToken(2), Unscaled(5), PatchHidden(6, 2, (1.0, 2.0)),
        ReplaceToken(2, 49), SetRow(0, 0, 1, (0.5, 0.5, 0.0), "decoder"), HideToken(4, site="cross"),
    )  # fmt: skip
    assert misfits(fitting, BOTH) == {}
    assert misfit(DropLayer(0, "decoder"), ROOMS) == "this model has no decoder"


def test_one_token_at_least_is_left_to_attend_to():
    """The edit that would hide the last one is left out, layer by layer; the others stay."""
    every = (HideToken(0), HideToken(1), HideToken(2))
    assert set(misfits(every, ROOMS)) == {HideToken(2)}
    one_layer = (HideToken(0), HideToken(1, 3), HideToken(2, 4), HideToken(2, 3))
    assert set(misfits(one_layer, ROOMS)) == {HideToken(2, 3)}


@pytest.mark.parametrize(
    ("before", "after", "layer"),
    [
        ((), (), None),
        ((), (DropHead(3, 0),), 3),
        ((DropHead(3, 0),), (), 3),
        ((DropHead(3, 0),), (DropHead(3, 0), DropLayer(5)), 5),
        ((DropHead(3, 0),), (DropHead(2, 0),), 2),
        ((), (HideToken(1),), 0),
        ((), (PatchHidden(4, 0, (1.0,)),), 4),
        ((PatchHidden(4, 0, (1.0,)),), (), 3),
        ((PatchHidden(0, 0, (1.0,)),), (), -1),
        ((), (ReplaceToken(0, 1),), -1),
        ((SetRow(2, 0, 0, (1.0,)), Uniform(2)), (Uniform(2), SetRow(2, 0, 0, (1.0,))), 2),
    ],
)
def test_the_first_layer_to_run_again(before, after, layer):
    """The lowest that the difference of two lists touches; a state that is no longer patched comes from the layer below."""
    assert first_changed_layer(before, after) == layer


def test_first_layers():
    """Edits of all layers begin at 0, other words even before that."""
    assert [first_layer(edit) for edit in (DropHead(2, 1), Unscaled(), HideToken(3), ReplaceToken(0, 1))] == [
        2,
        0,
        0,
        -1,
    ]


def test_edits_are_values():
    """They can be compared, put in sets and pickled, and a trace's Site is as good as its name."""
    edits = (DropHead(1, 2, site=Site.CROSS), PatchFromText(0, 1, "a", 2), SetRow(0, 0, 0, (1.0,)))
    assert pickle.loads(pickle.dumps(edits)) == edits
    assert edits[0] == DropHead(1, 2, site="cross")
    assert len({*edits, DropHead(1, 2, site="cross")}) == 3
