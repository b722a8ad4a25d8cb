"""Corpus BLEU-4 against the examples of its paper and against figures of sacrebleu 2."""

from __future__ import annotations

import math

import pytest

from checkpoints.recipes.bleu import corpus_bleu, words


def test_words_and_signs_stand_apart() -> None:
    """Accented letters stay in their word; an apostrophe and a full stop are words of their own."""
    assert words("L'été d'ici.") == ("L", "'", "été", "d", "'", "ici", ".")


def test_equal_texts_score_100_and_strangers_0() -> None:
    """The two ends of the scale."""
    assert corpus_bleu(["une phrase de cinq mots"], [["une phrase de cinq mots"]]) == pytest.approx(100)
    assert corpus_bleu(["une phrase de cinq mots"], [["tout à fait autre chose"]]) == 0


def test_a_word_counts_as_often_as_a_reference_has_it() -> None:
    """Papineni's "the the the …" is clipped: of its four runs of each length only those that a reference has are met."""
    answer = "the cat the cat sat down"
    reference = "the cat sat down today"
    # met: 4 of 6 words, 3 of 5 pairs, 2 of 4 triples, 1 of 3 fours; the answer is longer, so no penalty
    expected = 100 * (4 / 6 * 3 / 5 * 2 / 4 * 1 / 3) ** 0.25
    assert corpus_bleu([answer], [[reference]]) == pytest.approx(expected)


def test_a_short_answer_pays_against_the_nearest_reference() -> None:
    """exp(1 - r/c) with the reference whose length is nearest."""
    answer, near, far = "a b c d e", "a b c d e f", "a b c d e f g h i j k l"
    assert corpus_bleu([answer], [[far, near]]) == pytest.approx(100 * math.exp(1 - 6 / 5))


def test_runs_are_counted_over_the_corpus_and_not_per_phrase() -> None:
    """A phrase of one word has no run of four and doesn't make the whole nothing."""
    one, many = "Fermer", "Enregistrer le fichier sélectionné"
    assert corpus_bleu([one, many], [[one], [many]]) == pytest.approx(100)
