"""Without positions: against torch's own encoder, against transformers, and against the claim itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import BertConfig, BertForPreTraining

from attnviz.errors import JobError, TextError
from attnviz.jobs.experiments.without_positions import OPEN, RANDOM, WAYS, WORDS, WithoutPositions, shuffled
from attnviz.models.bert import Bert, Embeddings
from attnviz.models.experiments.without_positions import Shuffling, random_encoder
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.trace import Conclusion, Notice, Plot, Rows, Trace
from tests.models.test_members import both
from tests.windows import strong_folder

SENTENCE = "the cat [MASK] on a mat"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that nobody changes."""
    return strong_folder(tmp_path_factory.mktemp("positions") / "tiny")


@pytest.fixture(scope="module")
def library() -> Library:
    return Library()


def finished(run):
    """What a generator returns."""
    while True:
        try:
            next(run)
        except StopIteration as ended:
            return ended.value


def traced(library: Library, folder: Path, **settings) -> Trace:
    job = WithoutPositions(
        checkpoint=Reference(str(folder)), **{"sentence": SENTENCE, "shuffles": 3, "layers": 2, **settings}
    )
    return Trace().plus(*job.run(library))


def curve(trace: Trace, plot: str, way: str):
    return next(series for series in trace.find(Plot, plot).series if series.name == way)


def torch_states(model: Bert, embedded: torch.Tensor) -> list[torch.Tensor]:
    """The same layers as torch has them, with our weights: what enters, and what leaves each."""
    config = model.config
    states = [embedded]
    for block in model.layers:
        layer = torch.nn.TransformerEncoderLayer(
            config.hidden, config.heads, config.intermediate, 0.0, "gelu", config.norm_epsilon, batch_first=True
        ).eval()
        own = block.state_dict()
        joined = {
            f"self_attn.in_proj_{kind}": torch.cat(
                [own[f"attention.{part}.{kind}"] for part in ("query", "key", "value")]
            )
            for kind in ("weight", "bias")
        }
        names = {
            "self_attn.out_proj": "attention.output",
            "linear1": "feed_forward.inner",
            "linear2": "feed_forward.outer",
            "norm1": "attention_norm",
            "norm2": "output_norm",
        }
        theirs = {f"{new}.{kind}": own[f"{old}.{kind}"] for new, old in names.items() for kind in ("weight", "bias")}
        layer.load_state_dict({**joined, **theirs})
        encoder = torch.nn.TransformerEncoder(layer, 1, enable_nested_tensor=False).eval()
        with torch.no_grad():
            states.append(encoder(states[-1]))
    return states


@pytest.mark.parametrize("positions", [True, False])
def test_the_differences_are_those_of_torchs_encoder(positions: bool) -> None:
    """The same weights in torch.nn.TransformerEncoder, fed by hand: equal differences with positions, only rounding without."""
    shuffling = random_encoder(3, 5, positions=positions)
    tokens = len(shuffling.ids)
    orders = np.stack([np.random.default_rng(place).permutation(tokens) for place in range(2)])
    outcome = finished(shuffling.run(orders, "x"))
    table = shuffling.model.embeddings

    def embedded(order: torch.Tensor) -> torch.Tensor:
        places = table.position.weight[:tokens] if positions else 0.0
        return table.norm(table.word.weight[shuffling.ids[order]] + places + table.segment.weight[0])[None]

    first = torch_states(shuffling.model, embedded(torch.arange(tokens)))
    for order, found in zip(map(torch.tensor, orders), outcome.differences, strict=True):
        again = torch_states(shuffling.model, embedded(order))
        apart = [float((after - before[:, order]).abs().max()) for after, before in zip(again, first, strict=True)]
        if positions:
            assert found == pytest.approx(apart, rel=1e-3)
            assert min(found) > 0.1
        else:
            assert max(found) < 1e-5
            assert max(apart) < 1e-5


@pytest.mark.parametrize("kind", ["roberta", "distilbert", "generator", "albert"])
def test_berts_relatives_are_shuffled_as_they_compute(kind: str) -> None:
    """With positions the last states differ by what their own forward says; without, only by rounding, in both precisions."""
    model, _, _ = both(kind)
    ids = torch.randperm(60)[:9] + 2
    zeros = torch.zeros(9, dtype=torch.long)
    orders = np.stack([np.random.default_rng(seed).permutation(9) for seed in range(2)])
    outcome = finished(Shuffling(model, ids, zeros, positions=True).run(orders, "x"))
    with torch.inference_mode():
        first = model(ids[None])
        apart = [float((model(ids[order][None]) - first[:, order]).abs().max()) for order in map(torch.tensor, orders)]
    assert outcome.differences[:, -1] == pytest.approx(apart, rel=1e-3)
    for exact, most in ((False, 1e-4), (True, 1e-12)):
        assert (
            finished(Shuffling(model, ids, zeros, positions=False, exact=exact).run(orders, "x")).differences.max()
            < most
        )


