"""The benchmark of next-sentence prediction: its documents, and that it counts what the model says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tokenizers import Tokenizer

from benchmarks import next_sentence
from checkpoints.recipes.pairs import Kind
from tests.pair_model import PairModel
from tests.windows import strong_folder


@pytest.fixture
def texts(tmp_path: Path) -> tuple[Path, Path]:
    """Twenty sayings of two sentences each with lines of % between, and a text that is one document."""
    sayings, book = tmp_path / "sayings", tmp_path / "book.txt"
    sayings.write_text(
        "\n%\n".join(f"The cat {place} sat on a mat. It was the dog {place} who ran." for place in range(20)),
        encoding="utf-8",
    )
    book.write_text("A plain dog sat down here. The cat sat down on it. It ran on and on.\n" * 3, encoding="utf-8")
    return sayings, book


def test_a_document_is_a_file_or_what_stands_between_percents(texts: tuple[Path, Path]) -> None:
    """What has no neighbours is left out."""
    sayings, book = texts
    found = next_sentence.read("sayings", [sayings])
    assert len(found) == 20
    assert found[3].passages == (("The cat 3 sat on a mat.", "It was the dog 3 who ran."),)
    assert [len(document.passages) for document in next_sentence.read("book", [book, book])] == [3, 3]


def test_the_figures_are_the_shares_of_what_the_model_says(
    tmp_path: Path, texts: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    """As transformers' model says it, pair by pair; each text has as many pairs as another."""
    folder, target = strong_folder(tmp_path / "tiny"), tmp_path / "found.json"
    words = [*map(str, texts), "--checkpoint", str(folder), "--pairs", "40", "--json", str(target)]
    next_sentence.main(words)
    found = json.loads(target.read_text())
    assert [row["pairs"] for row in found.values()] == [40, 40]
    documents = [document for path in texts for document in next_sentence.read(path.name, [path])]
    drawn = next_sentence.pairs(documents, 80, 0, evenly=True)
    tokenizer, authority = Tokenizer.from_file(str(folder / "tokenizer.json")), PairModel(folder)
    for kind in (Kind.NEXT, Kind.ANY, Kind.ALIKE):
        own = [pair for pair in drawn if pair.kind is kind and pair.source == "sayings"]
        encoded = [tokenizer.encode(pair.first, pair.second) for pair in own]
        logits = [authority.logits(one.ids, one.type_ids) for one in encoded]
        right = [(is_next > is_not) is kind.follows for is_next, is_not in logits]
        assert found["sayings"][str(kind)] == pytest.approx(sum(right) / len(right))
    assert len(capsys.readouterr().out.splitlines()) == 4
