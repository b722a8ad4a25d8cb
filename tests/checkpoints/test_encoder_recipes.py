"""The recipes of the encoders: from text to a folder that opens, what they hold out, what they begin with, what they measure."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from attnviz.models.bert import Bert
from attnviz.models.config import BertConfig
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.trace import Attention
from checkpoints.recipes import electra, english, halved, masks, neighbours, roberta
from checkpoints.recipes.encoder_folder import initialise
from tests import family

NOUNS, VERBS, PLACES = (
    ("cat", "dog", "mat"),
    ("sat", "is", "was"),
    ("on a mat", "in it", "with the dog", "in a sentence"),
)


@pytest.fixture
def text(tmp_path: Path) -> Path:
    """A few hundred short passages in two files of a compressed archive, as the real text is."""
    lines = [
        f"the {noun} {verb} {place} {number}"
        for noun in NOUNS
        for verb in VERBS
        for place in PLACES
        for number in range(9)
    ]
    for name, part in (("wiki_vital", lines[::2]), ("other", lines[1::2])):
        (tmp_path / f"{name}.txt").write_text("\n".join(part) + "\n", encoding="utf-8")
    path = tmp_path / "text.tar.xz"
    with tarfile.open(path, "w:xz") as archive:
        for name in ("wiki_vital", "other"):
            archive.add(tmp_path / f"{name}.txt", arcname=f"{name}.txt")
    return path


def logged(run: Path) -> list[int]:
    return [json.loads(line)["step"] for line in (run / "log.jsonl").read_text().splitlines()]


def test_roberta_runs_from_text_to_a_folder(tmp_path: Path, text: Path) -> None:
    """Its own tokenizer, twenty steps, a log with figures at [MASK] positions, and a folder that masks and predicts."""
    roberta.main(["--data", str(text), "--smoke", "--runs", str(tmp_path / "runs")])
    run = tmp_path / "runs" / "smoke-roberta-l4-h128-en"
    opened = Library().encoder(Reference(str(run / "folder"), "cpu"))
    assert (opened.report.family, opened.report.can_fill_masks) == ("roberta", True)
    assert (opened.codec.spec.mask, opened.codec.spec.cls, opened.report.positions) == ("<mask>", "<s>", 512)
    assert opened.report.unexpected == ()
    assert {tensor.dtype for tensor in load_file(run / "folder" / "model.safetensors").values()} == {torch.float16}
    assert logged(run) == [5, 10, 15, 20]


def test_electra_runs_against_a_generator_to_a_folder(tmp_path: Path, text: Path) -> None:
    """The generator's folder is read and not written; the discriminator has its tokenizer and says of every word how sure it is."""
    generator = tmp_path / "generator"
    sizes = {"hidden_size": 96, "num_hidden_layers": 4, "num_attention_heads": 3, "intermediate_size": 64}
    family.write(generator, "BertForPreTraining", **sizes)
    electra.main(["--data", str(text), "--generator", str(generator), "--smoke", "--runs", str(tmp_path / "runs")])
    run = tmp_path / "runs" / "smoke-electra-l3-h384-en"
    opened = Library().encoder(Reference(str(run / "folder"), "cpu"))
    assert (opened.report.family, opened.report.can_detect, opened.report.can_fill_masks) == ("electra", True, False)
    assert (opened.report.layers, opened.model.config.word_width) == (3, 64)
    assert {"f1", "auc"} <= json.loads((run / "log.jsonl").read_text().splitlines()[-1]).keys()


@pytest.mark.parametrize("recipe", [roberta, electra])
def test_a_text_without_enough_to_hold_out_is_refused_in_a_sentence(tmp_path: Path, recipe) -> None:
    (tmp_path / "one.txt").write_text("a line\n", encoding="utf-8")
    with pytest.raises(SystemExit, match="too few passages"):
        recipe.main(["--data", str(tmp_path / "one.txt"), "--smoke", "--runs", str(tmp_path / "runs")])