def test_only_rounding_is_left_without_positions(library: Library, folder: Path) -> None:
    """float64 leaves a billion times less than float32; with positions whole numbers change."""
    trace = traced(library, folder)
    for plot in (OPEN, RANDOM):
        with_them, single, double = (curve(trace, plot, way).high for way, *_ in WAYS)
        assert single.max() < 1e-4
        assert double.max() < 1e-12
        assert double.max() < single.max() / 1e6
        assert with_them.min() > 0.01
    assert len(curve(trace, OPEN, WAYS[0][0])) == 3  # embeddings and two layers


def test_the_first_way_is_transformers_own(library: Library, folder: Path) -> None:
    """The change of every layer by one order, had from transformers with and without its position table."""
    trace = traced(library, folder, shuffles=1)
    checkpoint = library.encoder(Reference(str(folder)))
    tokens = next(iter(checkpoint.encode(SENTENCE)))
    order = shuffled(8, list(range(1, 7)), tokens.ids, 1, 0)[0]
    model = BertForPreTraining(BertConfig.from_json_file(folder / "config.json")).eval()
    model.load_state_dict(load_file(folder / "model.safetensors"), strict=False)
    ids = torch.tensor(tokens.ids)[None]
    for way, positions in ((WAYS[0][0], True), (WAYS[1][0], False)):
        if not positions:
            model.bert.embeddings.position_embeddings.weight.data.zero_()
        with torch.no_grad():
            before, after = (model(each, output_hidden_states=True) for each in (ids, ids[:, order]))
        apart = [
            float((late - early[:, order]).abs().max())
            for late, early in zip(after.hidden_states, before.hidden_states, strict=True)
        ]
        assert curve(trace, OPEN, way).values == pytest.approx(apart, rel=1e-3, abs=2e-5)
        place = list(order).index(3)
        rows = [row for row in trace.find(Rows, WORDS).table.rows if row[0] == ("with" if positions else "without")]
        for row, output, where in zip(rows, (before, after), (3, place), strict=True):
            best = output.prediction_logits[0, where].softmax(-1).max()
            assert row[4] == pytest.approx(float(best), abs=1e-5)


def test_the_same_seed_gives_the_same_run(library: Library, folder: Path) -> None:
    """Every number to the last bit; another seed, other orders."""
    one, two, other = (traced(library, folder, seed=seed) for seed in (3, 3, 4))
    for plot in (OPEN, RANDOM):
        way = WAYS[0][0]
        assert curve(one, plot, way).values.tolist() == curve(two, plot, way).values.tolist()
        assert curve(one, plot, way).values.tolist() != curve(other, plot, way).values.tolist()
    assert one.find(Conclusion) == two.find(Conclusion)


def test_the_conclusion_has_the_numbers_of_the_run(library: Library, folder: Path) -> None:
    """The largest difference that is said is the largest that was measured."""
    trace = traced(library, folder)
    largest = curve(trace, OPEN, WAYS[1][0]).high.max()
    assert f"{largest:.1e}" in trace.find(Conclusion).sentences[0]
    assert "only permutes" in trace.find(Conclusion).sentences[0]


def test_it_says_what_was_seen_where_the_claim_does_not_hold(library: Library, folder: Path, monkeypatch) -> None:
    """An encoder that hides its places among the words: taking positions away leaves them, and the conclusion says so."""
    honest = Embeddings.parts

    def parts(self, ids, segments):
        found = honest(self, ids, segments)
        return {**found, "word": found["word"] + found["position"]}

    monkeypatch.setattr(Embeddings, "parts", parts)
    assert "does NOT only permute" in traced(library, folder).find(Conclusion).sentences[0]


def test_a_text_without_a_mask_has_no_predictions(library: Library, folder: Path) -> None:
    """Said in a notice; the states are compared all the same."""
    trace = traced(library, folder, sentence="the cat sat")
    assert trace.find(Rows, WORDS).table.rows == ()
    assert "no [MASK]" in trace.find(Notice, "words").sentence
    assert len(trace.find(Conclusion).sentences) == 3


@pytest.mark.parametrize("sentence", ["cat", "cat cat cat", "[MASK]"])
def test_nothing_to_shuffle_is_said(library: Library, folder: Path, sentence: str) -> None:
    """One word, or one word many times: no order to change."""
    with pytest.raises(TextError, match="at least two different words"):
        traced(library, folder, sentence=sentence)


def test_an_empty_sentence_is_refused(folder: Path) -> None:
    """Where it is made."""
    with pytest.raises(JobError, match="sentence"):
        WithoutPositions(checkpoint=Reference(str(folder)), sentence=" ")


def test_orders_change_what_is_read_and_leave_the_ends() -> None:
    """Permutations of the places inside; a swap of equal tokens is no change."""
    orders = shuffled(5, [1, 2, 3], (9, 7, 7, 8, 9), 50, 1)
    assert (np.sort(orders, 1) == np.arange(5)).all()
    assert (orders[:, [0, 4]] == [0, 4]).all()
    assert (np.array([9, 7, 7, 8, 9])[orders] != [9, 7, 7, 8, 9]).any(1).all()
