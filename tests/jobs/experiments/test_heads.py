"""How many heads: gates and dropped heads against transformers and its autograd, orders by hand, and what is concluded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import BertConfig, BertForMaskedLM

from attnviz import places
from attnviz.errors import CheckpointError, TextError
from attnviz.jobs.experiments.heads import ALONE, GRADIENT, PER_LAYER, Heads, orders
from attnviz.jobs.experiments.heads_figures import (
    ACCURACY,
    IMPORTANCE,
    LEAST,
    LOSS,
    MOST,
    RANKS,
    Dropped,
    needed,
    sentences,
)
from attnviz.models.experiments.heads import Masked, Score, masked, score, sensitivity
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.text.passages import passages
from attnviz.trace import Conclusion, Matrix, Plot, Progress, Rows, Trace
from tests.badinputs.valid import write_bert_folder
from tests.masked_model import swayed_folder

WIDTH = 8
HERE = Progress("here")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of two layers of two heads that nobody changes."""
    return swayed_folder(tmp_path_factory.mktemp("heads") / "tiny")


@pytest.fixture(scope="module")
def checkpoint(folder: Path):
    return Library().encoder(Reference(str(folder)))


@pytest.fixture(scope="module")
def texts(checkpoint) -> list[Masked]:
    """Three passages of different length, each masked twice."""
    text = "the cat sat on a mat with a dog in it " * 6
    found, _ = passages(checkpoint.codec, text, 32, 5)
    assert len({len(each) for each in found[-2:]}) == 2
    return masked(checkpoint, found[-3:], 3, 2)


@pytest.fixture(scope="module")
def trace(folder: Path) -> Trace:
    return Trace().plus(*Heads(checkpoint=Reference(str(folder)), words=20).run(Library()))


def drained(run):
    while True:
        try:
            next(run)
        except StopIteration as ended:
            return ended.value


