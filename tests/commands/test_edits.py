"""``--edit``, ``--site`` and ``--lens``: what the commands write is what the changed model computes."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import torch

from tests.commands.authority import bert
from tests.commands.conftest import Run
from tests.jobs.test_decode_transformer import lively, write

TEXT = "the cat [MASK] on a mat"


@torch.inference_mode()
def without_head(folder: Path, ids: list[int], layer: int, head: int):
    """The model of transformers with a head's columns of W_O set to zero."""
    model = bert(folder)
    model.bert.encoder.layer[layer].attention.output.dense.weight[:, 8 * head : 8 * head + 8] = 0
    return model(torch.tensor([ids]), output_attentions=True, output_hidden_states=True)


def arrays(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as found:
        return dict(found)


def test_inspect_writes_the_changed_model(run: Run, tiny: Path, tmp_path: Path) -> None:
    """Hidden states and attention of transformers with the head's output gone, and the edits as they were given."""
    target = tmp_path / "x.npz"
    outcome = run("inspect", TEXT, "--checkpoint", tiny, "--edit", "drop-head 0.1", "--out", target)
    assert (outcome.status, outcome.err) == (0, "")
    found = arrays(target)
    expected = without_head(tiny, found["ids"].tolist(), 0, 1)
    for layer in range(3):
        np.testing.assert_allclose(
            found[f"hidden/encoder/{layer}"], expected.hidden_states[layer][0].numpy(), atol=1e-4
        )
    np.testing.assert_allclose(found["attention/encoder/1"], expected.attentions[1][0].numpy(), atol=1e-4)
    assert found["edits"].tolist() == ["drop-head 0.1"]


def test_edits_add_up(run: Run, tiny: Path, tmp_path: Path) -> None:
    """Two hidden tokens get no attention in the layer that is named."""
    target = tmp_path / "head.csv"
    words = ("--edit", "hide-token 4 in 1", "--edit", "hide-token 0", "--layer", 1, "--head", 0, "--out", target)
    assert run("inspect", TEXT, "--checkpoint", tiny, *words).status == 0
    rows = list(csv.reader(target.read_text(encoding="utf-8").splitlines()))[1:]
    values = np.array([[float(cell) for cell in row[1:]] for row in rows])
    assert (values[:, [0, 4]] == 0).all()
    np.testing.assert_allclose(values.sum(1), 1.0, atol=1e-5)


def test_fill_mask_answers_for_the_changed_model(run: Run, tiny: Path) -> None:
    """Candidates are those of transformers with the head's output gone."""
    answer = run("fill-mask", TEXT, "--checkpoint", tiny, "--edit", "drop-head 1.0", "--json").json
    plain = run("fill-mask", TEXT, "--checkpoint", tiny, "--json").json
    from attnviz.models.library import Library
    from attnviz.models.reference import Reference

    ids = list(Library().encoder(Reference(str(tiny))).codec.encode(TEXT).ids)
    [mask] = answer["masks"]
    expected = without_head(tiny, ids, 1, 0).prediction_logits[0, mask["position"]].softmax(-1)
    for entry in mask["candidates"]:
        assert entry["probability"] == pytest.approx(float(expected[entry["id"]]), abs=1e-4)
    assert answer != plain


def test_the_lens_goes_into_the_archive_or_onto_the_screen(run: Run, tiny: Path, tmp_path: Path) -> None:
    """(layers + 1, tokens, words); the last layer is fill-mask's answer; without --out a line a token is printed."""
    target = tmp_path / "x.npz"
    assert run("inspect", TEXT, "--checkpoint", tiny, "--lens", "--out", target).status == 0
    found = arrays(target)
    assert found["lens/ids"].shape == found["lens/probabilities"].shape == (3, 8, 5)
    assert found["lens/entropy"].shape == found["lens/watched_ranks"].shape == (3, 8)
    [mask] = run("fill-mask", TEXT, "--checkpoint", tiny, "--top", 5, "--json").json["masks"]
    assert found["lens/ids"][-1, mask["position"]].tolist() == [entry["id"] for entry in mask["candidates"]]
    printed = run("inspect", TEXT, "--checkpoint", tiny, "--lens")
    assert printed.status == 0
    lines = printed.out.splitlines()
    assert len(lines) == 2 + 8
    assert lines[1].split()[:5] == ["token", "followed", "embeddings", "layer", "0"]
    assert mask["candidates"][0]["token"] in lines[2 + mask["position"]]


def test_a_site_is_chosen_where_there_are_three(run: Run, tmp_path: Path) -> None:
    """An encoder–decoder's arrays of one site alone; a cross-attention's CSV has the source's tokens as columns."""
    folder = write(tmp_path / "transformer", lively()).path
    target = tmp_path / "x.npz"
    words = ("--pair", "A B", "--checkpoint", folder, "--site", "cross")
    outcome = run("inspect", "attnviz", *words, "--edit", "cross: uniform 1", "--out", target)
    assert outcome.status == 0, outcome.err
    found = arrays(target)
    names = {name.split("/")[1] for name in found if name.startswith("attention")}
    assert names == {"cross"}
    np.testing.assert_allclose(found["attention/cross/1"], 1 / 7, atol=1e-6)
    target = tmp_path / "x.csv"
    outcome = run("inspect", "attnviz", *words, "--layer", 2, "--head", 0, "--out", target)
    assert outcome.status == 0, outcome.err
    heading, *rows = list(csv.reader(target.read_text(encoding="utf-8").splitlines()))
    assert [label.rpartition("·")[0] for label in heading[1:]] == list("attnviz")
    assert len(rows) == 3


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--edit", "drop-head 0"), "at character 12: expected '.'"),
        (("--edit", "drop-head 0.1", "--edit", "nonsense"), "no edit 'nonsense'"),
        (("--edit", "drop-head 99.0"), "layers 0 to 1, and none numbered 99"),
        (("--edit", "set-row 0.0 0 = nan"), "at character 17"),
        (("--edit", "set-row 0.0 0 = -1,2"), "at least 0"),
        (("--edit", "cross: unscaled"), "no cross-attention"),
        (("--edit", 'patch-hidden 0.0 from "" 1'), "in quotes"),
        (("--site", "decoder"), "has no decoder attention"),
        (("--site", "nowhere"), "nowhere"),
        (("--edit",), "--edit"),
        (("--lens", "--layer", "0", "--head", "0", "--out", "x.csv"), "leave out"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_nonsense_is_refused_in_one_sentence(
    run: Run, tiny: Path, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    """Exit status 2, nothing on standard output, no file."""
    out = () if "--out" in words else ("--out", tmp_path / "x.npz")
    assert said in run("inspect", TEXT, "--checkpoint", tiny, *out, *words).refusal()
    assert not list(tmp_path.iterdir())
    if words[0] == "--edit" and len(words) > 1:
        assert said in run("fill-mask", TEXT, "--checkpoint", tiny, *words).refusal()


def test_help_documents_the_grammar(run: Run) -> None:
    """Both commands list every edit."""
    for command in ("inspect", "fill-mask"):
        told = run(command, "--help").out
        assert all(name in told for name in ("drop-head L.H", "set-row", "patch-hidden L.P from", "replace-token"))