def test_what_is_held_out_is_never_trained_on(text: Path) -> None:
    """By the passage alone, about two in a hundred, whichever file it stands in."""
    many = {"a": [f"passage {number}" for number in range(5000)]}
    training, held_out = english.split(many)
    assert not set(training["a"]) & set(held_out)
    assert len(training["a"]) + len(held_out) == 5000
    assert 60 <= len(held_out) <= 140
    assert set(english.read(text)) == {"wiki_vital", "other"}


def test_masks_have_the_shares_of_bert_and_only_stand_where_they_may() -> None:
    """15 % chosen; of these 80 % masked, 10 % random, 10 % kept (within four standard errors of 100,000 tokens)."""
    ids = torch.full((100, 1000), 7)
    allowed = torch.ones_like(ids, dtype=torch.bool)
    allowed[:, 0] = False
    found = masks.mask(ids, allowed, 3, (10, 20), torch.Generator().manual_seed(1))
    shown = found.ids[found.rows, found.columns]
    assert not bool((found.columns == 0).any())
    assert bool((found.wanted == 7).all())
    assert len(shown) / 99_900 == pytest.approx(0.15, abs=4 * (0.15 * 0.85 / 99_900) ** 0.5)
    shares = [
        float((shown == 3).float().mean()),
        float((shown >= 10).float().mean()),
        float((shown == 7).float().mean()),
    ]
    assert shares == pytest.approx([0.8, 0.1, 0.1], abs=4 * (0.16 / len(shown)) ** 0.5)


def test_the_area_under_the_curve_counts_pairs_and_halves_ties() -> None:
    """Against all pairs counted one by one."""
    draws = np.random.default_rng(0)
    probability = draws.integers(0, 12, 300) / 12
    replaced = draws.random(300) < 0.2
    pairs = [(high > low) + 0.5 * (high == low) for high in probability[replaced] for low in probability[~replaced]]
    assert electra.area(probability, replaced) == pytest.approx(float(np.mean(pairs)), abs=1e-12)


def test_f1_is_counted_by_hand() -> None:
    """Three said, two of them right, of four: precision 2/3, recall 1/2, F1 4/7."""
    probability = np.array([0.9, 0.8, 0.7, 0.1, 0.2, 0.3])
    replaced = np.array([True, True, False, True, True, False])
    found = electra.figures(probability, replaced)
    assert (found["precision"], found["recall"], found["f1"]) == pytest.approx((2 / 3, 1 / 2, 4 / 7))


def test_a_halved_bert_of_nearly_full_width_begins_with_bert_s_own_states() -> None:
    """With one embedding dimension less than hidden ones little is lost, and that little is what the norm of the new vectors bends."""
    torch.manual_seed(0)
    config = BertConfig(200, 32, 3, 4, 64, 140)
    model = initialise(Bert(config, pooler=False, mlm=False, nsp=False)).eval()
    torch.nn.init.normal_(model.embeddings.word.weight)
    small = halved.halved(model, 2, 31, torch.full((200,), 1 / 200)).eval()
    ids = torch.randint(200, (4, 20))
    with torch.inference_mode():
        wanted = model.block(1)(model.block(0)(model.embeddings(ids, ids * 0)).output).output
        found = small(ids)
    assert float(torch.nn.functional.cosine_similarity(found, wanted, dim=-1).mean()) > 0.9


def test_waves_turned_by_an_offset_are_those_of_another_place() -> None:
    table = neighbours.waves(40, 32)
    torch.testing.assert_close(table[:30] @ neighbours.turned(32, 5).T, table[5:35], atol=1e-5, rtol=0)


def test_first_heads_find_a_token_s_neighbours() -> None:
    """The four heads of the first layer look most at the second and at the next token on either side."""
    torch.manual_seed(0)
    config = BertConfig(500, 128, 2, 4, 64, 130, kind="roberta", padding=1, first_position=2)
    model = neighbours.with_neighbours(initialise(Bert(config, pooler=False, mlm=False, nsp=False)))
    ids = torch.randint(5, 500, (1, 60))
    first = next(record for record in model.trace(ids, ids * 0) if isinstance(record, Attention))
    for head, offset in enumerate(neighbours.OFFSETS[0]):
        weights = first.weights(head)[10:50]
        own = weights[np.arange(40), np.arange(10, 50) + offset].mean()
        assert own > 0.25
