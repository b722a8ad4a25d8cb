"""``attnviz mask``: the schema of its JSON, that seeds repeat, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer

from tests.badinputs.valid import SPECIAL, added, template, tokenizer_json, write_bert_folder, write_json
from tests.commands.conftest import Run

TEXT = "The cat sat on a mat, and the dog sat on the cat."


def test_the_json_has_the_promised_schema(run: Run, shipped: Path) -> None:
    """Tokens as the `tokenizers` library has them, special ones too; each chosen one with what was and what is there."""
    found = run("mask", TEXT, "--rate", "0.5", "--json").json
    tokens = Tokenizer.from_file(str(shipped / "tokenizer.json")).encode(TEXT).tokens
    assert list(found)[:2] == ["tokens", "chosen"]
    assert found["tokens"] == tokens
    assert found["chosen"]
    for one in found["chosen"]:
        assert {key: type(value) for key, value in one.items()} == {
            "position": int,
            "original": str,
            "treatment": str,
            "shown": str,
        }
        assert one["original"] == tokens[one["position"]] not in SPECIAL
        if one["treatment"] == "mask":
            assert one["shown"] == "[MASK]"
        elif one["treatment"] == "kept":
            assert one["shown"] == one["original"]
        else:
            assert one["treatment"] == "random"
            assert one["shown"] not in SPECIAL


@pytest.mark.parametrize("unit", ["token", "word", "span"])
def test_same_seed_same_mask(run: Run, tiny: Path, unit: str) -> None:
    """Two runs are equal to the letter; another seed, and another epoch, choose otherwise."""
    words = ("mask", TEXT, "--checkpoint", tiny, "--unit", unit, "--rate", "0.4", "--json", "--seed")
    first = run(*words, 7)
    assert first.out == run(*words, 7).out
    assert first.out == run(*words, 7, "--epoch", 0).out
    others = [run(*words, 8).json, run(*words, 7, "--epoch", 1).json]
    assert all(other["chosen"] != first.json["chosen"] for other in others)


@pytest.mark.parametrize(
    ("split", "treatment"), [("100,0,0", "mask"), ("0,100,0", "random"), ("0,0,100", "kept"), ("0,0,1", "kept")]
)
def test_a_split_of_one_kind(run: Run, tiny: Path, split: str, treatment: str) -> None:
    """Every token chosen, all treated alike; percentages or shares."""
    found = run("mask", TEXT, "--checkpoint", tiny, "--rate", "1", "--split", split, "--json").json
    assert [one["position"] for one in found["chosen"]] == list(range(1, len(found["tokens"]) - 1))
    assert {one["treatment"] for one in found["chosen"]} == {treatment}


def test_nothing_is_chosen_at_rate_0_and_among_special_tokens(run: Run, tiny: Path) -> None:
    """Both are answers, not errors."""
    words = ("--checkpoint", tiny, "--json")
    assert run("mask", TEXT, "--rate", "0", *words).json["chosen"] == []
    assert run("mask", "[MASK] [SEP]", "--rate", "1", *words).json["chosen"] == []


def test_a_pair_is_masked_in_both_sentences(run: Run, tiny: Path) -> None:
    """The template of a pair, and every token of both."""
    found = run("mask", "the cat", "--pair", "a dog", "--checkpoint", tiny, "--rate", "1", "--json").json
    assert found["tokens"] == ["[CLS]", "the", "cat", "[SEP]", "a", "dog", "[SEP]"]
    assert [one["position"] for one in found["chosen"]] == [1, 2, 4, 5]


def test_a_text_that_is_too_long_is_cut_and_that_is_said(run: Run, tiny: Path) -> None:
    """A hundred thousand characters: the model's positions are masked."""
    outcome = run("mask", "the cat " * 12_500, "--checkpoint", tiny, "--json")
    assert len(outcome.json["tokens"]) == 64
    assert "Showing the first 62 of" in outcome.err


def test_without_json_the_counts_are_said(run: Run, tiny: Path) -> None:
    """The text as it is seen, a line a chosen token, and how many of how many."""
    seen, *rows, counts = run(
        "mask", "the cat", "--checkpoint", tiny, "--rate", "1", "--split", "100,0,0"
    ).out.splitlines()
    assert seen == "[CLS] [MASK] [MASK] [SEP]"
    assert [row.split() for row in rows] == [["1", "the", "mask", "[MASK]"], ["2", "cat", "mask", "[MASK]"]]
    assert counts == "2 of 2 tokens chosen (100.0%): 2 mask, 0 random, 0 kept"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--rate", "1.5"), "between 0 and 1, not 1.5"),
        (("--rate", "nan"), "between 0 and 1, not nan"),
        (("--rate", "much"), "much"),
        (("--split", "80,10"), "80,10"),
        (("--split", "80,10,20"), "80,10,20"),
        (("--split", "110,-10,0"), "110,-10,0"),
        (("--split", "nan,nan,nan"), "nan"),
        (("--split", "0,0,0"), "0,0,0"),
        (("--unit", "letter"), "letter"),
        (("--seed", "-1"), "seed"),
        (("--epoch", "-1"), "epoch"),
        (("--checkpoint", "en-fr-general"), "en-fr-general"),
    ],
)
def test_what_makes_no_sense_is_refused(run: Run, words: tuple[str, str], said: str) -> None:
    """In one sentence that names the value."""
    assert said in run("mask", "the cat", *words).refusal()


def test_no_tokens_and_no_mask_token_are_refused(run: Run, tiny: Path, tmp_path: Path) -> None:
    """An empty text, and a tokenizer that can hide nothing."""
    assert "no tokens" in run("mask", " ", "--checkpoint", tiny).refusal()
    folder = write_bert_folder(tmp_path / "maskless")
    pieces = {f"[{name}]": number for number, name in enumerate(("PAD", "UNK", "CLS", "SEP"))} | {"the": 5, "cat": 6}
    written = tokenizer_json(
        model_vocab=pieces, added_tokens=[added(number, token) for token, number in list(pieces.items())[:4]]
    )
    write_json(folder / "tokenizer.json", written | {"post_processor": template()})
    assert "has no mask token" in run("mask", "the cat", "--checkpoint", folder).refusal()
