"""Jobs as generators: what they yield and when, and what stays when they are closed in mid-run."""

from __future__ import annotations

import gc
import pickle
import weakref
from dataclasses import FrozenInstanceError
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from attnviz.errors import CheckpointError, JobError, TextError
from attnviz.jobs.fill_mask import FillMask
from attnviz.jobs.inspect import Inspect
from attnviz.jobs.open_checkpoint import OpenCheckpoint
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.trace import Attention, Block, Candidates, LoadReport, Notice, OwnProbability, Record, Tokens, Trace
from tests.windows import strong_folder


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    """A checkpoint that nobody changes."""
    return Reference(str(strong_folder(tmp_path_factory.mktemp("jobs") / "tiny")))


@pytest.fixture(scope="module")
def library(reference: Reference) -> Library:
    """It is open."""
    made = Library()
    made.open(reference)
    return made


def kinds(records: list[Record]) -> list[str]:
    return [type(record).__name__ for record in records]


def test_fill_mask_yields_the_forward_and_then_the_candidates(library: Library, reference: Reference) -> None:
    """Tokens first, then layer by layer, the time, and one answer a mask in order."""
    records = list(FillMask(reference, "[MASK] sat on [MASK]", top=3).run(library))
    layers = ["Hidden", *["Attention", "Hidden"] * 2]
    assert kinds(records) == ["Tokens", *layers, "Timing", "Candidates", "Candidates"]
    assert [record.position for record in records if isinstance(record, Candidates)] == [1, 4]


def test_inspect_yields_the_overviews_last(library: Library, reference: Reference) -> None:
    """What the forward gives comes as it goes; pictures of all heads follow, and can be left out."""
    records = kinds(list(Inspect(reference, "the cat").run(library)))
    assert records == ["Tokens", "Hidden", *["Attention", "Hidden"] * 2, "Timing", "Overview", "Overview"]
    assert "Overview" not in kinds(list(Inspect(reference, "the cat", overviews=False).run(library)))


def test_inspect_yields_the_inside_of_the_blocks_that_are_named(library: Library, reference: Reference) -> None:
    """One layer's stages, only when asked for."""
    trace = Trace().plus(*Inspect(reference, "the cat", blocks=(1,)).run(library))
    [block] = trace.every(Block)
    assert block.layer == 1
    assert {stage.shape[-2] for stage in block.stages.values()} == {4}


@pytest.mark.parametrize("job", [FillMask, Inspect])
def test_what_is_cut_is_said_before_the_tokens(library: Library, reference: Reference, job: Any) -> None:
    """X02: exactly the model's positions pass in silence; one more is a notice with both counts."""
    fitting, long = "[MASK] " + "cat " * 61, "[MASK] " + "cat " * 62
    assert kinds(list(job(reference, fitting).run(library)))[0] == "Tokens"
    notice, tokens, *_ = job(reference, long).run(library)
    assert isinstance(notice, Notice)
    assert "first 62 of 63 tokens" in notice.sentence
    assert isinstance(tokens, Tokens)
    assert (len(tokens), tokens.total) == (64, 65)


def test_more_than_32_masks_are_said(library: Library, reference: Reference) -> None:
    """X10: the first ones are answered."""
    trace = Trace().plus(*FillMask(reference, "[MASK] " * 33).run(library))
    assert len(trace.every(Candidates)) == 32
    assert [notice.topic for notice in trace.every(Notice)] == ["masks"]


def test_without_a_mask_the_words_are_judged_where_that_is_wished(library: Library, reference: Reference) -> None:
    """Every token that isn't special, in order; otherwise it is an error."""
    trace = Trace().plus(*FillMask(reference, "the cat sat", or_score_words=True).run(library))
    assert sorted(word.position for word in trace.every(OwnProbability)) == [1, 2, 3]
    with pytest.raises(TextError, match="no \\[MASK\\]"):
        list(FillMask(reference, "the cat sat").run(library))


def test_a_generator_that_is_closed_leaves_nothing_behind(library: Library, reference: Reference) -> None:
    """Q04: closed after each of its records: no tensor stays alive, no mode leaks, and the next run is whole."""
    whole = [record for record in Inspect(reference, "the cat sat").run(library) if isinstance(record, Attention)]
    for steps in range(1, 9):
        run = iter(Inspect(reference, "the cat sat").run(library))
        for _ in range(steps):
            next(run)
        state = weakref.ref(run)
        run.close()  # type: ignore[attr-defined] # a generator
        del run
        gc.collect()
        assert state() is None
        assert torch.is_grad_enabled()
        assert not torch.is_inference_mode_enabled()
    again = [record for record in Inspect(reference, "the cat sat").run(library) if isinstance(record, Attention)]
    for first, second in zip(whole, again, strict=True):
        np.testing.assert_array_equal(first.query, second.query)


def test_between_two_records_torch_is_as_it_was(library: Library, reference: Reference) -> None:
    """Who receives a record may train with it: inference mode ends at every yield."""
    for job in (FillMask(reference, "a [MASK]"), FillMask(reference, "a cat", or_score_words=True)):
        for _ in job.run(library):
            assert not torch.is_inference_mode_enabled()


def test_opening_yields_the_report(library: Library, reference: Reference) -> None:
    """The last record is the load report."""
    *_, report = OpenCheckpoint(reference).run(library)
    assert isinstance(report, LoadReport)
    assert (report.layers, report.heads, report.hidden) == (2, 2, 16)


def test_a_checkpoint_without_a_head_can_be_inspected_but_not_asked(library: Library, tmp_path: Path) -> None:
    """The refusal says what it can do."""
    from tests.badinputs.valid import write_bert_folder

    bare = Reference(str(write_bert_folder(tmp_path / "bare", heads=False)))
    with pytest.raises(CheckpointError, match="no masked-word head"):
        list(FillMask(bare, "a [MASK]").run(library))
    assert kinds(list(Inspect(bare, "a cat").run(library)))[0] == "Tokens"


@pytest.mark.parametrize("top", [0, -1, 1001, 10**9])
def test_a_number_of_candidates_that_makes_no_sense_is_refused_where_it_is_made(top: int) -> None:
    """Nobody downstream has to check again."""
    with pytest.raises(JobError, match="between 1 and 1000"):
        FillMask(Reference("x"), "a [MASK]", top=top)


@pytest.mark.parametrize(
    "job",
    [FillMask(Reference("x"), "a", "b", ((0, 1),), 3, or_score_words=True), Inspect(Reference("x"), "a", blocks=(1,)), OpenCheckpoint(Reference("x", "cpu", allow_pickle=True))],
    ids=lambda job: type(job).__name__,
)  # fmt: skip
def test_jobs_are_frozen_and_pickle(job: Any) -> None:
    """A request can't change under way and can be sent to another process."""
    again = pickle.loads(pickle.dumps(job))
    assert again == job
    assert hash(again) == hash(job)
    with pytest.raises(FrozenInstanceError):
        job.checkpoint = Reference("y")


def test_every_record_of_a_run_pickles(library: Library, reference: Reference) -> None:
    """The answer can come back from another process."""
    for record in Inspect(reference, "the cat", blocks=(0,)).run(library):
        assert pickle.loads(pickle.dumps(record)).slot == record.slot
