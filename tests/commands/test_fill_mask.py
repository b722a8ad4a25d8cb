"""``attnviz fill-mask``: schema and numbers of its JSON."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer

from attnviz import places, settings
from attnviz.settings import Settings
from tests.commands.authority import forward
from tests.commands.conftest import Run

TEXT = "The capital of France is [MASK]."


def test_the_json_has_the_promised_schema(run: Run) -> None:
    """Keys and kinds of the issue's table, with the mask of the example at position 6."""
    found = run("fill-mask", TEXT, "--json").json
    assert list(found) == ["checkpoint", "tokens", "masks"]
    assert found["checkpoint"] == "bert-l6-h384-en"
    assert found["tokens"] == ["[CLS]", "the", "capital", "of", "france", "is", "[MASK]", ".", "[SEP]"]
    [mask] = found["masks"]
    assert list(mask) == ["position", "candidates"]
    assert mask["position"] == 6
    assert len(mask["candidates"]) == 10
    for entry in mask["candidates"]:
        assert {key: type(value) for key, value in entry.items()} == {"id": int, "token": str, "probability": float}


def test_the_probabilities_are_those_of_transformers(run: Run, shipped: Path) -> None:
    """The shipped weights on the tokenizer's own ids, softmax over the whole vocabulary."""
    [mask] = run("fill-mask", TEXT, "--json", "--top", "7").json["masks"]
    ids = Tokenizer.from_file(str(shipped / "tokenizer.json")).encode(TEXT).ids
    expected = forward(shipped, ids).prediction_logits[0, 6].softmax(-1)
    assert [entry["id"] for entry in mask["candidates"]] == expected.topk(7).indices.tolist()
    probabilities = torch.tensor([entry["probability"] for entry in mask["candidates"]])
    torch.testing.assert_close(probabilities, expected.topk(7).values, atol=1e-5, rtol=1e-4)


def test_every_mask_of_a_pair_is_answered(run: Run, tiny: Path) -> None:
    """Several masks, in both sentences, each equal to the authority's row; ids without a piece are called by number."""
    words = ("fill-mask", "a [MASK] sat", "--pair", "the [MASK]", "--checkpoint", tiny, "--top", "3", "--json")
    found = run(*words).json
    tokenizer = Tokenizer.from_file(str(tiny / "tokenizer.json"))
    encoded = tokenizer.encode("a [MASK] sat", "the [MASK]")
    logits = forward(tiny, encoded.ids, encoded.type_ids).prediction_logits[0]
    assert found["tokens"] == encoded.tokens
    assert [mask["position"] for mask in found["masks"]] == [2, 6]
    for mask in found["masks"]:
        best = logits[mask["position"]].softmax(-1).topk(3)
        assert [entry["id"] for entry in mask["candidates"]] == best.indices.tolist()
        assert [entry["token"] for entry in mask["candidates"]] == [
            tokenizer.id_to_token(number) or f"#{number}" for number in best.indices.tolist()
        ]


def test_more_candidates_than_words_are_all_words(run: Run, tiny: Path) -> None:
    """--top beyond the vocabulary gives the vocabulary, and the probabilities add up to 1."""
    [mask] = run("fill-mask", "[MASK]", "--checkpoint", tiny, "--top", "1000", "--json").json["masks"]
    assert len(mask["candidates"]) == 320
    assert sum(entry["probability"] for entry in mask["candidates"]) == pytest.approx(1.0, abs=1e-4)


@pytest.mark.parametrize("form", ["{folder}", "{folder}/", "{folder}/.", "tiny", "./tiny", "tiny/"])
def test_a_checkpoint_is_named_by_folder(run: Run, tiny: Path, monkeypatch: pytest.MonkeyPatch, form: str) -> None:
    """Absolute, relative, with a slash at the end: the name in the answer is the folder's own."""
    monkeypatch.chdir(tiny.parent)
    outcome = run("fill-mask", "[MASK]", "--checkpoint", form.format(folder=tiny), "--json")
    assert outcome.json["checkpoint"] == "tiny"


def test_a_checkpoint_is_named_as_in_the_list(run: Run, tiny: Path) -> None:
    """A recent folder answers to its name from anywhere."""
    settings.save(Settings(recent=(str(tiny),)), places.settings_file())
    assert run("fill-mask", "[MASK]", "--checkpoint", "tiny", "--json").json["checkpoint"] == "tiny"


def test_notices_go_to_standard_error(run: Run, tiny: Path) -> None:
    """More than 32 masks: the answer is JSON all the same, and what was left out is said beside it."""
    outcome = run("fill-mask", "[MASK] " * 40, "--checkpoint", tiny, "--json")
    assert len(outcome.json["masks"]) == 32
    assert "first 32 of 40" in outcome.err


def test_a_text_that_is_too_long_is_cut_and_that_is_said(run: Run, tiny: Path) -> None:
    """A hundred thousand characters: one for the paste limit, one for the model's positions, and an answer."""
    outcome = run("fill-mask", "[MASK] " + "the cat " * 12_500, "--checkpoint", tiny, "--json")
    assert outcome.status == 0
    assert len(outcome.json["tokens"]) == 64
    assert "cut at 20,000 characters" in outcome.err
    assert "Showing the first 62 of" in outcome.err


@pytest.mark.parametrize("bad", ["\ud800", chr(0xDCFF), "\0"], ids=["half a pair", "an invalid byte", "NUL"])
def test_x04_characters_that_are_none_are_replaced(run: Run, tiny: Path, bad: str) -> None:
    """X04: half a surrogate pair or a NUL becomes U+FFFD before the tokenizer sees it, and the count is said."""
    outcome = run("fill-mask", f"a{bad}b [MASK]", "--checkpoint", tiny, "--json")
    assert outcome.status == 0
    assert outcome.json["tokens"][-2] == "[MASK]"
    assert "1 invalid character replaced" in outcome.err


def test_without_json_there_are_bars(run: Run, tiny: Path) -> None:
    """A line of tokens, then a line for each candidate."""
    outcome = run("fill-mask", "the [MASK]", "--checkpoint", tiny, "--top", "2")
    tokens, position, *bars = outcome.out.splitlines()
    assert tokens == "[CLS] the [MASK] [SEP]"
    assert position == "position 2"
    assert [line.split()[2] for line in bars] == ["%", "%"]


def test_forbidden_pieces_are_not_cut(run: Run, tiny: Path) -> None:
    """Each ``--forbid-piece`` takes one away; the words behind the mask are those of the tokens that are left."""
    words = ("fill-mask", "the cat [MASK] on the mat", "--checkpoint", tiny, "--json")
    plain, found = run(*words).json, run(*words, "--forbid-piece", "cat", "--forbid-piece", "mat").json
    cut = ["[CLS]", "the", "c", "##a", "##t", "[MASK]", "on", "the", "m", "##a", "##t", "[SEP]"]
    assert found["tokens"] == cut
    assert found["masks"][0]["position"] == 5
    assert found["masks"][0]["candidates"] != plain["masks"][0]["candidates"]


@pytest.mark.parametrize(
    ("piece", "said"), [("zebra", "no piece 'zebra'"), ("[MASK]", "special token"), ("\ud800", "\\ud800")]
)
def test_a_piece_that_cannot_be_forbidden_is_refused(run: Run, tiny: Path, piece: str, said: str) -> None:
    """Exit status 2 and one sentence."""
    assert said in run("fill-mask", "a [MASK]", "--checkpoint", tiny, "--forbid-piece", piece).refusal()