def gated(
    folder: Path, ids: list[int], positions: tuple[int, ...], gates: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Loss and hit at each masked position, from transformers, with the input of every output projection gated by hand."""
    model = BertForMaskedLM(BertConfig.from_json_file(folder / "config.json")).eval()
    model.load_state_dict(load_file(folder / "model.safetensors"), strict=False)
    model.tie_weights()
    for layer, gate in zip(model.bert.encoder.layer, gates, strict=True):
        layer.attention.output.dense.register_forward_pre_hook(
            lambda module, given, gate=gate: (given[0] * gate.repeat_interleave(WIDTH),)
        )
    shown = torch.tensor([[4 if place in positions else number for place, number in enumerate(ids)]])
    logits = model(shown).logits[0, list(positions)]
    words = torch.tensor(ids)[list(positions)]
    return torch.nn.functional.cross_entropy(logits, words, reduction="none"), logits.argmax(-1) == words


def test_importance_is_transformers_gradient(folder: Path, checkpoint, texts) -> None:
    """|∂loss/∂ξ| of each draw by autograd through the authority's whole model, averaged over the draws."""
    found = drained(sensitivity(checkpoint, texts, "x"))
    expected = torch.zeros(2, 2)
    for text in texts:
        for positions in text.draws:
            gates = torch.ones(2, 2, requires_grad=True)
            loss = gated(folder, list(text.text.ids), positions, gates)[0].mean()
            expected += torch.autograd.grad(loss, gates)[0].abs()
    np.testing.assert_allclose(found, expected.numpy() / 6, rtol=1e-3)
    assert found.min() > 0


@pytest.mark.parametrize("dropped", [(), ((0, 1),), ((1, 0), (0, 0), (1, 1))])
def test_scores_are_transformers_with_zeroed_heads(folder: Path, checkpoint, texts, dropped) -> None:
    """The loss of every masked word, and whether it is put first."""
    found = drained(score(checkpoint, texts, dropped, HERE))
    gates = torch.ones(2, 2)
    for layer, head in dropped:
        gates[layer, head] = 0.0
    with torch.no_grad():
        parts = [gated(folder, list(text.text.ids), draw, gates) for text in texts for draw in text.draws]
    np.testing.assert_allclose(found.nats, torch.cat([loss for loss, _ in parts]).numpy(), rtol=1e-3, atol=1e-4)
    assert found.right.tolist() == torch.cat([right for _, right in parts]).tolist()


def test_the_shared_model_stays_as_it_was(checkpoint, texts) -> None:
    """No parameter asks for a gradient or has one, and the states are what they were to the last bit."""
    before = drained(score(checkpoint, texts, (), HERE)).nats
    drained(sensitivity(checkpoint, texts, "x"))
    assert not any(each.requires_grad or each.grad is not None for each in checkpoint.model.parameters())
    assert (drained(score(checkpoint, texts, (), HERE)).nats == before).all()


def test_orders_are_of_all_heads() -> None:
    """Rising and falling importance, and as many by chance as were asked for, by the seed."""
    importance = np.array([[0.3, 0.1], [0.2, 0.1]])
    found = orders(importance, 2, 5)
    assert found[LEAST] == [(0, 1), (1, 1), (1, 0), (0, 0)]
    assert found[MOST] == found[LEAST][::-1]
    assert len(found) == 4
    assert all(sorted(order) == [(0, 0), (0, 1), (1, 0), (1, 1)] for order in found.values())
    assert found == orders(importance, 2, 5)
    assert orders(np.zeros((6, 12)), 1, 0)["random 1"] != orders(np.zeros((6, 12)), 1, 1)["random 1"]


def test_curves_are_scores_of_the_other_half(trace: Trace, folder: Path, checkpoint) -> None:
    """Every point anew: so many heads of the order dropped, on the passages that did not rank."""
    text = (places.resources() / "samples" / "the_low_country.txt").read_text(encoding="utf-8")
    found, _ = passages(checkpoint.codec, text, 64, 32)
    half = masked(checkpoint, found[1::2], 0, 1)
    ranks = trace.find(Rows, RANKS).table.rows
    rising = [(layer, head) for _, layer, head, *_ in reversed(ranks)]
    for name, order in ((LEAST, rising), (MOST, rising[::-1])):
        accuracy, loss = (
            next(series for series in trace.find(Plot, plot).series if series.name == name) for plot in (ACCURACY, LOSS)
        )
        assert accuracy.places.tolist() == [0, 1, 2, 3, 4]
        for place, left in enumerate(range(5)):
            scored = drained(score(checkpoint, half, order[: 4 - left], HERE))
            share, count = scored.right.mean(), len(scored.right)
            assert accuracy.values[place] == pytest.approx(100 * share)
            assert accuracy.high[place] - accuracy.values[place] == pytest.approx(
                100 * (share * (1 - share) / count) ** 0.5
            )
            assert loss.values[place] == pytest.approx(scored.nats.mean())
            assert loss.values[place] - loss.low[place] == pytest.approx(scored.nats.std() / count**0.5)


def test_the_random_curve_is_the_mean_between_its_extremes(trace: Trace) -> None:
    """Of both orders, which begin with no head dropped and end with all."""
    [series] = [series for series in trace.find(Plot, LOSS).series if "random" in series.name]
    assert series.name == "random order, mean of 2"
    assert series.values == pytest.approx((series.low + series.high) / 2)
    assert series.low[[0, -1]] == pytest.approx(series.high[[0, -1]])
    assert series.low[2] < series.high[2]


def test_the_map_and_the_table_have_the_same_importance(trace: Trace) -> None:
    """Falling in the table, by layer and head in the map; the shares add up to one."""
    rows = trace.find(Rows, RANKS).table.rows
    shown = trace.find(Matrix, (IMPORTANCE, 0)).values
    assert [row[0] for row in rows] == [1, 2, 3, 4]
    own = np.array([row[3] for row in rows])
    assert (np.diff(own) <= 0).all()
    np.testing.assert_allclose([shown[row[1], row[2]] for row in rows], own, rtol=1e-6)
    assert np.array([row[4] for row in rows]).sum() == pytest.approx(1.0)


def test_each_measure_is_what_it_says(folder: Path, checkpoint) -> None:
    """Normed in each layer the gradients have length 1; alone it is the loss that is added."""
    maps = {}
    for measure in (GRADIENT, PER_LAYER, ALONE):
        job = Heads(checkpoint=Reference(str(folder)), words=20, importance=measure)
        maps[measure] = next(
            each.values for each in job.run(Library()) if isinstance(each, Matrix) and each.values.size
        )
    norms = np.linalg.norm(maps[GRADIENT], axis=1, keepdims=True)
    np.testing.assert_allclose(maps[PER_LAYER], maps[GRADIENT] / norms, rtol=1e-5)
    text = (places.resources() / "samples" / "the_low_country.txt").read_text(encoding="utf-8")
    found, _ = passages(checkpoint.codec, text, 64, 32)
    half = masked(checkpoint, found[::2], 0, 1)
    everyone = drained(score(checkpoint, half, (), HERE)).nats.mean()
    for layer, head in np.ndindex(2, 2):
        without = drained(score(checkpoint, half, ((layer, head),), HERE)).nats.mean()
        assert maps[ALONE][layer, head] == pytest.approx(without - everyone, abs=1e-6)


def scored(right: int, count: int = 100) -> Score:
    return Score(np.arange(count) < right, np.full(count, 2.0))


def dropped(least: list[int], random: list[int], most: list[int]) -> Dropped:
    """Four heads; so many of a hundred words right with 4, 3, 2, 1 and 0 heads left."""
    curves = {LEAST: least, MOST: most, "random 1": random}
    found = Dropped(GRADIENT, np.ones((2, 2)), {name: [] for name in curves})
    found.scores = {name: {4 - place: scored(right) for place, right in enumerate(own)} for name, own in curves.items()}
    return found


def test_heads_are_needed_down_to_nine_tenths() -> None:
    """At every step on the way; what recovers later was lost before."""
    assert needed({4: scored(50), 3: scored(45), 2: scored(44), 1: scored(50), 0: scored(0)}) == 3
    assert needed({2: scored(50), 1: scored(50), 0: scored(50)}) == 0
    assert needed({2: scored(50), 1: scored(0), 0: scored(0)}) == 2


@pytest.mark.parametrize(
    ("random", "said"),
    [
        ([50, 40, 20, 10, 0], "tells which heads matter"),
        ([50, 50, 50, 49, 0], "do not clearly go better than by chance"),
    ],
)
def test_the_verdict_is_what_was_seen(random: list[int], said: str) -> None:
    """Also where chance does as well."""
    found = sentences(dropped([50, 50, 47, 20, 0], random, [50, 10, 5, 0, 0]), "tiny")
    assert "with all 4 heads predicts 50.0 % ± 5.0 of 100 masked words" in found[0]
    assert "the 2 least important ones, 50.0 %" in found[1]
    assert f"accuracy is {np.mean([50, 47, 20]):.1f} % when the least" in found[2]
    assert said in found[2]


def test_the_same_seed_gives_the_same_run(trace: Trace, folder: Path) -> None:
    """Every number to the last bit; another seed masks other words."""
    again, other = (
        Trace().plus(*Heads(checkpoint=Reference(str(folder)), words=20, seed=seed).run(Library())) for seed in (0, 1)
    )
    assert again.find(Conclusion) == trace.find(Conclusion)
    assert other.find(Conclusion) != trace.find(Conclusion)
    for one, two in zip(again.find(Plot, LOSS).series, trace.find(Plot, LOSS).series, strict=True):
        assert one.values.tolist() == two.values.tolist()


def test_what_cannot_be_masked_is_said(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A model without a masked-word head, and a text of unknown words."""
    bare = write_bert_folder(tmp_path / "bare", heads=False)
    with pytest.raises(CheckpointError, match="no masked-word head"):
        list(Heads(checkpoint=Reference(str(bare))).run(Library()))
    monkeypatch.setattr(places, "resources", lambda: tmp_path)
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "the_low_country.txt").write_text("山水 " * 100, encoding="utf-8")
    with pytest.raises(TextError, match="too few words of 'the_low_country'"):
        list(Heads(checkpoint=Reference(str(folder))).run(Library()))
