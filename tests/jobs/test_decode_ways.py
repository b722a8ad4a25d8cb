"""Ways of decoding as jobs: forced, taught, sampled and in beams; and what they refuse or say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from attnviz.edits import ForceToken
from attnviz.errors import CheckpointError, JobError, TextError
from attnviz.jobs.decode import Decode, Draw, Earlier, SearchBeam
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.trace import BeamTree, Choice, Decoding, Notice
from tests.jobs.decode_parts import SOURCE, answer, same, write_kinds
from tests.records import run
from tests.translators import tiny_model, write_translator
from tests.windows import strong_folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Reference]:
    return write_kinds(tmp_path_factory.mktemp("decode"))


@pytest.fixture(scope="module")
def library() -> Library:
    return Library()


def test_a_prefix_and_a_path_begin_the_answer_and_a_target_is_all_of_it(
    library: Library, folders: dict[str, Reference]
) -> None:
    """Forced words are marked; the losses of a target are those of teacher forcing by torch."""
    prefix = answer(library, Decode(folders["dot"], SOURCE, prefix="C A"))
    assert prefix.labels[:2] == ("C", "A")
    assert prefix.choices[:3] == (Choice.FORCED, Choice.FORCED, Choice.GREEDY)
    same(answer(library, Decode(folders["dot"], SOURCE, path=(6, 4))), prefix)
    taught = answer(library, Decode(folders["dot"], SOURCE, target="B D A"))
    assert taught.labels == ("B", "D", "A", "</s>")
    model, tokens = tiny_model("dot", 5), run(library, Decode(folders["dot"], SOURCE)).tokens()
    logits = model(torch.tensor([tokens.ids]), torch.tensor([[1, 5, 7, 4]]))
    losses = torch.nn.functional.cross_entropy(logits[0], torch.tensor([5, 7, 4, 2]), reduction="none")
    np.testing.assert_allclose(taught.losses, losses.numpy(), atol=1e-5)
    assert taught.perplexity == pytest.approx(float(losses.mean().exp()), rel=1e-4)
    with pytest.raises(TextError, match="lacks a part"):
        run(library, Decode(folders["dot"], SOURCE, target="B elephant"))


def test_a_draw_is_repeated_by_its_seed(library: Library, folders: dict[str, Reference]) -> None:
    """The same seed, the same words; a change in mid-run leaves the later draws of the seed as they are."""
    job = Decode(folders["dot"], SOURCE, draw=Draw(2.0, 11))
    first = run(library, job)
    same(answer(library, job), first.find(Decoding))
    others = {answer(library, Decode(folders["dot"], SOURCE, draw=Draw(2.0, seed))).tokens for seed in range(6)}
    assert len(others) > 1
    earlier = Earlier.of(job, first)
    edits = (ForceToken(1, 7),)
    same(
        answer(library, Decode(folders["dot"], SOURCE, draw=Draw(2.0, 11), edits=edits, earlier=earlier)),
        answer(library, Decode(folders["dot"], SOURCE, draw=Draw(2.0, 11), edits=edits)),
    )


def test_a_beam_gives_its_tree_and_the_steps_of_its_best_output(
    library: Library, folders: dict[str, Reference]
) -> None:
    """The shown answer is the best leaf, with the numbers of decoding just that."""
    trace = run(library, SearchBeam(folders["general"], SOURCE, 3))
    tree, found = trace.find(BeamTree), trace.find(Decoding)
    assert tree.tokens(tree.leaves[0]) == found.tokens
    assert found.score == pytest.approx(tree.branches[tree.leaves[0]].total, abs=1e-4)
    forced = answer(library, Decode(folders["general"], SOURCE, path=found.tokens))
    np.testing.assert_allclose(found.logits, forced.logits, atol=1e-5)
    np.testing.assert_allclose(found.weights, forced.weights, atol=1e-5)
    assert set(found.choices) == {Choice.BEAM}
    begun = run(library, SearchBeam(folders["general"], SOURCE, 3, prefix="D D"))
    assert begun.find(Decoding).labels[:2] == ("D", "D")


def test_an_answer_without_an_end_is_stopped_and_that_is_said(library: Library, tmp_path: Path) -> None:
    """A model whose end sign is never the best runs to its limit, and no further."""
    folder = Reference(str(write_translator(tmp_path / "endless", "general", longest=9)))
    model = library.encoder_decoder(folder).writer.model
    model.output_bias[2] = -1e4
    trace = run(library, Decode(folder, SOURCE))
    found = trace.find(Decoding)
    assert (len(found), found.ended) == (9, False)
    assert "Stopped after 9 words without an end sign" in trace.find(Notice, "endless").sentence
    with pytest.raises(JobError, match="between 1 and 9"):
        run(library, Decode(folder, SOURCE, limit=10))
    assert len(answer(library, Decode(folder, SOURCE, limit=2))) == 2


def test_an_empty_source_is_refused(library: Library, folders: dict[str, Reference]) -> None:
    """There is nothing to read."""
    with pytest.raises(TextError, match="nothing to decode"):
        run(library, Decode(folders["dot"], ""))


def test_unknown_characters_and_long_sources_are_said(library: Library, folders: dict[str, Reference]) -> None:
    """Five thousand tokens are cut, ideographs are read as unknown, and the run answers."""
    strange = run(library, Decode(folders["dot"], "a漢b"))
    assert "doesn't know 1 of 3 source tokens (漢)" in strange.find(Notice, "unknown").sentence
    assert strange.tokens().labels == ("a", "<unk>", "b")
    long = run(library, Decode(folders["dot"], "ab" * 2500))
    assert "first 2000 of 5000" in long.find(Notice, "truncated").sentence
    assert long.find(Decoding).weights.shape[1] == 2000


def test_each_kind_of_checkpoint_says_what_it_can_not_do(
    library: Library, folders: dict[str, Reference], tmp_path: Path
) -> None:
    """A BERT writes no words, an encoder–decoder fills no masks."""
    bert = Reference(str(strong_folder(tmp_path / "bert")))
    with pytest.raises(CheckpointError, match="has no decoder"):
        run(library, Decode(bert, SOURCE))
    with pytest.raises(CheckpointError, match="encoder–decoder"):
        library.encoder(folders["dot"])


def test_numbers_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    """Weights that diverge only on some text are told on that text."""
    folder = Reference(str(write_translator(tmp_path / "wild", "dot")))
    library = Library()
    library.encoder_decoder(folder).writer.model.embedding.weight[5] = float("nan")
    with pytest.raises(CheckpointError, match="not finite"):
        run(library, Decode(folder, SOURCE, path=(5,)))
