"""The lens as a job: every layer is read by the model's own head, and the last one is its answer."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnviz.errors import CheckpointError
from attnviz.jobs.fill_mask import FillMask
from attnviz.jobs.read_lens import ReadLens
from attnviz.models import lens
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.trace import (
    Candidates,
    Lens,
    Positions,
    Stream,
)
from tests.badinputs.valid import write_bert_folder
from tests.records import run
from tests.windows import strong_folder

TEXT, TOKENS, LAYERS = "the cat [MASK] on a mat", 8, 2


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return Reference(str(strong_folder(tmp_path_factory.mktemp("inside") / "tiny")))


@pytest.fixture(scope="module")
def library() -> Library:
    return Library()


def test_the_lens_at_the_last_layer_is_the_models_answer(library, reference):
    """Ids and probabilities equal FillMask's, ranks and entropy are right; a masked word is the one that is followed."""
    job = ReadLens(reference, TEXT, masked=((4, 7),), top=7)
    trace = run(library, job)
    layers = trace.every(Lens)
    assert [layer.layer for layer in layers] == list(range(LAYERS + 1))
    for candidates in run(library, FillMask(reference, TEXT, masked=((4, 7),), top=7)).every(Candidates):
        place = candidates.position
        assert layers[-1].ids[place].tolist() == [entry.id for entry in candidates.entries]
        assert layers[-1].labels[place] == tuple(entry.label for entry in candidates.entries)
        np.testing.assert_allclose(
            layers[-1].probabilities[place], [entry.probability for entry in candidates.entries], atol=1e-6
        )
    assert layers[-1].watched_labels[2] == "cat"
    [own] = [
        found for found in run(library, FillMask(reference, TEXT, masked=((4, 7),))).every(Candidates) if found.rank
    ]
    assert layers[-1].watched_ranks[own.position] == own.rank
    assert layers[-1].watched_probabilities[own.position] == pytest.approx(own.probability, abs=1e-6)


def test_every_layer_is_read_by_the_models_own_head(library, reference, monkeypatch):
    """Against the head called on all states at once in float64; so it is in small batches too."""
    whole = run(library, ReadLens(reference, TEXT))
    model = library.encoder(reference).model
    for layer in whole.every(Lens):
        states = torch.tensor(whole.hidden(layer.layer).states)
        with torch.inference_mode():
            probabilities = model.word_logits(states).double().softmax(-1).numpy()
        np.testing.assert_allclose(layer.probabilities[:, 0], probabilities.max(1), atol=1e-6)
        entropy = -(probabilities * np.log(probabilities)).sum(1)
        np.testing.assert_allclose(layer.entropy, entropy, atol=1e-5)
        own = probabilities[np.arange(TOKENS), layer.watched]
        np.testing.assert_allclose(layer.watched_probabilities, own, atol=1e-6)
        assert layer.watched_ranks.tolist() == ((probabilities > own[:, None]).sum(1) + 1).tolist()
    monkeypatch.setattr(lens, "MOST_NUMBERS", 1)  # a position at a time
    for one, all_at_once in zip(run(library, ReadLens(reference, TEXT)).every(Lens), whole.every(Lens), strict=True):
        assert np.array_equal(one.ids, all_at_once.ids)
        np.testing.assert_allclose(one.probabilities, all_at_once.probabilities, atol=1e-6)


def test_the_lens_comes_with_streams_and_positions(library, reference):
    """Word, position and segment sum to what the first norm is given, and a Stream stands for each layer."""
    trace = run(library, ReadLens(reference, TEXT))
    assert [stream.layer for stream in trace.every(Stream)] == [0, 1]
    [positions] = trace.every(Positions)
    assert list(positions.parts) == ["word", "position", "segment"]
    np.testing.assert_allclose(sum(positions.parts.values()), positions.total, atol=1e-6)
    embeddings = library.encoder(reference).model.embeddings
    with torch.inference_mode():
        states = embeddings.norm(torch.tensor(positions.total)).numpy()
    np.testing.assert_allclose(states, trace.hidden(0).states, atol=1e-5)
    assert np.array_equal(positions.table[:TOKENS], positions.parts["position"])


def test_a_model_without_the_head_has_no_lens(library, tmp_path):
    """One sentence, before any forward."""
    headless = Reference(str(write_bert_folder(tmp_path / "headless", heads=False)))
    with pytest.raises(CheckpointError, match="no masked-word head"):
        run(library, ReadLens(headless, "the cat"))
