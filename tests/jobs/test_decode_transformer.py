"""Decoding with a Transformer: records of a cached, resumed or searched run equal one full forward over the whole output."""

from __future__ import annotations

import dataclasses
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from attnviz.edits import DecodingEdit, ForceToken, HideSource, SetContext, SetWeights
from attnviz.errors import CheckpointError, JobError, TextError
from attnviz.jobs.decode import Decode, Earlier, SearchBeam
from attnviz.jobs.inspect import Inspect
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.models.transformer import Transformer
from attnviz.trace import Attention, BeamTree, Decoding, Hidden, LoadReport, Overview, Site, Trace
from tests.transformers_at_random import random_model
from tests.translators import tokenizers_json, write_translator

SOURCE = "attnviz"
SIZES = {"source_vocabulary": 30, "target_vocabulary": 8, "longest": 9}


def lively(seed: int = 4, **choices: object) -> Transformer:
    """A model whose words differ from step to step."""
    model = random_model(seed, **{**SIZES, **choices})
    with torch.no_grad():
        model.words.word.weight *= 4.0
    return model.requires_grad_(requires_grad=False)


def write(path: Path, model: Transformer) -> Reference:
    path.mkdir(parents=True)
    config = {"model_type": "attnviz-transformer", "format_version": 1, **dataclasses.asdict(model.config)}
    (path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (path / "tokenizer.json").write_text(json.dumps(tokenizers_json()), encoding="utf-8")
    save_file({name: tensor.contiguous() for name, tensor in model.state_dict().items()}, path / "model.safetensors")
    return Reference(str(path))


@pytest.fixture(scope="module", params=["post", "pre"])
def model(request: pytest.FixtureRequest) -> Transformer:
    return lively(norm=request.param)


@pytest.fixture(scope="module")
def reference(model: Transformer, tmp_path_factory: pytest.TempPathFactory) -> Reference:
    return write(tmp_path_factory.mktemp("transformer") / model.config.norm, model)


@pytest.fixture(scope="module")
def library() -> Library:
    return Library()


def run(library: Library, job: Decode | SearchBeam | Inspect) -> Trace:
    return Trace().plus(*job.run(library))


def same_as_one_forward(trace: Trace, model: Transformer) -> None:
    """Every Attention, Hidden and logit equals those of ``Transformer.trace`` over source and whole output."""
    found = trace.find(Decoding)
    source = torch.tensor([trace.tokens().ids])
    generator = model.trace(source, torch.tensor([found.previous]))
    records = []
    while True:
        try:
            records.append(next(generator))
        except StopIteration as ended:
            states = ended.value
            break
    for record in records:
        if isinstance(record, Hidden):
            np.testing.assert_allclose(trace.hidden(record.layer, record.site).states, record.states, atol=1e-4)
        elif isinstance(record, Attention):
            ours = trace.attention(record.layer, record.site)
            assert ours.query.shape == record.query.shape
            for head in range(record.heads):
                np.testing.assert_allclose(ours.weights(head), record.weights(head), atol=1e-4)
                np.testing.assert_allclose(ours.context(head), record.context(head), atol=5e-4)
    with torch.inference_mode():
        logits = model.logits(states)[0].numpy()
    np.testing.assert_allclose(found.logits, logits, atol=1e-3)
    last = trace.attention(model.config.decoder_layers - 1, Site.CROSS)
    mean = np.mean([last.weights(head) for head in range(last.heads)], axis=0)
    np.testing.assert_allclose(found.weights, mean, atol=1e-6)
    assert trace.tokens(Site.DECODER).ids == found.previous


def test_a_greedy_run_is_one_forward(library: Library, reference: Reference, model: Transformer) -> None:
    """Word by word from the cache, all attentions recorded, the best word taken at each step."""
    trace = run(library, Decode(reference, SOURCE))
    same_as_one_forward(trace, model)
    found = trace.find(Decoding)
    assert len(found) > 2
    assert not found.is_recurrent
    assert [int(row.argmax()) for row in found.logits] == list(found.tokens)
    report = trace.find(LoadReport)
    assert (report.family, report.layers, report.heads) == ("attnviz-transformer", 5, 4)


@pytest.mark.parametrize("step", [0, 1, 3, 5])
def test_a_forced_word_is_gone_on_from_where_it_stands(
    step: int, library: Library, reference: Reference, model: Transformer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cache is filled from the records: neither the encoder nor an earlier step runs again, and every number fits one forward."""
    plain = Decode(reference, SOURCE)
    first = run(library, plain)
    edits = (ForceToken(step, 7),)
    fresh = run(library, Decode(reference, SOURCE, edits=edits)).find(Decoding)
    opened = library.encoder_decoder(reference).writer.model
    asked = []
    decode = opened.decode

    def watched(state: object, previous: torch.Tensor, dropout: float = 0.0) -> object:
        asked.append(previous.shape)
        return decode(state, previous, dropout)

    monkeypatch.setattr(opened, "decode", watched)
    monkeypatch.setattr(opened.encoder[0], "forward", lambda *_: pytest.fail("the encoder ran"))
    changed = run(library, Decode(reference, SOURCE, edits=edits, earlier=Earlier.of(plain, first)))
    assert changed.find(Decoding).tokens == fresh.tokens
    assert len(asked) == len(fresh) - step
    same_as_one_forward(changed, model)
    back = Earlier.of(Decode(reference, SOURCE, edits=edits), changed)
    undone = run(library, Decode(reference, SOURCE, earlier=back)).find(Decoding)
    assert undone.tokens == first.find(Decoding).tokens
    np.testing.assert_allclose(undone.logits, first.find(Decoding).logits, atol=1e-3)


def test_a_beam_search_is_that_of_trying_everything(library: Library, tmp_path: Path) -> None:
    """All outputs of at most three words; the best leaf is the best there is, and its steps are those of one forward."""
    small = lively(7, longest=3)
    reference = write(tmp_path / "small", small)
    trace = run(library, SearchBeam(reference, SOURCE, 10))
    tree, tokens = trace.find(BeamTree), trace.tokens()
    best = tree.tokens(tree.leaves[0])
    state = small.start(torch.tensor([tokens.ids]))

    def score(output: tuple[int, ...]) -> float:
        previous = torch.tensor([[small.config.begin, *output[:-1]]])
        logs = small.decode(state, previous).logits[0].log_softmax(-1)
        return float(sum(logs[place, token] for place, token in enumerate(output)))

    others = [token for token in range(8) if token != 2]
    whole = [(*start, 2) for length in range(3) for start in itertools.product(others, repeat=length)]
    whole += list(itertools.product(others, repeat=3))
    assert score(best) == pytest.approx(max(map(score, whole)), abs=1e-4)
    assert tree.score(tree.leaves[0]) == pytest.approx(score(best), abs=1e-4)
    same_as_one_forward(trace, small)


def test_a_target_is_followed_with_its_losses(library: Library, reference: Reference, model: Transformer) -> None:
    """Teacher forcing: the losses are torch's cross entropy."""
    trace = run(library, Decode(reference, SOURCE, target="B D A"))
    found = trace.find(Decoding)
    logits = model(torch.tensor([trace.tokens().ids]), torch.tensor([[1, 5, 7, 4]]))
    losses = torch.nn.functional.cross_entropy(logits[0], torch.tensor([5, 7, 4, 2]), reduction="none")
    np.testing.assert_allclose(found.losses, losses.numpy(), atol=1e-4)


def test_inspecting_gives_three_sites(library: Library, reference: Reference, model: Transformer) -> None:
    """Encoder, decoder and cross-attention, all heads in small; a pair is what the decoder writes."""
    trace = run(library, Inspect(reference, SOURCE, "B D A"))
    assert trace.find(Decoding).labels == ("B", "D", "A", "</s>")
    same_as_one_forward(trace, model)
    sites = {(record.site, record.layer) for record in trace.every(Overview)}
    assert sites == {
        (Site.ENCODER, 0),
        (Site.ENCODER, 1),
        *((site, n) for site in (Site.DECODER, Site.CROSS) for n in range(3)),
    }
    with pytest.raises(TextError, match="lacks a part"):
        run(library, Inspect(reference, SOURCE, "B elephant"))


def test_a_recurrent_model_has_no_heads_to_inspect(library: Library, tmp_path: Path) -> None:
    """It says where its attention is seen."""
    with pytest.raises(CheckpointError, match="decoding tab"):
        run(library, Inspect(Reference(str(write_translator(tmp_path / "rnn", "dot"))), SOURCE))


def test_a_source_beyond_learned_positions_is_cut(library: Library, tmp_path: Path) -> None:
    """Where positions are a table, the table's end is the source's."""
    reference = write(tmp_path / "learned", lively(5, position="learned"))
    trace = run(library, Decode(reference, "abcdefghijklmnop"))
    assert len(trace.tokens()) == 9
    same_as_one_forward(trace, library.encoder_decoder(reference).writer.model)


def test_what_a_transformer_has_no_single_one_of_is_not_set(library: Library, reference: Reference) -> None:
    """There is a context for every head of every layer."""
    with pytest.raises(JobError, match="every head"):
        run(library, Decode(reference, SOURCE, edits=(SetContext(0, (0.0,) * 24),)))


EDITS = [
    (HideSource(1, 2),),
    (SetWeights(2, (0.0, 0.0, 0.0, 0.0, 0.5, 0.5, 0.0)),),
    (HideSource(0, 0), SetWeights(1, (1.0, *[0.0] * 6)), ForceToken(3, 7), HideSource(4, 5)),
]


@pytest.mark.parametrize("edits", EDITS, ids=["hide", "set", "all"])
def test_attention_is_changed_in_every_head_and_layer(
    edits: tuple[DecodingEdit, ...], library: Library, reference: Reference, model: Transformer
) -> None:
    """By hand: softmax of the recorded scores without the hidden tokens, the set rows, and W_O of what these weights give."""
    plain = Decode(reference, SOURCE)
    first = run(library, plain)
    trace = run(library, Decode(reference, SOURCE, edits=edits))
    steps = len(trace.find(Decoding))
    for layer, block in enumerate(model.decoder):
        found = trace.attention(layer, Site.CROSS)
        scores = np.einsum("hqd,hkd->hqk", found.query, found.key) * found.scale
        for edit in edits:
            if isinstance(edit, HideSource):
                scores[:, edit.step :, edit.position] = -np.inf
        weights = np.exp(scores - scores.max(-1, keepdims=True))
        weights /= weights.sum(-1, keepdims=True)
        for edit in edits:
            if isinstance(edit, SetWeights) and edit.step < steps:
                weights[:, edit.step] = edit.weights
        for head in range(4):
            np.testing.assert_allclose(found.weights(head), weights[head], atol=1e-5)
        if model.config.norm == "pre":
            continue
        own = trace.hidden(layer, Site.DECODER)
        state = model.decode(
            model.start(torch.tensor([trace.tokens().ids])), torch.tensor([trace.find(Decoding).previous])
        )
        if layer == 0:
            entering = state.layers[0].own["attention_norm"][0]
            context = np.einsum("hqk,hkd->qhd", weights, found.value).reshape(steps, -1)
            attended = block.cross.output(torch.tensor(context, dtype=torch.float32))
            summed = block.cross_norm(attended + entering)
            inner = block.feed_forward.outer(block.activate(block.feed_forward.inner(summed)))
            after = block.output_norm(inner + summed)
            np.testing.assert_allclose(trace.hidden(1, Site.DECODER).states, after.numpy(), atol=1e-3)
            assert own is not None
    changed = run(library, Decode(reference, SOURCE, edits=edits, earlier=Earlier.of(plain, first)))
    assert changed.find(Decoding).tokens == trace.find(Decoding).tokens
    np.testing.assert_allclose(changed.find(Decoding).weights, trace.find(Decoding).weights, atol=1e-4)
    again = Earlier.of(Decode(reference, SOURCE, edits=edits), changed)
    undone = run(library, Decode(reference, SOURCE, earlier=again))
    assert undone.find(Decoding).tokens == first.find(Decoding).tokens
    np.testing.assert_allclose(undone.find(Decoding).weights, first.find(Decoding).weights, atol=1e-4)


def test_nothing_new_to_write_keeps_what_is_hidden(library: Library, reference: Reference) -> None:
    """An edit that doesn't fit changes no step: the records are still those under the edit before it."""
    hiding = (HideSource(0, 2), SetWeights(2, (0.0, 0.0, 0.0, 0.0, 0.5, 0.5, 0.0)))
    job = Decode(reference, SOURCE, edits=hiding)
    before = run(library, job)
    more = (*hiding, SetContext(0, (0.0,) * 24))
    again = Decode(reference, SOURCE, edits=more, earlier=Earlier.of(job, before), skips_misfits=True)
    after = run(library, again)
    for layer in range(3):
        first, second = (trace.attention(layer, Site.CROSS) for trace in (before, after))
        for head in range(4):
            np.testing.assert_array_equal(second.weights(head), first.weights(head))
            assert not second.weights(head)[0, 2].any()
