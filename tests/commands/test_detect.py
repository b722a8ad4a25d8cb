"""``attnviz detect``: schema and numbers of its JSON, its lines, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer

from attnviz import places
from attnviz.models import shelf
from tests.commands.conftest import Run
from tests.electras import replaced_logits, write_discriminator
from tests.windows import strong_folder


@pytest.fixture(scope="module")
def electra(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_discriminator(tmp_path_factory.mktemp("detect") / "tiny-electra")


def test_the_json_has_every_token_with_transformers_probability(run: Run, electra: Path) -> None:
    """Positions count from 0; special tokens stand there with null."""
    found = run("detect", "the cat", "--pair", "a dog", "--checkpoint", electra, "--json").json
    encoded = Tokenizer.from_file(str(electra / "tokenizer.json")).encode("the cat", "a dog")
    expected = replaced_logits(electra, encoded.ids, encoded.type_ids).sigmoid().tolist()
    assert list(found) == ["checkpoint", "tokens"]
    assert found["checkpoint"] == "tiny-electra"
    assert [list(token) for token in found["tokens"]] == [["position", "token", "probability"]] * 7
    assert [token["position"] for token in found["tokens"]] == list(range(7))
    assert [token["token"] for token in found["tokens"]] == encoded.tokens
    for token, probability in zip(found["tokens"], expected, strict=True):
        special = token["token"] in ("[CLS]", "[SEP]")
        assert token["probability"] == (None if special else pytest.approx(probability, abs=1e-5))


def test_the_lines_have_bars_and_a_count(run: Run, electra: Path) -> None:
    """A line a word; those from one half on are marked, and the last line counts them."""
    words = ("detect", "the cat sat on a mat with a dog", "--checkpoint", electra)
    found = {token["position"]: token["probability"] for token in run(*words, "--json").json["tokens"]}
    *lines, count = run(*words).out.splitlines()
    judged = [probability for probability in found.values() if probability is not None]
    replaced = [probability >= 0.5 for probability in judged]
    assert 0 < sum(replaced) < len(judged)  # both kinds of lines are seen
    assert ["replaced" in line for line in lines] == replaced
    assert [line.count("█") for line in lines] == [round(probability * 40) for probability in judged]
    assert count == f"{sum(replaced)} of {len(judged)} words are called replaced"


def test_without_a_checkpoint_the_shipped_discriminator_is_asked(
    run: Run, electra: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first ELECTRA on the shelf whose weights have the head: neither a BERT nor a generator."""
    strong_folder(tmp_path / "a-bert")
    write_discriminator(tmp_path / "b-generator", generates=True)
    (tmp_path / "c-discriminator").symlink_to(electra, target_is_directory=True)
    monkeypatch.setattr(places, "checkpoints", lambda: tmp_path)
    assert [folder.name for folder in shelf.detectors()] == ["c-discriminator"]
    assert [folder.name for folder in shelf.generators()] == ["a-bert", "b-generator"]
    assert run("detect", "the cat", "--json").json["checkpoint"] == "c-discriminator"


def test_where_none_ships_that_is_said(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit status 2, and what to do."""
    strong_folder(tmp_path / "a-bert")
    monkeypatch.setattr(places, "checkpoints", lambda: tmp_path)
    assert "name the folder of one with --checkpoint" in run("detect", "the cat").refusal()


@pytest.mark.parametrize(("text", "said"), [("", "no tokens"), (" \n", "no tokens"), ("\ue000", "no tokens")])
def test_texts_without_a_word_are_refused(run: Run, electra: Path, text: str, said: str) -> None:
    """Nothing to compute on."""
    assert said in run("detect", text, "--checkpoint", electra, "--json").refusal()


def test_a_model_without_the_head_is_refused(run: Run, tiny: Path) -> None:
    """A BERT, named by mistake."""
    assert "no head that detects replaced words" in run("detect", "the cat", "--checkpoint", tiny).refusal()


def test_only_special_tokens_are_listed_without_numbers(run: Run, electra: Path) -> None:
    """An answer, not an error."""
    words = ("detect", "[SEP]", "--checkpoint", electra)
    assert [token["probability"] for token in run(*words, "--json").json["tokens"]] == [None] * 3
    assert run(*words).out == "0 of 0 words are called replaced\n"


def test_too_long_a_text_is_cut_and_that_is_said(run: Run, electra: Path) -> None:
    """A hundred thousand characters: an answer on what the model reads."""
    outcome = run("detect", "the cat " * 12_500, "--checkpoint", electra, "--json")
    assert len(outcome.json["tokens"]) == 64
    assert "Showing the first 62 of" in outcome.err


def test_the_help_says_what_null_means(run: Run) -> None:
    """Special tokens are in the JSON without a probability, and the default is no BERT."""
    said = " ".join(run("detect", "--help").out.split())
    assert "their probability is null" in said
    assert "the shipped ELECTRA discriminator" in said
