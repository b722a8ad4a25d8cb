"""The recipes' Transformer: it trains in bfloat16, decodes with its cache, and runs from data to a folder that is its own."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from attnviz.models import shelf
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.models.transformer import Transformer
from attnviz.models.transformer_config import TransformerConfig
from benchmarks import seq2seq_accuracy
from checkpoints.recipes import phrases, spelling
from checkpoints.recipes.decoding import Remembered, Repeated, greedy
from checkpoints.recipes.training import Pair, Plan, build, train
from tests.transformers_at_random import random_model

PLAN = Plan(steps=60, batch_tokens=60, rate=0.01, warm_up=6, even=True, bfloat16=True, report_every=20, save_every=60)
SHIPPED = [folder for folder in shelf.translators() if folder.name.endswith("-transformer")]
LARGEST = 10_000_000
CONFIG = TransformerConfig(12, 12, hidden=16, heads=2, encoder_layers=1, decoder_layers=2, intermediate=24, longest=9)


def some_pairs(count: int = 90) -> list[Pair]:
    """Sources of other signs, and targets that say them backwards."""
    draw = random.Random(4)
    sources = [tuple(draw.choices(range(4, 12), k=draw.randint(1, 7))) for _ in range(count)]
    return [(source, source[::-1]) for source in sources]


def small() -> Transformer:
    model = Transformer(CONFIG)
    model.initialise()
    return model


def logged(run: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("half", [True, False], ids=["bfloat16", "float32"])
def test_a_transformer_learns(tmp_path: Path, half: bool) -> None:
    """The loss falls step by step, and all weights stay float32 and finite."""
    model = train(build(small, PLAN), some_pairs(), replace(PLAN, bfloat16=half), tmp_path, lambda _model: {})
    losses = [entry["loss"] for entry in logged(tmp_path)]
    assert losses[-1] < losses[0] - 0.3
    assert all(tensor.dtype == torch.float32 and tensor.isfinite().all() for tensor in model.state_dict().values())


@pytest.mark.parametrize("norm", ["post", "pre"])
def test_decoding_with_the_cache_and_from_the_beginning_agree(norm: str) -> None:
    """Word by word with keys and values kept, it answers as when it reads all the words before again."""
    model = random_model(2, source_vocabulary=12, target_vocabulary=12, norm=norm, tied_output=False)
    sources = [source for source, _ in some_pairs(30)]
    kept = greedy(model, sources, 9, lambda source: Remembered(model, source))
    assert kept == greedy(model, sources, 9, lambda source: Repeated(model, source))
    assert len(set(kept)) > 3
    assert kept == greedy(model, sources, 9)


def opens(folder: Path, norm: str, task: str) -> None:
    """The folder passes the gate with nothing missing and nothing left over, is float16, and knows its task."""
    found = Library().encoder_decoder(Reference(str(folder), "cpu"))
    assert (found.report.missing, found.report.unexpected, found.report.notes) == ((), (), ())
    examined = seq2seq_accuracy.subject(folder)
    assert isinstance(examined.model, Transformer)
    assert examined.model.config.norm == norm
    assert examined.task == task
    assert {tensor.dtype for tensor in load_file(folder / "model.safetensors").values()} == {torch.float16}


def test_spelling_runs_from_a_list_of_words_to_a_folder(tmp_path: Path) -> None:
    """Twenty steps, a log and a folder; checkpoints/ is left alone."""
    onsets, vowels = {"b": "B", "d": "D", "k": "K", "s": "S", "t": "T"}, {"a": "AA1", "i": "IY1", "o": "OW0"}
    syllables = {on + vow: f"{sound} {open_}" for on, sound in onsets.items() for vow, open_ in vowels.items()}
    lines = [f"{one}{two} {first} {second}" for one, first in syllables.items() for two, second in syllables.items()]
    (tmp_path / "words.txt").write_text("\n".join(lines), encoding="utf-8")
    spelling.main(["transformer", "--data", str(tmp_path / "words.txt"), "--smoke", "--runs", str(tmp_path)])
    run = tmp_path / "smoke-spelling-transformer"
    opens(run / "folder", "post", "spelling")
    assert [entry["step"] for entry in logged(run)] == [5, 10, 15, 20]


def test_phrases_run_from_a_file_of_pairs_to_a_folder(tmp_path: Path) -> None:
    """The same for pairs that are given."""
    verbs = {"Open": "Ouvrir", "Close": "Fermer", "Save": "Enregistrer", "Delete": "Supprimer", "Move": "Déplacer"}
    things = {"file": "fichier", "folder": "dossier", "image": "image", "window": "fenêtre", "line": "ligne"}
    ends = {"now": "maintenant", "again": "encore", "here": "ici", "later": "plus tard", "today": "aujourd'hui"}
    which = {"the": "le", "this": "ce", "a": "un", "another": "un autre"}
    rows = [
        f"{verb} {the} {thing} {end}\t{action} {le} {chose} {fin}"
        for the, le in which.items()
        for verb, action in verbs.items()
        for thing, chose in things.items()
        for end, fin in ends.items()
    ]
    (tmp_path / "pairs.tsv").write_text("\n".join(rows), encoding="utf-8")
    phrases.main(["transformer", "--data", str(tmp_path / "pairs.tsv"), "--smoke", "--runs", str(tmp_path)])
    run = tmp_path / "smoke-en-fr-transformer"
    opens(run / "folder", "pre", "phrases")
    assert [entry["step"] for entry in logged(run)] == [5, 10, 15, 20]


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_a_shipped_transformer_opens_and_has_a_card(folder: Path) -> None:
    """A few MB, the tokenizers of the recurrent models of its task, and a card with data, figures and limits."""
    task, norm = {"spelling": ("spelling", "post"), "en-fr": ("phrases", "pre")}[
        folder.name.removesuffix("-transformer")
    ]
    opens(folder, norm, task)
    assert (folder / "model.safetensors").stat().st_size < LARGEST
    recurrent = folder.with_name(folder.name.replace("transformer", "general"))
    assert (folder / "tokenizer.json").read_text() == (recurrent / "tokenizer.json").read_text()
    card = (folder / "README.md").read_text(encoding="utf-8")
    for part in ("**Data.**", "**Training.**", "**Held-out figures**", "**Limits.**"):
        assert part in card
