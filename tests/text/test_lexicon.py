"""Words of a text and their ids, counted by hand."""

from __future__ import annotations

from attnviz.text.lexicon import MASK, PAD, UNKNOWN, lexicon_of, words_of

TEXT = "The cat's hat -- and THE cat; the end, 42 times.\nThe end"


def test_words_keep_their_apostrophes_and_marks_are_words() -> None:
    """Small letters, each dash for itself, a number whole."""
    assert words_of(TEXT) == [
        *("the", "cat's", "hat", "-", "-", "and", "the", "cat", ";", "the", "end", ",", "42", "times", ".", "the", "end")
    ]  # fmt: skip


def test_the_most_frequent_words_are_known_and_others_are_not() -> None:
    """Four times the, then two dashes before two ends, for they come first."""
    words = words_of(TEXT)
    lexicon = lexicon_of(words, 6)
    assert lexicon.words == ("[PAD]", "[UNK]", "[MASK]", "the", "-", "end")
    assert (PAD, UNKNOWN, MASK) == (0, 1, 2)
    assert lexicon.ids(["the", "cat", "end"]) == [3, UNKNOWN, 5]
    assert len(lexicon_of(words, 1000).words) == 3 + len(set(words))
