"""An encoder–decoder Transformer under edits, as a job: its records are those of the model's own changed forward."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from attnviz.edits import DropHead, HideToken, PatchFromText, PatchHidden, ReplaceWord, SetRow, Uniform
from attnviz.errors import CheckpointError, JobError
from attnviz.jobs.inspect import Inspect
from attnviz.jobs.look_inside import LookInside
from attnviz.jobs.read_lens import ReadLens
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.models.transformer import Transformer
from attnviz.trace import (
    Attention,
    Block,
    BlockWeights,
    Checked,
    Decoding,
    Hidden,
    Lens,
    Made,
    Misfits,
    Overview,
    Positions,
    Site,
    Stream,
    Trace,
)
from tests.jobs.test_decode_transformer import SOURCE, lively, write
from tests.translators import write_translator

EDITS = (Uniform(2, site="cross"), DropHead(1, 0), HideToken(2, site="cross"))


@pytest.fixture(scope="module")
def model() -> Transformer:
    return lively()


@pytest.fixture(scope="module")
def reference(model: Transformer, tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return write(tmp_path_factory.mktemp("changed") / "transformer", model)


@pytest.fixture(scope="module")
def library() -> Library:
    return Library()


def run(library: Library, job: Inspect | LookInside | ReadLens) -> Trace:
    return Trace().plus(*job.run(library))


@pytest.mark.parametrize("answer", [None, "A B A"])
def test_the_answer_and_its_records_are_those_of_the_changed_model(library, reference, model, answer):
    """Greedily from the changed model's own logits, or along a given answer; each Hidden and Attention of one forward."""
    trace = run(library, Inspect(reference, SOURCE, answer, edits=EDITS, blocks=(1,)))
    decoding, ids = trace.find(Decoding), torch.tensor([trace.tokens().ids])
    previous = torch.tensor([trace.tokens(Site.DECODER).ids])
    expected = Trace().plus(*model.trace(ids, previous, [(site, 1) for site in Site], EDITS))
    assert trace.find(Made).edits == EDITS
    for kind in (Attention, Hidden, Block, Overview):
        assert len(trace.every(kind)) == (len(expected.every(kind)) if kind is not Overview else 2 + 3 + 3)
    for hidden in expected.every(Hidden):
        assert np.array_equal(trace.hidden(hidden.layer, hidden.site).states, hidden.states)
    for attention in expected.every(Attention):
        found = trace.attention(attention.layer, attention.site)
        for head in range(4):
            assert np.array_equal(found.weights(head), attention.weights(head))
    cross = trace.attention(2, Site.CROSS)
    np.testing.assert_allclose(cross.weights(0)[0], [1 / 6, 1 / 6, 0, *[1 / 6] * 4], atol=1e-6)
    np.testing.assert_allclose(decoding.weights, np.mean([cross.weights(head) for head in range(4)], 0), atol=1e-6)
    with torch.inference_mode():
        memory = model.encode(ids, edits=EDITS)
        logits = model.decode(model.begin(memory), previous, edits=EDITS).logits[0]
    np.testing.assert_allclose(decoding.logits, logits.numpy(), atol=1e-4)
    if answer is None:
        assert list(decoding.tokens) == logits.argmax(-1).tolist()
    else:
        assert decoding.text == answer


def test_words_and_states_of_other_texts_are_looked_up(library, reference, model):
    """A letter is replaced as if it had been typed; an encoder's state is the one that another source has there."""
    replaced = run(library, Inspect(reference, SOURCE, "A B", edits=(ReplaceWord(0, "b"),)))
    typed = run(library, Inspect(reference, "b" + SOURCE[1:], "A B"))
    assert replaced.tokens().pieces == typed.tokens().pieces
    for layer in range(3):
        np.testing.assert_allclose(replaced.hidden(layer).states, typed.hidden(layer).states, atol=1e-5)
    patched = run(library, Inspect(reference, SOURCE, "A B", edits=(PatchFromText(1, 3, "zoo", 2),)))
    other = run(library, Inspect(reference, "zoo", "A B"))
    np.testing.assert_allclose(patched.hidden(1).states[3], other.hidden(1).states[2], atol=1e-5)


