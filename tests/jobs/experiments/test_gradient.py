"""Where the gradient goes: against autograd through whole models, against torch's own layers, and curves by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from attnviz import places
from attnviz.errors import TextError
from attnviz.jobs.experiments.gradient import DRAWS, MODELS, WhereGradientGoes
from attnviz.jobs.experiments.gradient_figures import (
    BY_DEPTH,
    BY_LAYER,
    FROM_END,
    KINDS,
    MEAN,
    NORMS,
    TABLE,
    VARIANCE,
    shares,
)
from attnviz.jobs.experiments.spelling import HELD_OUT
from attnviz.models.experiments.gradient_depth import WIDTH, Kind, Stack, measure, stack
from attnviz.models.experiments.gradient_source import arriving
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.models.seq2seq import Seq2seq
from attnviz.trace import Conclusion, Plot, Progress, Rows, Trace
from tests.jobs.test_decode_transformer import lively, write
from tests.translators import write_translator

HERE = Progress("here")
WORDS = {"cat": "A B", "dog": "B D A", "sea": "C C A", "tree": "A B C D"}
PAIRS = [((4, 9, 5), (4, 5)), ((7, 7, 20), (6, 4, 7, 5)), ((29, 11, 4), (5,))]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four tiny models under the names of the shipped ones, and a few words."""
    home = tmp_path_factory.mktemp("gradient")
    for seed, model in enumerate(MODELS[:-1]):
        write_translator(home / "checkpoints" / f"spelling-{model}", model, seed)
    write(home / "checkpoints" / "spelling-transformer", lively())
    (home / "samples").mkdir()
    lines = [f"{word}\t{sounds}\tD D D\n" for word, sounds in WORDS.items()]
    (home / "samples" / HELD_OUT).write_text("".join(lines), encoding="utf-8")
    return home


@pytest.fixture(autouse=True)
def there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "checkpoints", lambda: home / "checkpoints")
    monkeypatch.setattr(places, "resources", lambda: home)


@pytest.fixture
def trace(home: Path) -> Trace:
    return Trace().plus(*WhereGradientGoes(letters=3, words=9, deepest=4).run(Library()))


def drained(run):
    while True:
        try:
            next(run)
        except StopIteration as ended:
            return ended.value


def by_hand(home: Path, name: str, source: tuple[int, ...], target: tuple[int, ...]) -> list[float]:
    """One pair alone through a model of its own that asks for all gradients; the embeddings are caught on their way."""
    model = Library().encoder_decoder(Reference(str(home / "checkpoints" / f"spelling-{name}"))).writer.model
    model.requires_grad_()
    table = model.encoder.embedding if isinstance(model, Seq2seq) else model.source.word
    caught = []

    def catch(module, given, made):
        made.retain_grad()
        caught.append(made)

    table.register_forward_hook(catch)
    logits = model(torch.tensor([source]), torch.tensor([[model.config.begin, *target[:-1]]]))
    (-logits[0, -1].log_softmax(-1)[target[-1]]).backward()
    return caught[0].grad[0].norm(dim=-1).tolist()


@pytest.mark.parametrize("name", MODELS)
def test_what_arrives_is_autograds_gradient(home: Path, name: str) -> None:
    """Batched with targets of different lengths, and each pair alone: the same norms at every letter."""
    opened = Library().encoder_decoder(Reference(str(home / "checkpoints" / f"spelling-{name}")))
    found = drained(arriving(opened, PAIRS, HERE))
    np.testing.assert_allclose(found, [by_hand(home, name, *pair) for pair in PAIRS], rtol=1e-4, atol=1e-8)
    assert found.min() > 0


@pytest.mark.parametrize("name", ["general", "transformer"])
def test_the_shared_model_stays_as_it_was(home: Path, name: str) -> None:
    """No parameter asks for a gradient or has one; it is no training, and every weight is what it was."""
    opened = Library().encoder_decoder(Reference(str(home / "checkpoints" / f"spelling-{name}")))
    model = opened.writer.model
    before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    drained(arriving(opened, PAIRS, HERE))
    assert not any(each.requires_grad or each.grad is not None for each in model.parameters())
    assert not model.training
    assert before.keys() == model.state_dict().keys()
    assert all(torch.equal(tensor, before[key]) for key, tensor in model.state_dict().items())


def torchs_layer(tower: Stack, index: int) -> nn.TransformerEncoderLayer:
    """Torch's own layer with the same weights."""
    own = tower.layers[index]
    made = nn.TransformerEncoderLayer(WIDTH, 4, 4 * WIDTH, 0.0, norm_first=own.kind.norm == "pre", batch_first=True)
    given = own.state_dict()
    parts = ("query", "key", "value")
    states = made.double().state_dict()
    for kind in ("weight", "bias"):
        states[f"self_attn.in_proj_{kind}"] = torch.cat([given[f"attention.{part}.{kind}"] for part in parts])
        states[f"self_attn.out_proj.{kind}"] = given[f"attention.output.{kind}"]
        states[f"linear1.{kind}"] = given[f"feed_forward.inner.{kind}"]
        states[f"linear2.{kind}"] = given[f"feed_forward.outer.{kind}"]
    made.load_state_dict(states)
    return made


