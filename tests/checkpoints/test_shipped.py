"""The encoder–decoders that ship: they open, are small, say what they are, and do what their cards say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from attnviz.models import shelf
from benchmarks import seq2seq_accuracy
from checkpoints.recipes import phrases, spelling

FOLDERS = [folder for folder in shelf.translators() if (folder / "config.json").read_text().find("attnviz-seq2seq") > 0]
LARGEST = 10_000_000


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_shipped_folder_opens_and_has_a_card(folder: Path) -> None:
    """float16, a few MB, a name that says its attention, and a card with data, figures and limits."""
    examined = seq2seq_accuracy.subject(folder)
    assert folder.name.endswith(f"-{examined.model.config.attention}")
    assert {tensor.dtype for tensor in load_file(folder / "model.safetensors").values()} == {torch.float16}
    assert (folder / "model.safetensors").stat().st_size < LARGEST
    card = (folder / "README.md").read_text(encoding="utf-8")
    for part in ("**Data.**", "**Training.**", "**Held-out figures**", "**Limits.**"):
        assert part in card


def test_spelling_models_differ_in_their_attention_only() -> None:
    """Same sizes, same tokenizers: what they do differently comes from attention."""
    folders = [folder for folder in FOLDERS if folder.name.startswith("spelling-")]
    configs = [json.loads((folder / "config.json").read_text()) for folder in folders]
    assert {config.pop("attention") for config in configs} == {"none", "dot", "general", "additive"}
    assert all(config == configs[0] for config in configs)
    assert len({(folder / "tokenizer.json").read_text() for folder in folders}) == 1


def test_held_out_dates_come_out_right() -> None:
    """At least 99 of 100 of a sample, in every way of writing them."""
    (row,) = seq2seq_accuracy.dates_right(seq2seq_accuracy.subject(shelf.resolve("dates-additive")), every=100)
    assert row.examples >= 700
    assert row.figures["exact"] >= 0.99
    assert row.figures["worst way"] >= 0.95


def test_the_accuracy_of_words_is_counted_by_their_length(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of two held-out words one has its sound and one a wrong last phone: half are wrong, and the lengths say which."""
    assert {spelling.part_of(word) for word in ("water", "butter")} == {"test"}
    words = tmp_path / "words.txt"
    words.write_text("water W AO1 T ER0\nbutter B AH1 T AA0\nwindow W IH1 N D OW0\n", encoding="utf-8")
    seq2seq_accuracy.main(["--checkpoint", "spelling-dot", "--words", str(words)])
    assert capsys.readouterr().out.splitlines() == [
        "| spelling-dot | all | 2 | word error 50.0% | phone error 12.5% | edits 0.50 |",
        "| spelling-dot | 5–6 letters | 2 | right 50.0% | phone error 12.5% | edits 0.50 |",
    ]


def test_what_lacks_its_data_is_passed_over(capsys: pytest.CaptureFixture[str]) -> None:
    """And said so, instead of a figure."""
    seq2seq_accuracy.main(["--checkpoint", "en-fr-general"])
    assert capsys.readouterr().out == "en-fr-general: passed over, its data were not given\n"


def test_phrases_are_scored_with_all_their_renderings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file whose French is what the model answers scores 100, beside a rendering that it didn't choose."""
    examined = seq2seq_accuracy.subject(shelf.resolve("en-fr-general"))
    texts = ["Save the file", "Delete the page", "Open the folder"]
    answers = phrases.translate(examined.model, texts, examined.source, examined.target)
    known = {text: ("tout autre chose", answer) for text, answer in zip(texts, answers, strict=True)}
    chosen = phrases.held_out(known, "test", examined.source)
    assert list(chosen) == ["Save the file", "Delete the page"]
    rows = list(seq2seq_accuracy.phrases_right(examined, known, examples=1))
    assert rows[0].examples == len(chosen)
    assert rows[0].figures["exact"] == 1
    assert " → " in capsys.readouterr().out
