"""``attnviz score`` and ``fill-mask --fill``: schema and numbers of their JSON."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tests.commands.conftest import Run
from tests.masked_model import MaskedModel

MASK = 103
TEXT = "The unbelievableness of it."


def test_the_json_of_a_score(run: Run, shipped: Path) -> None:
    """Every token stands there, special ones without a number; each number is that of transformers with the one token masked."""
    found = run("score", TEXT, "--json").json
    assert list(found)[:2] == ["checkpoint", "tokens"]
    names = ["[CLS]", "the", "unbelievable", "##ness", "of", "it", ".", "[SEP]"]
    assert [token["token"] for token in found["tokens"]] == names
    assert [token["position"] for token in found["tokens"]] == list(range(8))
    assert [token["word"] for token in found["tokens"]] == [None, 0, 1, 1, 2, 3, 4, None]
    for end in (0, -1):
        assert (found["tokens"][end]["log_probability"], found["tokens"][end]["rank"]) == (None, None)
    authority = MaskedModel(shipped)
    ids = [101, 1996, 23653, 2791, 1997, 2009, 1012, 102]
    total = 0.0
    for place, token in enumerate(found["tokens"][1:-1], start=1):
        logs = authority.at([MASK if other == place else number for other, number in enumerate(ids)], place)
        assert token["log_probability"] == pytest.approx(float(logs[ids[place]]), abs=1e-4)
        assert token["rank"] == int((logs > logs[ids[place]]).sum()) + 1
        total += token["log_probability"]
    assert found["scored"] == 6
    assert found["pseudo_log_likelihood"] == pytest.approx(total)
    assert found["pseudo_perplexity"] == pytest.approx(math.exp(-total / 6))


def test_a_score_within_words_and_of_a_pair(run: Run, shipped: Path) -> None:
    """The first piece of a word is predicted without the second; each sentence has its own sum."""
    found = run("score", "The unbelievableness.", "--pair", "It is.", "--within-word", "--json").json
    ids = [101, 1996, MASK, MASK, 1012, 102, 2009, 2003, 1012, 102]
    expected = MaskedModel(shipped).at(ids, 2, [0] * 6 + [1] * 4)[23653]
    assert found["within_word"] is True
    assert found["tokens"][2]["log_probability"] == pytest.approx(float(expected), abs=1e-4)
    assert [sentence["scored"] for sentence in found["sentences"]] == [4, 3]
    assert sum(sentence["pseudo_log_likelihood"] for sentence in found["sentences"]) == pytest.approx(
        found["pseudo_log_likelihood"]
    )


def test_a_score_as_lines(run: Run, tiny: Path) -> None:
    """A line a scored token, and two sums."""
    lines = run("score", "the cat", "--checkpoint", tiny).out.splitlines()
    assert [line.split()[0] for line in lines] == ["the", "cat", "pseudo-log-likelihood", "pseudo-perplexity"]


@pytest.mark.parametrize(
    ("text", "said"), [("", "no tokens"), ("[CLS] [MASK]", "nothing but special tokens"), ("\ue000", "no tokens")]
)
def test_texts_without_a_word_are_refused(run: Run, tiny: Path, text: str, said: str) -> None:
    """X01: one sentence, exit status 2."""
    assert said in run("score", text, "--checkpoint", tiny, "--json").refusal()


def test_a_very_long_text_is_scored_in_part(run: Run, tiny: Path) -> None:
    """What the model reads is scored, and what was cut is said."""
    outcome = run("score", "the cat " * 50_000, "--checkpoint", tiny, "--json")
    assert outcome.json["scored"] == 62
    assert "Showing the first 62 of" in outcome.err


@pytest.mark.parametrize("way", ["joint", "left-to-right", "best-first"])
def test_fill_mask_fills_the_masks_too(run: Run, way: str) -> None:
    """The keys that were there are unchanged; the order, its probabilities and the text stand beside them."""
    words = ("fill-mask", "He went to [MASK] [MASK] City.", "--json", "--top", "3")
    plain, found = run(*words).json, run(*words, "--fill", way).json
    fill = found.pop("fill")
    assert list(found) == list(plain)
    assert found["tokens"] == plain["tokens"]
    for ours, theirs in zip(found["masks"], plain["masks"], strict=True):
        assert ours["position"] == theirs["position"]
        assert [entry["id"] for entry in ours["candidates"]] == [entry["id"] for entry in theirs["candidates"]]
    assert list(fill)[:4] == ["way", "order", "log_probability", "text"]
    assert fill["way"] == way
    assert sorted(step["position"] for step in fill["order"]) == [4, 5]
    logs = [math.log(step["probability"]) for step in fill["order"]]
    assert fill["log_probability"] == pytest.approx(sum(logs), abs=1e-5)
    put = [step["token"] for step in sorted(fill["order"], key=lambda step: step["position"])]
    assert fill["text"] == f"He went to {' '.join(put)} City."


def test_words_filled_one_by_one_go_together_better(run: Run) -> None:
    """The masks of one forward don't know of each other: the shipped model's words go together better when the second knows the first."""
    words = ("fill-mask", "He went to [MASK] [MASK] City.", "--json", "--fill")
    joint, after = (run(*words, way).json["fill"] for way in ("joint", "left-to-right"))
    assert after["order"][0] == joint["order"][0]
    assert after["text"] != joint["text"]
    assert joint["left_to_right_log_probability"] < after["left_to_right_log_probability"]
    assert after["left_to_right_log_probability"] == pytest.approx(after["log_probability"], abs=1e-4)


def test_filling_as_lines_and_with_forbidden_pieces(run: Run, tiny: Path) -> None:
    """The steps, numbered; a piece that the tokenizer may not cut may still be put in."""
    outcome = run("fill-mask", "the cat [MASK] [MASK]", "--checkpoint", tiny, "--top", "1", "--fill", "best-first")
    assert "filled best-first" in outcome.out
    assert [line.split()[0] for line in outcome.out.splitlines() if " position " in line] == ["1", "2"]
    cut = run("fill-mask", "the cat [MASK]", "--checkpoint", tiny, "--fill", "joint", "--forbid-piece", "cat", "--json")
    assert cut.json["tokens"] == ["[CLS]", "the", "c", "##a", "##t", "[MASK]", "[SEP]"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("a [MASK]", "--fill", "sideways"), "sideways"),
        (("a [MASK]", "--fill", "joint", "--edit", "drop-head 0.1"), "can't be combined"),
        (("the cat", "--fill", "joint"), "no [MASK]"),
        (("a [MASK]", "--fill", "joint", "--top", "0"), "between 1 and 1000"),
    ],
)
def test_what_cannot_be_filled_is_refused(run: Run, tiny: Path, words: tuple[str, ...], said: str) -> None:
    """Exit status 2 and one sentence."""
    assert said in run("fill-mask", *words, "--checkpoint", tiny).refusal()