@pytest.mark.parametrize("norm", ["post", "pre"])
def test_layers_with_norms_are_torchs_own(norm: str) -> None:
    """Gradient norm of every layer's weights, mean and variance of the states, from torch's layers in one graph."""
    tower = stack(Kind(residual=True, norm=norm), 3, "Glorot", 5)
    found = drained(measure(tower, HERE))
    layers = [torchs_layer(tower, index) for index in range(3)]
    states = [tower.states]
    for layer in layers:
        states.append(layer(states[-1]))
    last = nn.LayerNorm(WIDTH).double()(states[-1]) if norm == "pre" else states[-1]
    logits = last.reshape(-1, WIDTH) @ tower.readout.T
    nn.CrossEntropyLoss()(logits, tower.classes).backward()
    for layer, gradient in zip(layers, found.gradient, strict=True):
        own = [each.grad for name, each in layer.named_parameters() if not name.startswith("norm")]
        assert float(torch.cat([each.flatten() for each in own]).norm()) == pytest.approx(gradient, rel=1e-6)
    for place, state in enumerate(states):
        assert float(state.detach().mean()) == pytest.approx(found.mean[place], abs=1e-9)
        assert float(state.detach().var(correction=0)) == pytest.approx(found.variance[place], rel=1e-6)


def plain(tower: Stack, states: torch.Tensor, index: int) -> torch.Tensor:
    """A layer without norms or without residuals, from its weights by the formulas."""
    weights = dict(tower.layers[index].named_parameters())

    def linear(name: str, entering: torch.Tensor) -> torch.Tensor:
        return entering @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    def heads(entering: torch.Tensor) -> torch.Tensor:
        return entering.reshape(*entering.shape[:2], 4, WIDTH // 4).permute(0, 2, 1, 3)

    def joined(before: torch.Tensor, made: torch.Tensor) -> torch.Tensor:
        total = before + made if tower.layers[index].kind.residual else made
        if not tower.layers[index].kind.norm:
            return total
        centred = total - total.mean(-1, keepdim=True)
        return centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt()

    query, key, value = (heads(linear(f"attention.{part}", states)) for part in ("query", "key", "value"))
    context = ((query @ key.transpose(-1, -2)) / (WIDTH // 4) ** 0.5).softmax(-1) @ value
    attended = linear("attention.output", context.permute(0, 2, 1, 3).reshape(states.shape))
    middle = joined(states, attended)
    return joined(middle, linear("feed_forward.outer", linear("feed_forward.inner", middle).relu()))


@pytest.mark.parametrize("kind", [(True, ""), (False, "post"), (False, "")])
def test_layers_without_norms_or_residuals_are_the_formulas(kind: tuple[bool, str]) -> None:
    """The same numbers from one graph over all layers."""
    tower = stack(Kind(*kind), 3, "Glorot", 2)
    found = drained(measure(tower, HERE))
    states = [tower.states]
    for index in range(3):
        states.append(plain(tower, states[-1], index))
    loss = nn.functional.cross_entropy(states[-1].reshape(-1, WIDTH) @ tower.readout.T, tower.classes)
    for layer, gradient in zip(tower.layers, found.gradient, strict=True):
        own = torch.autograd.grad(loss, tuple(layer.parameters()), retain_graph=True)
        assert float(torch.cat([each.flatten() for each in own]).norm()) == pytest.approx(gradient, rel=1e-6)
    assert [float(state.detach().var(correction=0)) for state in states] == pytest.approx(found.variance, rel=1e-6)


def test_weights_are_drawn_alike_for_every_kind() -> None:
    """Glorot's spread by the sizes of a matrix or BERT's 0.02, biases of nothing; the kinds differ in nothing else."""
    one, two = stack(Kind(True, "post"), 2, "Glorot", 1), stack(Kind(False, ""), 2, "Glorot", 1)
    for left, right in zip(one.layers[1].parameters(), two.layers[1].parameters(), strict=True):
        assert torch.equal(left, right)
    assert torch.equal(one.states, two.states)
    weight = one.layers[0].feed_forward.inner.weight
    assert float(weight.detach().std()) == pytest.approx((2 / (5 * WIDTH)) ** 0.5, rel=0.03)
    bert = stack(Kind(True, "post"), 1, "normal 0.02", 1).layers[0]
    assert float(bert.attention.query.weight.detach().std()) == pytest.approx(0.02, rel=0.05)
    assert not bert.attention.query.bias.any()


def curve(trace: Trace, plot: str, name: str):
    return next(series for series in trace.find(Plot, plot).series if series.name == name)


def test_the_curves_over_letters_are_means_over_the_words(home: Path, trace: Trace) -> None:
    """Each word alone, with its first sound; and the shares of each, counted from the end."""
    letters = {letter: number for number, letter in enumerate("abcdefghijklmnopqrstuvwxyz", 4)}
    phones = {"A": 4, "B": 5, "C": 6, "D": 7}
    for name in MODELS:
        norms = np.array(
            [
                by_hand(home, name, tuple(map(letters.get, word)), tuple(map(phones.get, sound.split())))
                for word, sound in WORDS.items()
                if len(word) == 3
            ]
        )
        shown = curve(trace, NORMS, name)
        assert shown.places.tolist() == [1, 2, 3]
        np.testing.assert_allclose(shown.values, norms.mean(0), rtol=1e-4)
        np.testing.assert_allclose(shown.high - shown.values, norms.std(0) / 3**0.5, rtol=1e-3, atol=1e-9)
        share = 100 * (norms / norms.sum(1, keepdims=True)).mean(0)
        from_end = curve(trace, FROM_END, name)
        assert from_end.places.tolist() == [0, 1, 2]
        np.testing.assert_allclose(from_end.values, share[::-1], rtol=1e-4)


def test_the_curves_over_layers_are_those_of_the_deepest_stack(trace: Trace) -> None:
    """Means over the draws between their extremes, and the first layer's gradient at every depth."""
    for name, (residual, norm) in KINDS.items():
        towers = {
            depth: [drained(measure(stack(Kind(residual, norm), depth, "Glorot", draw), HERE)) for draw in range(DRAWS)]
            for depth in (2, 4)
        }
        gradients = np.array([each.gradient for each in towers[4]])
        by_layer = curve(trace, BY_LAYER, name)
        assert by_layer.places.tolist() == [1, 2, 3, 4]
        np.testing.assert_allclose(by_layer.values, gradients.mean(0))
        np.testing.assert_allclose(by_layer.low, gradients.min(0))
        variance, mean = (np.array([getattr(each, what) for each in towers[4]]) for what in ("variance", "mean"))
        np.testing.assert_allclose(curve(trace, VARIANCE, name).values, variance.mean(0))
        np.testing.assert_allclose(curve(trace, MEAN, name).values, (mean / variance**0.5).mean(0), atol=1e-12)
        by_depth = curve(trace, BY_DEPTH, name)
        assert by_depth.places.tolist() == [2, 4]
        firsts = [np.mean([each.gradient[0] for each in towers[depth]]) for depth in (2, 4)]
        np.testing.assert_allclose(by_depth.values, firsts)
        rows = [row for row in trace.find(Rows, TABLE).table.rows if row[0] == name]
        assert [row[2] for row in rows] == pytest.approx(firsts)
        assert rows[1][3:5] == pytest.approx(
            (gradients[:, -1].mean(), gradients[:, 0].mean() / gradients[:, -1].mean())
        )
        assert rows[1][6] == pytest.approx(variance[:, -1].mean())


def test_without_both_the_gradient_vanishes_and_without_norms_it_grows() -> None:
    """What the experiment is about, at twelve layers."""
    first = {
        name: drained(measure(stack(Kind(*kind), 12, "Glorot", 0), HERE)).gradient[0] for name, kind in KINDS.items()
    }
    assert first["neither"] < 0.01 * first["LayerNorm after"]
    assert first["no LayerNorm"] > 1000 * first["LayerNorm before"]


def test_the_conclusion_has_the_numbers_of_the_run(trace: Trace) -> None:
    """The thirds of the words, the first layer at the least and the most layers, and the last states."""
    told = trace.find(Conclusion).sentences
    shares_of = curve(trace, FROM_END, "none").values
    least = {name: curve(trace, NORMS, name).values.min() / curve(trace, NORMS, name).values.max() for name in MODELS}
    assert told[0].endswith(f"most evenly with {max(least, key=lambda name: least[name])}.")
    assert f"none {shares_of[2]:.1f} % at the first 1, {shares_of[0]:.1f} % at the last" in told[0]
    first = curve(trace, BY_DEPTH, "no LayerNorm").values
    assert f"no LayerNorm {first[0]:.2g} → {first[-1]:.2g}" in told[1]
    assert f"and {curve(trace, VARIANCE, 'neither').values[-1]:.2g}." in told[2]


def test_shares_of_nothing_are_nothing() -> None:
    """A word at which no gradient arrives has no shares, and makes no NaN."""
    assert shares(np.array([[1.0, 3.0], [0.0, 0.0]])).tolist() == [[0.25, 0.75], [0.0, 0.0]]


def test_the_same_seed_gives_the_same_run(home: Path, trace: Trace) -> None:
    """Every sentence; another seed draws other weights."""
    again, other = (
        Trace().plus(*WhereGradientGoes(letters=3, words=9, deepest=4, seed=seed).run(Library())) for seed in (0, 1)
    )
    assert again.find(Conclusion) == trace.find(Conclusion)
    assert curve(other, BY_LAYER, "neither").values[0] != curve(trace, BY_LAYER, "neither").values[0]


def test_a_length_without_words_is_refused(home: Path) -> None:
    """In one sentence that names it."""
    with pytest.raises(TextError, match="has 9 letters"):
        list(WhereGradientGoes(letters=9).run(Library()))
