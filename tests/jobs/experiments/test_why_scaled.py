"""Why √d_k: against the analytic variance, the softmax's Jacobian by hand, and transformers' own queries and keys."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import BertConfig, BertForPreTraining

from attnviz.jobs.experiments.why_scaled import ENTROPY, GRADIENT, LARGEST, RAW, SCALED, VARIANCE, WhyScaled
from attnviz.jobs.experiments.why_scaled_heads import AGAINST, COLUMNS, HEADS, MAP, WORDS, if_independent
from attnviz.models.experiments.why_scaled import Drawn, sharpness
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.trace import Conclusion, Matrix, Notice, Plot, Rows, Trace
from tests.windows import strong_folder

TEXT = "the cat [MASK] on a mat with a dog in it"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that nobody changes."""
    return strong_folder(tmp_path_factory.mktemp("scale") / "tiny")


@pytest.fixture(scope="module")
def trace(folder: Path) -> Trace:
    """A small run."""
    job = WhyScaled(checkpoint=Reference(str(folder)), text=TEXT, largest=64, keys=16, samples=400)
    return Trace().plus(*job.run(Library()))


def curve(trace: Trace, plot: str, name: str):
    return next(series for series in trace.find(Plot, plot).series if series.name == name)


def drained(run):
    while True:
        try:
            next(run)
        except StopIteration as ended:
            return ended.value


def test_the_variance_is_d_k(trace: Trace) -> None:
    """Analytic: independent standard normal components give d_k, and 1 when divided; each width within four standard errors."""
    for name, expected in ((RAW, 2.0 ** np.arange(7)), (SCALED, np.ones(7))):
        series = curve(trace, VARIANCE, name)
        assert series.places.tolist() == [1, 2, 4, 8, 16, 32, 64]
        errors = (series.high - series.low) / 4
        assert (np.abs(series.values - expected) < 4 * errors).all()
        assert (errors < 0.2 * expected).all()


def test_one_component_is_the_product_of_two_normals() -> None:
    """Analytic: at d_k = 1 the square of q·k has mean 1 and fourth moment 9; over one query the mean of its keys' squares is q²."""
    raw, scaled = drained(Drawn(1, 512, 2000, 3).run())
    assert raw.square.mean() == pytest.approx(1.0, abs=0.15)
    np.testing.assert_array_equal(raw.square, scaled.square)
    assert (raw.square**2).mean() == pytest.approx(3.0, rel=0.3)  # E q⁴, since the keys average out


def test_entropy_weight_and_gradient_are_those_of_the_jacobian() -> None:
    """By hand in numpy: J = diag(w) − w wᵀ, and the gradient is J v."""
    chance = np.random.default_rng(0)
    scores, direction = chance.normal(size=(5, 7)) * 3, chance.normal(size=(5, 7))
    found = sharpness(torch.tensor(scores), torch.tensor(direction)).numpy()
    for row in range(5):
        weights = np.exp(scores[row]) / np.exp(scores[row]).sum()
        jacobian = np.diag(weights) - np.outer(weights, weights)
        expected = [
            (scores[row] ** 2).mean(),
            -(weights * np.log(weights)).sum(),
            weights.max(),
            np.linalg.norm(jacobian @ direction[row]),
        ]
        np.testing.assert_allclose(found[:, row], expected, rtol=1e-12)


def test_without_the_scale_the_softmax_sharpens(trace: Trace) -> None:
    """Entropy falls from width to width and the largest weight grows; with the scale neither moves much."""
    assert (np.diff(curve(trace, ENTROPY, RAW).values) < 0).all()
    assert (np.diff(curve(trace, LARGEST, RAW).values) > 0).all()
    assert np.ptp(curve(trace, ENTROPY, SCALED).values) < 0.2
    assert curve(trace, ENTROPY, "all alike").values[0] == pytest.approx(math.log(16))
    medians = curve(trace, GRADIENT, f"{RAW}, median").values
    assert medians[-1] < 0.8 * curve(trace, GRADIENT, f"{SCALED}, median").values[-1]


def authority(folder: Path) -> tuple[BertForPreTraining, torch.Tensor]:
    """The same model in transformers, and the ids of the text."""
    from tokenizers import Tokenizer

    model = BertForPreTraining(BertConfig.from_json_file(folder / "config.json")).eval()
    model.load_state_dict(load_file(folder / "model.safetensors"), strict=False)
    return model, torch.tensor(Tokenizer.from_file(str(folder / "tokenizer.json")).encode(TEXT).ids)[None]


