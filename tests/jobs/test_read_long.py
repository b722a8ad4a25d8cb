"""Texts longer than the model reads, against each window run by hand with transformers."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from attnviz.errors import JobError, TextError
from attnviz.jobs.fill_mask import FillMask
from attnviz.jobs.read_long import ReadLong
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.text.edit_grammar import parse_edit
from attnviz.trace import Attention, Candidates, Notice, Trace, Windows
from tests.commands.authority import bert
from tests.records import run
from tests.windows import strong_folder

ROOM, CLS, SEP = 62, 2, 3
TEXT = " ".join(["the cat sat on a mat [MASK]", "the dog sat in it"] * 12)


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """A checkpoint of 64 positions that nobody changes."""
    return Reference(str(strong_folder(tmp_path_factory.mktemp("long") / "tiny")))


@pytest.fixture(scope="module")
def library() -> Library:
    return Library()


def found(trace: Trace) -> dict[int, list[tuple[int, float]]]:
    return {
        record.position: [(entry.id, entry.probability) for entry in record.entries]
        for record in trace.every(Candidates)
    }


@pytest.mark.parametrize("stride", [1, 20, 40, ROOM])
def test_every_mask_is_answered_as_by_hand(library: Library, reference: Reference, stride: int) -> None:
    """All windows through transformers, each alone; for each mask the window with most on its poorer side."""
    trace = run(library, ReadLong(reference, TEXT, (), stride, top=5))
    tokenizer = Tokenizer.from_file(f"{reference.path}/tokenizer.json")
    own = tokenizer.encode(TEXT, add_special_tokens=False).ids
    assert trace.tokens().ids == (CLS, *own, SEP)
    starts = [*range(0, len(own) - ROOM, stride), len(own) - ROOM]
    assert [window.first - 1 for window in trace.find(Windows).windows] == starts
    masks = [place for place, number in enumerate(own) if number == tokenizer.token_to_id("[MASK]")]
    assert sorted(found(trace)) == [place + 1 for place in masks]
    rows = torch.tensor([[CLS, *own[start : start + ROOM], SEP] for start in starts])
    with torch.inference_mode():
        logits = bert(Path(reference.path))(rows).prediction_logits  # (windows, 64, vocabulary)
    for place in masks:
        poorer = [min(place - start, start + ROOM - 1 - place) for start in starts]
        window = poorer.index(max(poorer))
        best = logits[window, place - starts[window] + 1].softmax(-1).topk(5)
        answer = found(trace)[place + 1]
        assert [number for number, _ in answer] == best.indices.tolist()
        torch.testing.assert_close(torch.tensor([share for _, share in answer]), best.values, atol=1e-5, rtol=1e-4)
        assert dict(trace.find(Windows).answers)[place + 1] == window


def test_cut_off_it_answers_as_fill_mask_does(library: Library, reference: Reference) -> None:
    """Without a stride: the same masks, the same numbers, and the rest has none."""
    trace = run(library, ReadLong(reference, TEXT, top=4))
    expected = run(library, FillMask(reference, TEXT, top=4))
    assert list(found(trace)) == list(expected.tokens().masks)
    for position, answer in found(expected).items():
        assert [number for number, _ in found(trace)[position]] == [number for number, _ in answer]
        shares = [[share for _, share in answers] for answers in (found(trace)[position], answer)]
        torch.testing.assert_close(*map(torch.tensor, shares), atol=1e-6, rtol=1e-5)
    assert len(trace.tokens()) == expected.tokens().total


def test_fill_mask_slides_alike(library: Library, reference: Reference) -> None:
    """The same windows and answers; the uncut tokens, and nothing of the single forwards."""
    job = pickle.loads(pickle.dumps(FillMask(reference, TEXT, top=5, stride=20)))
    trace, expected = run(library, job), run(library, ReadLong(reference, TEXT, (), 20, 5))
    assert found(trace) == found(expected)
    assert trace.find(Windows) == expected.find(Windows)
    assert len(trace.tokens()) > 64
    assert trace.every(Attention) == ()
    assert trace.find(Notice, "truncated") is None


def test_a_text_that_fits_is_one_window(library: Library, reference: Reference) -> None:
    """Whatever the stride: as without."""
    text = "the cat [MASK] on a mat"
    trace = run(library, FillMask(reference, text, stride=7))
    assert len(trace.find(Windows).windows) == 1
    for number, share in found(run(library, FillMask(reference, text)))[3]:
        assert dict(found(trace)[3])[number] == pytest.approx(share, abs=1e-6)


def test_a_word_that_was_clicked_is_known(library: Library, reference: Reference) -> None:
    """Beyond the model's reach too: its rank and probability from the window that answers."""
    text = "the cat sat on a mat " * 30
    start = text.rindex("mat")
    trace = run(library, ReadLong(reference, text, ((start, start + 3),), 30, top=320))
    [record] = trace.every(Candidates)
    assert record.position > 64
    assert record.original == "mat"
    assert [entry.probability for entry in record.entries][record.rank - 1] == pytest.approx(record.probability)


def test_a_stride_beyond_the_window_is_the_window(library: Library, reference: Reference) -> None:
    """The page's own; the command refuses it."""
    trace = run(library, ReadLong(reference, TEXT, (), 4096))
    assert trace.find(Windows).stride == ROOM
    with pytest.raises(JobError) as caught:
        run(library, FillMask(reference, TEXT, stride=4096))
    assert caught.value.code == "BAD_STRIDE"


def test_what_a_stride_does_not_go_with(library: Library, reference: Reference) -> None:
    """A pair, changes inside the model; and there must be a mask, which ReadLong can do without."""
    for wrong in ({"pair": "a dog"}, {"changes": (parse_edit("drop-head 0.0"),)}):
        with pytest.raises(JobError) as caught:
            FillMask(reference, TEXT, stride=20, **wrong)
        assert caught.value.code == "STRIDE_ALONE"
    with pytest.raises(TextError) as missed:
        run(library, FillMask(reference, "the cat " * 100, stride=20))
    assert missed.value.code == "NO_MASK"
    assert run(library, ReadLong(reference, "the cat " * 100, (), 20)).every(Candidates) == ()


def test_more_than_32_masks_are_said(library: Library, reference: Reference) -> None:
    """The first 32 have answers, wherever they stand."""
    trace = run(library, ReadLong(reference, "the [MASK] " * 50, (), 31))
    assert len(found(trace)) == 32
    assert "first 32 of 50" in trace.find(Notice, "masks").sentence


def test_a_mask_beyond_reach_is_told_the_way(library: Library, reference: Reference) -> None:
    """The refusal without a stride names it."""
    with pytest.raises(TextError, match="--stride") as caught:
        run(library, FillMask(reference, "the cat " * 100 + "[MASK]"))
    assert caught.value.code == "MASK_CUT_OFF"


def test_it_stops_between_layers(library: Library, reference: Reference) -> None:
    """Closed in mid-run, it ends."""
    started = ReadLong(reference, TEXT, (), 5).run(library)
    kinds = [type(next(started)).__name__ for _ in range(4)]
    assert kinds[:2] == ["Tokens", "Windows"]
    assert kinds[2:] == ["Progress"] * 2
    started.close()
    assert list(started) == []
