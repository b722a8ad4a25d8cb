"""A checkpoint's own tokenizer is edited: the ids and the masked words, against ``tokenizers`` and ``transformers``."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import BertConfig, BertForPreTraining

from attnviz.errors import JobError
from attnviz.jobs.fill_mask import FillMask
from attnviz.jobs.fill_mask_edited import FillMaskEdited
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.text.merge_edits import ForbidPiece
from attnviz.trace import Candidates, Notice, Shift, Timing, Trace
from tests.windows import strong_folder

TEXT = "the cat [MASK] on the plain mat"
EDITS = (ForbidPiece("cat"), ForbidPiece("plain"))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that nobody changes."""
    return strong_folder(tmp_path_factory.mktemp("edited") / "tiny")


@pytest.fixture(scope="module")
def library() -> Library:
    return Library()


def authority_ids(folder: Path, *without: str) -> list[int]:
    """The library's own, on a vocabulary that lacks these pieces; the other ids are as they were."""
    found = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    for piece in without:
        del found["model"]["vocab"][piece]
    return Tokenizer.from_str(json.dumps(found)).encode(TEXT).ids


def authority_probabilities(folder: Path, ids: list[int], position: int) -> torch.Tensor:
    """An independent forward: transformers on the same ids."""
    model = BertForPreTraining(BertConfig.from_json_file(folder / "config.json")).eval()
    model.load_state_dict(load_file(folder / "model.safetensors"), strict=False)
    with torch.inference_mode():
        return model(torch.tensor([ids])).prediction_logits[0, position].softmax(-1)


def test_forbidden_pieces_give_the_ids_of_a_vocabulary_without_them(library: Library, folder: Path) -> None:
    """One after the other and together, as ``tokenizers`` cuts."""
    for edits in (EDITS[:1], EDITS[1:], EDITS):
        trace = Trace().plus(*FillMask(Reference(str(folder)), TEXT, edits=edits).run(library))
        assert list(trace.tokens().ids) == authority_ids(folder, *(edit.piece for edit in edits))
    assert len(trace.tokens()) > len(authority_ids(folder))


def test_before_and_after_are_the_authoritys_predictions(library: Library, folder: Path) -> None:
    """Both sides of the shift equal transformers' on the ids that ``tokenizers`` gives, to 1e-5."""
    trace = Trace().plus(*FillMaskEdited(Reference(str(folder)), TEXT, edits=EDITS).run(library))
    [shift] = trace.every(Shift)
    for side, without in ((shift.before, ()), (shift.after, ("cat", "plain"))):
        ids = authority_ids(folder, *without)
        assert side.position == ids.index(4)
        expected = authority_probabilities(folder, ids, side.position)
        assert len(side.entries) == len(expected)
        for entry in side.entries:
            assert abs(entry.probability - float(expected[entry.id])) < 1e-5
    assert shift.before.entries != shift.after.entries


def test_a_word_masked_by_a_click_is_predicted_too(library: Library, folder: Path) -> None:
    """Like a [MASK] that was typed in its place, and it is known where the original word stands on both sides."""
    masked = TEXT.replace("[MASK]", "sat")
    job = FillMaskEdited(Reference(str(folder)), masked, edits=EDITS, masked=((8, 11),))
    typed = FillMaskEdited(Reference(str(folder)), TEXT, edits=EDITS)
    [clicked], [as_typed] = (Trace().plus(*each.run(library)).every(Shift) for each in (job, typed))
    for side in ("before", "after"):
        ours, theirs = getattr(clicked, side), getattr(as_typed, side)
        assert (ours.position, ours.entries) == (theirs.position, theirs.entries)
        assert ours.original == "sat"
        probabilities = [entry.probability for entry in ours.entries]
        assert ours.probability in probabilities


def test_masks_are_compared_by_their_place(library: Library, folder: Path) -> None:
    """A masked word that is now cut into more pieces has no counterpart, and that is said; the next mask keeps its own."""
    text = "the cat sat on the plain mat"
    job = FillMaskEdited(Reference(str(folder)), text, edits=(ForbidPiece("cat"),), masked=((4, 7), (8, 11)))
    trace = Trace().plus(*job.run(library))
    [shift] = trace.every(Shift)
    assert (shift.mask, shift.before.original, shift.after.original) == (1, "sat", "sat")
    assert shift.after.position > shift.before.position
    [notice] = [each for each in trace.every(Notice) if each.topic == "shift"]
    assert "not compared" in notice.sentence


def test_a_forbidden_piece_keeps_its_name_where_it_is_predicted(library: Library, folder: Path) -> None:
    """The model may still put it behind a mask; it is called as before."""
    trace = Trace().plus(*FillMask(Reference(str(folder)), TEXT, top=1000, edits=EDITS).run(library))
    [found] = trace.every(Candidates)
    assert {"cat", "plain"} <= {entry.label for entry in found.entries}
    assert not any("\ufffe" in entry.token for entry in found.entries)


def test_no_edits_give_exactly_the_unedited_answer(library: Library, folder: Path) -> None:
    """Record for record; the shift's sides are equal."""
    plain, edited = FillMask(Reference(str(folder)), TEXT), FillMask(Reference(str(folder)), TEXT, edits=())
    assert plain == edited
    first, second = (Trace().plus(*job.run(library)) for job in (plain, edited))
    assert first.records.keys() == second.records.keys()
    assert first.tokens() == second.tokens()
    assert first.every(Candidates) == second.every(Candidates)
    assert first.find(Timing)
    [shift] = Trace().plus(*FillMaskEdited(Reference(str(folder)), TEXT).run(library)).every(Shift)
    assert shift.before == shift.after


@pytest.mark.parametrize("text", ["the cat sat", "", "\ue000"])
def test_without_a_mask_there_is_no_shift(library: Library, folder: Path, text: str) -> None:
    """Nothing is predicted and nothing fails."""
    trace = Trace().plus(*FillMaskEdited(Reference(str(folder)), text, edits=EDITS).run(library))
    assert trace.every(Shift) == ()


def test_an_unknown_piece_is_refused(library: Library, folder: Path) -> None:
    """By name, before any forward."""
    with pytest.raises(JobError, match="no piece 'zebra'"):
        list(FillMask(Reference(str(folder)), TEXT, edits=(ForbidPiece("zebra"),)).run(library))


def test_the_request_and_its_answer_pickle(library: Library, folder: Path) -> None:
    """To run in another process."""
    job = FillMaskEdited(Reference(str(folder)), TEXT, edits=EDITS)
    assert pickle.loads(pickle.dumps(job)) == job
    [shift] = Trace().plus(*job.run(library)).every(Shift)
    assert pickle.loads(pickle.dumps(shift)) == shift
