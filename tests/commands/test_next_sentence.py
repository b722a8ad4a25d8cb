"""``attnviz next-sentence``: schema and numbers of its JSON, its lines, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer

from tests.badinputs.valid import write_bert_folder
from tests.commands.conftest import Run
from tests.pair_model import PairModel

PAIR = ("the cat sat on a mat", "it is a plain dog")


def test_the_json_has_both_orders_with_transformers_logits(run: Run, tiny: Path) -> None:
    """is_next stands at the top; the swapped pair has numbers of its own."""
    found = run("next-sentence", *PAIR, "--checkpoint", tiny, "--json").json
    assert list(found) == ["checkpoint", "is_next", "is_not_next", "logits", "swapped", "tokens", "segments"]
    tokenizer, authority = Tokenizer.from_file(str(tiny / "tokenizer.json")), PairModel(tiny)
    for order, answer in ((PAIR, found), (PAIR[::-1], found["swapped"])):
        encoded = tokenizer.encode(*order)
        logits = authority.logits(encoded.ids, encoded.type_ids)
        assert list(answer["logits"].values()) == pytest.approx(logits, abs=1e-4)
        assert answer["is_next"] + answer["is_not_next"] == pytest.approx(1, abs=1e-6)
    encoded = tokenizer.encode(*PAIR)
    assert (found["tokens"], found["segments"]) == (encoded.tokens, encoded.type_ids)
    assert found["is_next"] != found["swapped"]["is_next"]


def test_the_lines_have_a_bar_for_each_order(run: Run, tiny: Path) -> None:
    """As long as the probability says."""
    words = ("next-sentence", *PAIR, "--checkpoint", tiny)
    found = run(*words, "--json").json
    there, back = run(*words).out.splitlines()
    assert there.startswith("B follows A")
    assert back.startswith("A follows B")
    for line, answer in ((there, found), (back, found["swapped"])):
        assert line.count("█") == round(answer["is_next"] * 40)


@pytest.mark.parametrize("pair", [("", "a dog"), ("a dog", ""), (" ", "\n")])
def test_an_empty_sentence_is_refused(run: Run, tiny: Path, pair: tuple[str, str]) -> None:
    """One sentence, exit status 2."""
    assert "is empty; type both" in run("next-sentence", *pair, "--checkpoint", tiny, "--json").refusal()


def test_a_checkpoint_without_the_head_is_refused(run: Run, tmp_path: Path) -> None:
    """The sentence names one that has it."""
    bare = write_bert_folder(tmp_path / "bare", heads=False)
    assert "no next-sentence head" in run("next-sentence", *PAIR, "--checkpoint", bare, "--json").refusal()


def test_a_very_long_pair_is_judged_in_part(run: Run, tiny: Path) -> None:
    """What was cut is said on standard error."""
    outcome = run("next-sentence", "the cat " * 50_000, "a dog", "--checkpoint", tiny, "--json")
    assert len(outcome.json["tokens"]) == 64
    assert "Showing the first" in outcome.err