def test_the_heads_are_those_of_transformers(trace: Trace, folder: Path) -> None:
    """Queries and keys projected by the authority's own layers: variance, scaled variance, entropy and largest weight of each head."""
    model, ids = authority(folder)
    with torch.no_grad():
        hidden = model(ids, output_hidden_states=True).hidden_states
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in trace.find(Rows, HEADS).table.rows]
    assert [(row["layer"], row["head"]) for row in rows] == [(0, 0), (0, 1), (1, 0), (1, 1)]
    for row in rows:
        attention = model.bert.encoder.layer[row["layer"]].attention.self
        part = slice(8 * row["head"], 8 * row["head"] + 8)
        with torch.no_grad():
            query, key = (each(hidden[row["layer"]])[0, :, part].double() for each in (attention.query, attention.key))
        scores = query @ key.T
        assert row["d_k"] == 8
        assert row["var q·k"] == pytest.approx(float(scores.var(correction=0)), rel=1e-4)
        assert row["var scaled"] == pytest.approx(float(scores.var(correction=0)) / 8, rel=1e-4)
        for scale, suffix in ((8**-0.5, ""), (1.0, " raw")):
            weights = (scores * scale).softmax(-1)
            assert row[f"entropy{suffix}"] == pytest.approx(float(torch.special.entr(weights).sum(-1).mean()), abs=1e-4)
            assert row[f"largest{suffix}"] == pytest.approx(float(weights.amax(-1).mean()), abs=1e-4)


def test_independent_components_have_the_variance_that_is_said() -> None:
    """A simulation: each component shuffled on its own makes them independent, and gives that variance."""
    chance = np.random.default_rng(1)
    query, key = ((chance.normal(size=(300, 4)) @ chance.normal(size=(4, 4)) + 1).astype(np.float32) for _ in range(2))
    found = []
    for _ in range(40):
        one, two = (np.stack([chance.permutation(column) for column in side.T], 1) for side in (query, key))
        found.append((one @ two.T).var())
    assert np.mean(found) == pytest.approx(if_independent(query, key), rel=0.03)


def test_the_predictions_without_the_scale_are_those_of_unscaled_layers(trace: Trace, folder: Path) -> None:
    """The authority with its scale set to 1 gives the same words."""
    model, ids = authority(folder)
    rows = trace.find(Rows, WORDS).table.rows
    probabilities = []
    for row, scaled in zip(rows, (True, False), strict=True):
        for layer in model.bert.encoder.layer:
            if not scaled:
                layer.attention.self.scaling = 1.0
        with torch.no_grad():
            probabilities.append(model(ids).prediction_logits[0, 3].softmax(-1))
        assert row[2] == pytest.approx(float(probabilities[-1].max()), rel=1e-3)
    moved = float((probabilities[0] - probabilities[1]).abs().sum() / 2)
    assert rows[1][-1] == pytest.approx(moved, rel=1e-3)
    assert moved > 1e-3


def test_the_pictures_of_the_heads_are_the_table(trace: Trace) -> None:
    """Entropy lost by layer and head; measured variances over those of independent components, ascending."""
    rows = [dict(zip(COLUMNS, row, strict=True)) for row in trace.find(Rows, HEADS).table.rows]
    lost = trace.find(Matrix, (MAP, 0)).values
    assert lost.shape == (2, 2)
    for row in rows:
        assert lost[row["layer"], row["head"]] == pytest.approx(row["entropy"] - row["entropy raw"], abs=1e-6)
    series = curve(trace, AGAINST, "measured")
    assert sorted(series.values) == sorted(row["var q·k"] for row in rows)


def test_the_conclusion_has_the_numbers_of_the_run(trace: Trace) -> None:
    """Variance at the widest, and the entropies at the usual width."""
    sentences = trace.find(Conclusion).sentences
    assert f"{curve(trace, VARIANCE, RAW).values[-1]:,.0f} ±" in sentences[0]
    assert f"{curve(trace, ENTROPY, RAW).values[-1]:.2f} nats" in sentences[1]
    assert len(sentences) == 5


def test_a_text_without_a_mask_has_heads_and_no_predictions(folder: Path) -> None:
    """Said in a notice."""
    job = WhyScaled(checkpoint=Reference(str(folder)), text="the cat sat", largest=2, keys=4, samples=10)
    found = Trace().plus(*job.run(Library()))
    assert "no [MASK]" in found.find(Notice, "words").sentence
    assert found.find(Rows, WORDS).table.rows == ()
    assert len(found.find(Conclusion).sentences) == 4
