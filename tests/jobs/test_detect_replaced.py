"""Replaced words detected: the numbers of transformers, special tokens judged by nobody, and texts of any length."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer

from attnviz.errors import CheckpointError, TextError
from attnviz.jobs.detect_replaced import DetectReplaced
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.trace import Attention, Detected, Notice, Tokens
from tests.badinputs.valid import pieces
from tests.electras import replaced_logits, write_discriminator
from tests.records import run
from tests.windows import strong_folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_discriminator(tmp_path_factory.mktemp("electra") / "tiny")


@pytest.fixture(scope="module")
def library() -> Library:
    return Library()


@pytest.mark.parametrize("pair", [None, "a dog in it"])
def test_the_logits_are_those_of_transformers(library: Library, folder: Path, pair: str | None) -> None:
    """Of every word, on the tokenizer's own ids, with segments; the probability is the logit's sigmoid."""
    trace = run(library, DetectReplaced(Reference(str(folder)), "the cat sat on a mat", pair))
    encoded = Tokenizer.from_file(str(folder / "tokenizer.json")).encode("the cat sat on a mat", pair)
    expected = replaced_logits(folder, encoded.ids, encoded.type_ids)
    found = trace.find(Detected)
    judged = [place for place, name in enumerate(encoded.tokens) if name not in ("[CLS]", "[SEP]")]
    assert list(found.positions) == judged
    torch.testing.assert_close(torch.tensor(found.logits), expected[judged], atol=1e-4, rtol=0)
    for position in judged:
        assert found.probability(position) == pytest.approx(float(expected[position].sigmoid()), abs=1e-5)
    assert np.allclose(found.probabilities, expected[judged].sigmoid().numpy(), atol=1e-5)


def test_the_forward_is_recorded_before_the_answer(library: Library, folder: Path) -> None:
    """Tokens first, every layer's attention, what was detected last: the picture grows as the model goes."""
    records = list(DetectReplaced(Reference(str(folder)), "the cat").run(library))
    kinds = [type(record) for record in records]
    assert kinds[0] is Tokens
    assert kinds[-1] is Detected
    assert kinds.count(Attention) == 2


def test_special_tokens_are_judged_by_nobody(library: Library, folder: Path) -> None:
    """Neither the template's nor those that are typed, nor a word that the vocabulary lacks."""
    trace = run(library, DetectReplaced(Reference(str(folder)), "cat [MASK] [SEP] ☃ dog"))
    assert trace.tokens().pieces == ("[CLS]", "cat", "[MASK]", "[SEP]", "[UNK]", "dog", "[SEP]")
    found = trace.find(Detected)
    assert found.positions == (1, 5)
    assert [found.probability(position) for position in (0, 2, 3, 4, 6)] == [None] * 5


def test_only_special_tokens_is_an_answer_without_words(library: Library, folder: Path) -> None:
    """Nothing is judged, and nothing is wrong."""
    found = run(library, DetectReplaced(Reference(str(folder)), "[SEP] [CLS]")).find(Detected)
    assert found.positions == ()
    assert found.logits.shape == found.probabilities.shape == (0,)


def test_one_word_is_judged(library: Library, folder: Path) -> None:
    """The shortest text that can be asked about."""
    assert run(library, DetectReplaced(Reference(str(folder)), "cat")).find(Detected).positions == (1,)


def test_no_word_is_a_sentence(library: Library, folder: Path) -> None:
    """Nothing to compute on."""
    with pytest.raises(TextError, match="no tokens"):
        run(library, DetectReplaced(Reference(str(folder)), " "))


def test_a_hundred_thousand_words_are_cut_and_that_is_said(library: Library, folder: Path) -> None:
    """The first 62 of them are judged."""
    trace = run(library, DetectReplaced(Reference(str(folder)), "cat " * 100_000))
    assert trace.find(Detected).positions == tuple(range(1, 63))
    assert "62 of 100000" in trace.find(Notice, "truncated").sentence


def test_a_checkpoint_without_the_head_is_refused(library: Library, tmp_path: Path) -> None:
    """One sentence that says what would do."""
    with pytest.raises(CheckpointError, match="no head that detects replaced words") as caught:
        run(library, DetectReplaced(Reference(str(strong_folder(tmp_path / "bert"))), "the cat"))
    assert caught.value.code == "NO_RTD_HEAD"


def test_scores_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    """Weights that overflow on a text give no probabilities."""
    folder = write_discriminator(tmp_path / "wild")
    weights = load_file(folder / "model.safetensors")
    weights["electra.embeddings.word_embeddings.weight"][pieces().index("cat")] = 3e38  # its variance is infinite
    save_file(weights, folder / "model.safetensors")
    with pytest.raises(CheckpointError) as caught:
        run(Library(), DetectReplaced(Reference(str(folder)), "cat"))
    assert caught.value.code == "NON_FINITE"
