"""Jobs that look inside a model, change it and read its lens, on a tiny checkpoint and on the shipped one."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest

from attnviz.edits import (
    DropFeedForward,
    DropHead,
    HideToken,
    PatchFromText,
    PatchHidden,
    ReplaceWord,
    SetRow,
    Temperature,
    Uniform,
    Unscaled,
)
from attnviz.errors import JobError
from attnviz.jobs.changed import EarlierLook
from attnviz.jobs.fill_mask import FillMask
from attnviz.jobs.fill_mask_changed import FillMaskChanged
from attnviz.jobs.inspect import Inspect
from attnviz.jobs.look_inside import LookInside
from attnviz.jobs.read_lens import ReadLens
from attnviz.models import shelf
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.trace import (
    Attention,
    Block,
    BlockWeights,
    Candidates,
    Checked,
    Hidden,
    Made,
    Misfits,
    Notice,
    Overview,
    Shift,
    Site,
    Trace,
)
from tests.records import bits, run
from tests.windows import strong_folder

TEXT, TOKENS, LAYERS = "the cat [MASK] on a mat", 8, 2
ROW = (0.5, 0.25, 0.25, 0.0, 0.0, 0.0, 0.0, 0.0)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return Reference(str(strong_folder(tmp_path_factory.mktemp("inside") / "tiny")))


@pytest.fixture(scope="module")
def library() -> Library:
    return Library()


@contextmanager
def counted(library: Library, reference: Reference) -> Iterator[list[int]]:
    """The layers that are run, as they are."""
    seen: list[int] = []
    layers = library.encoder(reference).model.layers
    hooks = [layer.register_forward_hook(lambda *_, at=at: seen.append(at)) for at, layer in enumerate(layers)]
    yield seen
    for hook in hooks:
        hook.remove()


def inner(trace: Trace) -> list[object]:
    """Everything that was computed, exactly."""
    return [bits(record) for kind in (Attention, Hidden) for record in trace.every(kind)]


def test_no_edits_answer_as_before(library, reference):
    """With an empty list neither a record nor a bit is different, and nothing is said of edits."""
    plain, empty = (run(library, job) for job in (Inspect(reference, TEXT), Inspect(reference, TEXT, edits=())))
    assert plain.records.keys() == empty.records.keys()
    assert inner(plain) == inner(empty)
    assert plain.find(Made) is plain.find(Misfits) is None
    first, second = (run(library, FillMask(reference, TEXT, changes=changes)) for changes in ((), (DropHead(1, 0),)))
    assert first.every(Candidates) != second.every(Candidates)
    assert first.every(Candidates) == run(library, FillMask(reference, TEXT)).every(Candidates)


@pytest.mark.parametrize(
    ("before", "after", "ran"),
    [
        ((), (DropHead(1, 0),), [1]),
        ((DropHead(1, 0),), (), [1]),
        ((DropHead(1, 0),), (DropHead(1, 0),), []),
        ((DropHead(0, 0),), (DropHead(0, 0), Uniform(1)), [1]),
        ((), (HideToken(2),), [0, 1]),
        ((), (ReplaceWord(2, "mat"),), [0, 1]),
        ((PatchHidden(1, 0, (1.0,) * 16),), (), [0, 1]),
        ((), (PatchHidden(1, 0, (1.0,) * 16),), [1]),
        ((SetRow(1, 0, 0, ROW), Uniform(1)), (Uniform(1), SetRow(1, 0, 0, ROW)), [1]),
    ],
)
def test_an_answer_goes_on_from_an_earlier_one(library, reference, before, after, ran):
    """Only the layers from the first change on are run, bit for bit as from the start; overviews of the others are kept."""
    first = run(library, Inspect(reference, TEXT, edits=before))
    earlier = EarlierLook.of(reference, first)
    with counted(library, reference) as seen:
        found = run(library, Inspect(reference, TEXT, edits=after, earlier=earlier))
    assert seen == ran
    whole = run(library, Inspect(reference, TEXT, edits=after))
    assert inner(found) == inner(whole)
    for layer in range(LAYERS):
        assert np.array_equal(found.overview(layer).tiles, whole.overview(layer).tiles)
        assert (found.overview(layer) is first.overview(layer)) == (layer not in ran)


def test_an_earlier_answer_to_another_text_is_of_no_use(library, reference):
    """All layers are run, and the answer is that of the new text."""
    earlier = EarlierLook.of(reference, run(library, Inspect(reference, "a dog sat")))
    with counted(library, reference) as seen:
        found = run(library, Inspect(reference, TEXT, earlier=earlier))
    assert seen == [0, 1]
    assert inner(found) == inner(run(library, Inspect(reference, TEXT)))
    assert EarlierLook.of(reference, Trace()) is None


def test_a_masks_answer_goes_on_from_an_inspection(library, reference):
    """The same records serve both jobs."""
    earlier = EarlierLook.of(reference, run(library, Inspect(reference, TEXT)))
    with counted(library, reference) as seen:
        found = run(library, FillMask(reference, TEXT, changes=(DropFeedForward(1),), earlier=earlier))
    assert seen == [1]
    assert found.every(Candidates) == run(library, FillMask(reference, TEXT, changes=(DropFeedForward(1),))).every(
        Candidates
    )


def test_misfits_are_told_or_refused(library, reference):
    """Left out with their reasons, the rest is made; without that, one sentence that names the edit."""
    unfit = (DropHead(9, 0), ReplaceWord(1, "catmat"), PatchFromText(1, 1, "a cat", 9), Unscaled(site="cross"))
    edits = (DropHead(0, 1), *unfit)
    trace = run(library, Inspect(reference, TEXT, edits=edits, skips_misfits=True))
    reasons = dict(trace.find(Misfits).reasons)
    assert set(reasons) == set(unfit)
    assert "none numbered 9" in reasons[unfit[0]]
    assert "not one token" in reasons[unfit[1]] or "has no" in reasons[unfit[1]]
    assert "none at 9" in reasons[unfit[2]]
    assert "no cross" in reasons[unfit[3]]
    assert trace.find(Made).edits == (DropHead(0, 1),)
    assert inner(trace) == inner(run(library, Inspect(reference, TEXT, edits=edits[:1])))
    with pytest.raises(JobError, match=r"'drop-head 9\.0' doesn't fit: .*none numbered 9"):
        run(library, Inspect(reference, TEXT, edits=edits))
    with pytest.raises(JobError, match="nothing be left to attend to"):
        run(library, FillMask(reference, TEXT, changes=tuple(map(HideToken, range(TOKENS)))))


def test_a_patch_from_the_same_text_changes_nothing_and_from_another_one_is_its_state(library, reference):
    """The state that another text has there, to the bit, computed once."""
    plain = run(library, Inspect(reference, TEXT))
    same = run(library, Inspect(reference, TEXT, edits=(PatchFromText(1, 3, TEXT, 3),)))
    assert inner(same) == inner(plain)
    other = run(library, Inspect(reference, "a dog sat"))
    wish = PatchFromText(1, 3, "a dog sat", 2)
    with counted(library, reference) as seen:
        found = run(library, Inspect(reference, TEXT, edits=(wish,)))
        again = run(library, Inspect(reference, TEXT, edits=(wish,)))
    assert seen == [0, 0, 1, 0, 1]  # the other text's layer below, once
    assert inner(found) == inner(again)
    assert np.array_equal(found.hidden(1).states[3], other.hidden(1).states[2])
    assert np.array_equal(np.delete(found.hidden(1).states, 3, 0), np.delete(plain.hidden(1).states, 3, 0))
    assert "a dog sat" in found.find(Made).edits[0].origin


def test_a_replaced_token_is_another_text(library, reference):
    """Its numbers are those of the text with that word, and a mask put over a word knows it."""
    replaced = run(library, FillMask(reference, TEXT, changes=(ReplaceWord(2, "mat"),)))
    typed = run(library, FillMask(reference, TEXT.replace("cat", "mat")))
    assert replaced.tokens().pieces == typed.tokens().pieces
    assert replaced.every(Candidates) == typed.every(Candidates)
    masked = run(library, FillMask(reference, TEXT, changes=(ReplaceWord(2, "[MASK]"),)))
    clicked = run(library, FillMask(reference, TEXT, masked=((4, 7),)))
    assert masked.tokens().originals == clicked.tokens().originals
    assert masked.every(Candidates) == clicked.every(Candidates)


def test_before_and_after_are_the_two_answers(library, reference):
    """A Shift a mask, both sides as FillMask gives them; the unchanged run is gone on from."""
    changes = (Temperature(5.0), DropHead(1, 1))
    trace = run(library, FillMaskChanged(reference, TEXT, changes=changes))
    [shift] = trace.every(Shift)
    for side, made in ((shift.before, ()), (shift.after, changes)):
        [expected] = run(library, FillMask(reference, TEXT, top=1000, changes=made)).every(Candidates)
        assert side == expected
    assert shift.before != shift.after
    with counted(library, reference) as seen:
        run(library, FillMaskChanged(reference, TEXT, changes=(DropHead(1, 1),)))
    assert seen == [0, 1, 1]
    earlier = EarlierLook.of(reference, run(library, Inspect(reference, TEXT)))
    with counted(library, reference) as seen:
        run(library, FillMaskChanged(reference, TEXT, changes=(DropHead(1, 1),), earlier=earlier))
    assert seen == [1]


def test_masks_of_one_side_only_are_not_compared(library, reference):
    """And without any mask nothing is said."""
    trace = run(library, FillMaskChanged(reference, TEXT, changes=(ReplaceWord(2, "[MASK]"),)))
    assert [shift.before.position for shift in trace.every(Shift)] == [3]
    assert any(notice.topic == "shift" for notice in trace.every(Notice))
    trace = run(library, FillMaskChanged(reference, "the cat sat", changes=(DropHead(0, 0),)))
    assert trace.every(Shift) == trace.every(Notice) == ()


@pytest.mark.parametrize("edits", [(), (Unscaled(1), HideToken(2), SetRow(1, 1, 3, ROW), Uniform(1, 0))], ids=len)
def test_a_layer_opens_with_its_weights_and_a_second_opinion(library, reference, edits):
    """Block, parameters and Checked of the layer alone; the layers above are never run, with an earlier answer none below."""
    job = LookInside(reference, TEXT, layer=1, head=1, edits=edits)
    trace = run(library, job)
    block, weights, checked = (
        trace.find(Block, (Site.ENCODER, 1)),
        trace.every(BlockWeights)[0],
        trace.every(Checked)[0],
    )
    assert np.array_equal(block.stages["input"], run(library, Inspect(reference, TEXT, edits=edits)).hidden(1).states)
    query = block.stages["input"] @ weights.parameters["query.weight"].T + weights.parameters["query.bias"]
    np.testing.assert_allclose(np.concatenate(block.stages["query"], -1), query, atol=1e-4)
    assert {"attention_norm.weight", "output_norm.bias", "output.weight", "value.bias"} <= weights.parameters.keys()
    assert 0 <= checked.difference < 1e-5
    assert "float64" in checked.how
    assert (checked.layer, checked.head) == (1, 1)
    earlier = EarlierLook.of(reference, run(library, Inspect(reference, TEXT, edits=edits)))
    with counted(library, reference) as seen:
        again = run(library, LookInside(reference, TEXT, layer=1, head=1, edits=edits, earlier=earlier))
    assert seen == [1]
    assert bits(again.find(Block, (Site.ENCODER, 1))) == bits(block)


def test_a_wrong_weight_is_found_out(library, reference):
    """The second opinion knows nothing of the first: another weight in the record makes the difference that it makes."""
    opened = library.encoder(reference)
    trace = run(library, LookInside(reference, TEXT, layer=0, head=1))
    attention, block = trace.attention(0), trace.find(Block, (Site.ENCODER, 0))
    wrong = attention.weights(1).copy()
    wrong[2, 3] += 0.125
    changed = replace(attention, given={1: wrong})
    assert opened.checked(changed, block, 1).difference == pytest.approx(0.125, abs=1e-5)


def test_the_shipped_models_heads_are_checked():
    """Every layer of the shipped BERT differs from the second opinion by less than 1e-5."""
    library, shipped = Library(), Reference(str(shelf.resolve(None)))
    text = "The quick brown fox jumps over the lazy dog."
    earlier = EarlierLook.of(shipped, run(library, Inspect(shipped, text)))
    for layer in range(6):
        [checked] = run(library, LookInside(shipped, text, layer=layer, head=layer, earlier=earlier)).every(Checked)
        assert checked.difference < 1e-5


@pytest.mark.parametrize("choice", [{"layer": 2}, {"head": -1}, {"site": Site.CROSS}])
def test_layers_heads_and_sites_that_are_not_there_are_refused(library, reference, choice):
    """One sentence."""
    with pytest.raises(JobError, match="no"):
        run(library, LookInside(reference, TEXT, **choice))
    with pytest.raises(JobError, match="between 1 and 100"):
        ReadLens(reference, TEXT, top=0)


def test_questions_and_answers_pickle(library, reference):
    """To run in another process, going on from an earlier answer too."""
    earlier = EarlierLook.of(reference, run(library, Inspect(reference, TEXT, edits=(DropHead(0, 0),))))
    for job in (
        Inspect(reference, TEXT, edits=(SetRow(1, 0, 0, ROW),), earlier=earlier),
        LookInside(reference, TEXT, edits=(DropHead(0, 0),), earlier=earlier),
        ReadLens(reference, TEXT),
        FillMaskChanged(reference, TEXT, changes=(HideToken(1),)),
    ):
        copy = pickle.loads(pickle.dumps(job))
        assert run(library, copy).records.keys() == run(library, job).records.keys()
        for record in job.run(library):
            assert pickle.loads(pickle.dumps(record)).slot == record.slot
    assert run(library, Inspect(reference, TEXT)).every(Overview)
