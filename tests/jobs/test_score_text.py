"""Pseudo-log-likelihood against transformers, asked for one masked word at a time."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from attnviz.errors import CheckpointError, TextError
from attnviz.jobs.score_text import ScoreText
from attnviz.models.checkpoint import Checkpoint
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.trace import Notice, OwnProbability, PseudoLikelihood, Tokens, Trace
from attnviz.trace.answers import pseudo_perplexity
from tests.badinputs.valid import pieces, write_bert_folder
from tests.masked_model import MaskedModel, swayed_folder

MASK = 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return swayed_folder(tmp_path_factory.mktemp("score") / "tiny")


@pytest.fixture(scope="module")
def authority(folder: Path) -> MaskedModel:
    return MaskedModel(folder)


@pytest.fixture(scope="module")
def library() -> Library:
    return Library()


def scored(
    library: Library, folder: Path, text: str, *rest: Any, **options: Any
) -> tuple[Tokens, PseudoLikelihood, Trace]:
    trace = Trace().plus(*ScoreText(Reference(str(folder), "cpu"), text, *rest, **options).run(library))
    tokens, whole = trace.tokens(), trace.find(PseudoLikelihood)
    assert tokens is not None
    assert whole is not None
    return tokens, whole, trace


def by_hand(authority: MaskedModel, tokens: Tokens, place: int, hidden: tuple[int, ...]) -> float:
    """Ln p of the token at ``place`` with these positions masked."""
    ids = [MASK if other in hidden else number for other, number in enumerate(tokens.ids)]
    return float(authority.at(ids, place, tokens.segments)[tokens.ids[place]])


@pytest.mark.parametrize(
    ("text", "pair"), [("the cat sat on xy mat", None), ("the dog", "a plain sentence"), ("it", None)]
)
def test_each_token_is_masked_alone(library, folder, authority, text, pair) -> None:
    """Salazar's sum: ln p of each token with everything else in sight, special tokens left out."""
    tokens, whole, trace = scored(library, folder, text, pair)
    places = [place for place, span in enumerate(tokens.spans) if span is not None]
    expected = [by_hand(authority, tokens, place, (place,)) for place in places]
    found = trace.every(OwnProbability)
    assert [own.position for own in found] == places
    assert [-own.nats for own in found] == pytest.approx(expected, abs=1e-4)
    assert whole.log_probability == pytest.approx(sum(expected), abs=1e-3)
    assert whole.scored == len(places)
    assert whole.perplexity == pytest.approx(math.exp(-sum(expected) / len(places)), rel=1e-3)


def test_within_a_word_the_pieces_to_the_right_are_hidden_too(library, folder, authority) -> None:
    """Kauf and Ivanova's sum; words of one piece are scored as ever."""
    tokens, whole, trace = scored(library, folder, "the xyz sat on ab", within_word=True)
    assert tokens.pieces[1:-1] == ("the", "x", "##y", "##z", "sat", "on", "a", "##b")
    hidden = {1: (1,), 2: (2, 3, 4), 3: (3, 4), 4: (4,), 5: (5,), 6: (6,), 7: (7, 8), 8: (8,)}
    expected = [by_hand(authority, tokens, place, masked) for place, masked in hidden.items()]
    assert [-own.nats for own in trace.every(OwnProbability)] == pytest.approx(expected, abs=1e-4)
    assert whole.within_word
    _, alone, _ = scored(library, folder, "the xyz sat on ab")
    assert alone.log_probability != pytest.approx(whole.log_probability, abs=1e-2)


def test_the_sentences_of_a_pair_are_summed_apart(library, folder) -> None:
    """Both are read together; their sums add up to the whole."""
    _, whole, trace = scored(library, folder, "the cat", "sat on it")
    logs = [-own.nats for own in trace.every(OwnProbability)]
    assert [count for _, count in whole.sentences] == [2, 3]
    assert [total for total, _ in whole.sentences] == pytest.approx([sum(logs[:2]), sum(logs[2:])])
    assert whole.log_probability == pytest.approx(sum(logs))


def test_masks_and_special_tokens_in_the_text_are_read_but_not_scored(library, folder, authority) -> None:
    """A mask has no word; [SEP] is none; an unknown word stands in the text and counts."""
    tokens, whole, trace = scored(library, folder, "the [MASK] sat [SEP] on \u2603 [PAD]")
    assert tokens.pieces[1:-1] == ("the", "[MASK]", "sat", "[SEP]", "on", "[UNK]", "[PAD]")
    assert [own.position for own in trace.every(OwnProbability)] == [1, 3, 5, 6]
    assert -trace.every(OwnProbability)[1].nats == pytest.approx(by_hand(authority, tokens, 3, (3,)), abs=1e-4)
    assert whole.scored == 4


def test_without_a_word_there_is_nothing_to_score(library, folder) -> None:
    """No forward, no perplexity."""
    _, whole, trace = scored(library, folder, "[CLS] [MASK] [SEP]")
    assert (whole.scored, whole.log_probability, whole.perplexity) == (0, 0.0, None)
    assert trace.every(OwnProbability) == ()
    with pytest.raises(TextError) as caught:
        scored(library, folder, " ")
    assert caught.value.code == "EMPTY_TEXT"


def test_a_hundred_thousand_words_are_cut_and_that_is_said(library, folder) -> None:
    """What fits the model's positions is scored."""
    tokens, whole, trace = scored(library, folder, "cat " * 100_000)
    assert (len(tokens), whole.scored) == (64, 62)
    assert [notice.topic for notice in trace.every(Notice)] == ["truncated"]


def test_improbable_words_have_finite_logarithms(library: Library, tmp_path: Path) -> None:
    """A probability too small for a float is 0, its logarithm is not lost."""
    folder = swayed_folder(tmp_path / "odd")
    weights = load_file(folder / "model.safetensors")
    weights["cls.predictions.bias"][pieces().index("cat")] -= 2000.0
    save_file(weights, folder / "model.safetensors")
    _, whole, trace = scored(library, folder, "the cat")
    own = trace.find(OwnProbability, 2)
    assert own is not None
    assert own.probability == 0.0
    assert 1900 < own.nats < 2100
    assert math.isfinite(whole.log_probability)
    assert pseudo_perplexity(-2000.0, 1) == math.inf


def test_batches_change_nothing(library: Library, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two words at a time or all at once: the same numbers; every layer of every batch is a chance to stop."""
    text = "the cat sat on a mat xyz"
    _, whole, _ = scored(library, folder, text, within_word=True)
    rows = []
    guess = Checkpoint.guess

    def watched(self: Checkpoint, ids: Any, tokens: Any, blanks: Any, here: Any) -> Any:
        rows.append(len(blanks))
        return guess(self, ids, tokens, blanks, here)

    monkeypatch.setattr("attnviz.models.checkpoint.BATCH_TOKENS", 24)
    monkeypatch.setattr(Checkpoint, "guess", watched)
    records = list(ScoreText(Reference(str(folder), "cpu"), text, within_word=True).run(library))
    assert rows == [2, 2, 2, 2, 1]
    assert records[-1].log_probability == pytest.approx(whole.log_probability, abs=1e-3)  # type: ignore[attr-defined] # the last is the sum
    assert len(records) >= len(rows) * 3


def test_a_model_without_the_head_is_refused(library: Library, tmp_path: Path) -> None:
    """With what it can do instead."""
    bare = write_bert_folder(tmp_path / "bare", heads=False)
    with pytest.raises(CheckpointError, match="no masked-word head"):
        scored(library, bare, "the cat")