def test_what_does_not_fit_is_told_by_site(library, reference):
    """Rows of another length, layers of the other stack, and states that no other text has."""
    unfit = (
        SetRow(0, 0, 0, (1.0,), "cross"),
        DropHead(2, 0),
        PatchFromText(0, 0, "zoo", 0, "decoder"),
        PatchHidden(3, 9, (0.0,) * 24, site="decoder"),
    )
    fitting = DropHead(2, 0, site="decoder")
    trace = run(library, Inspect(reference, SOURCE, "A B", edits=(fitting, *unfit), skips_misfits=True))
    assert [edit for edit, _ in trace.find(Misfits).reasons] == list(unfit)
    assert trace.find(Made).edits == (fitting,)
    with pytest.raises(JobError, match=r"'cross: set-row 0\.0 0 = 1\.0' doesn't fit: there are 7 tokens"):
        run(library, Inspect(reference, SOURCE, "A B", edits=unfit))


def test_a_recurrent_model_has_no_heads_to_change(library, tmp_path: Path):
    """One sentence."""
    recurrent = Reference(str(write_translator(tmp_path / "recurrent")))
    with pytest.raises(CheckpointError, match="no heads"):
        run(library, Inspect(recurrent, SOURCE, edits=(DropHead(0, 0),)))


@pytest.mark.parametrize("norm", ["post", "pre"])
@pytest.mark.parametrize(
    "edits", [(), (*EDITS, SetRow(1, 1, 1, (0.75, 0.25, 0.0, 0.0), "decoder"))], ids=["plain", "changed"]
)
def test_every_block_opens_with_its_weights_and_a_second_opinion(library, tmp_path: Path, norm, edits):
    """At all three sites the second way agrees to 1e-5, and the parameters make the recorded query."""
    reference = write(tmp_path / norm, lively(norm=norm))
    for site, layers in ((Site.ENCODER, 2), (Site.DECODER, 3), (Site.CROSS, 3)):
        for layer in range(layers):
            job = LookInside(reference, SOURCE, "A B A", layer=layer, head=1, site=site, edits=edits)
            trace = run(library, job)
            [block], [weights], [checked] = (trace.every(kind) for kind in (Block, BlockWeights, Checked))
            assert (checked.site, checked.layer, checked.head) == (site, layer, 1)
            assert 0 <= checked.difference < 1e-5
            entering = block.stages["attention_norm" if norm == "pre" else "input"]
            query = entering @ weights.parameters["query.weight"].T + weights.parameters["query.bias"]
            np.testing.assert_allclose(np.concatenate(block.stages["query"], -1), query, atol=1e-4)
            assert ("output_norm.weight" in weights.parameters) == (site is not Site.DECODER)


@pytest.mark.parametrize("norm", ["post", "pre"])
def test_the_decoders_lens_ends_in_the_words_that_are_written(library, tmp_path: Path, norm):
    """The last layer's probabilities are the Decoding's own; streams and positions are what the blocks say."""
    reference = write(tmp_path / norm, lively(norm=norm))
    trace = run(library, ReadLens(reference, SOURCE, top=3))
    layers, decoding = trace.every(Lens), trace.find(Decoding)
    assert [(lens.site, lens.layer) for lens in layers] == [(Site.DECODER, layer) for layer in range(4)]
    assert layers[-1].watched.tolist() == list(decoding.tokens)
    np.testing.assert_allclose(layers[-1].watched_probabilities, decoding.probabilities, atol=1e-5)
    assert layers[-1].ids[:, 0].tolist() == decoding.logits.argmax(-1).tolist()
    opened = run(library, LookInside(reference, SOURCE, decoding.text, layer=1, site=Site.CROSS))
    stream, stages = trace.find(Stream, (Site.DECODER, 1)), opened.every(Block)[0].stages
    assert stream.names == ("attention", "cross-attention", "feed-forward")
    steps = len(stages["outer"])
    for row, name in ((1, "attended"), (2, "outer")):
        np.testing.assert_allclose(stream.added[row][:steps], np.linalg.norm(stages[name], axis=1), rtol=1e-4)
    assert [stream.site for stream in trace.every(Stream)] == [Site.ENCODER] * 2 + [Site.DECODER] * 3
    for positions in trace.every(Positions):
        assert positions.kind == "sinusoidal"
        np.testing.assert_allclose(sum(positions.parts.values()), positions.total, atol=1e-6)
        np.testing.assert_allclose(positions.total, trace.hidden(0, positions.site).states, atol=1e-6)


@pytest.mark.parametrize("choice", [{"layer": 3, "site": Site.CROSS}, {"layer": 2}, {"head": 4}])
def test_layers_and_heads_that_are_not_there_are_refused(library, reference, choice):
    """By site, in one sentence."""
    with pytest.raises(JobError, match="there is no layer"):
        run(library, LookInside(reference, SOURCE, "A B", **choice))
