"""RoBERTa's tokenizer through the codec: the library's own ids and spans, [MASK] as every model's mask, readable pieces."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from attnviz.errors import CheckpointError
from attnviz.jobs.fill_mask import FillMask
from attnviz.models.library import Library
from attnviz.models.reference import Reference
from attnviz.tabs.scene import Scene, put_in
from attnviz.text.codec import Codec
from attnviz.text.readable import Spelling
from attnviz.text.tokenizer_file import sanitise
from attnviz.trace import Candidates
from tests import family
from tests.records import run


@pytest.fixture(scope="module")
def codec() -> Codec:
    return Codec(sanitise(family.byte_level().to_str().encode()), Spelling(bytewise=True))


@pytest.mark.parametrize("pair", [None, "a mat"])
@pytest.mark.parametrize("text", ["the cat sat", " the  cat", "the <mask> sat.", "über 東京 cat", "<mask>", "a\tb"])
def test_ids_and_spans_are_the_library_s(codec: Codec, text: str, pair: str | None) -> None:
    """Spans are trimmed once, by the library's post-processor, and not once more."""
    expected = family.byte_level().encode(text, pair)
    found = codec.encode(text, pair)
    shift = [0 if part in (None, 0) else len(text) + 1 for part in expected.sequence_ids]
    spans = [
        None if part is None else (start + move, end + move)
        for part, (start, end), move in zip(expected.sequence_ids, expected.offsets, shift, strict=True)
    ]
    assert list(found.ids) == expected.ids
    assert list(found.spans) == spans


def test_the_usual_mask_is_read_as_the_model_s_own(codec: Codec) -> None:
    """[MASK] and <mask> give the same ids and spans, and the text stays as it was typed."""
    own, usual = codec.encode("the <mask> sat"), codec.encode("the [MASK] sat")
    assert (own.ids, own.spans, own.masks) == (usual.ids, usual.spans, usual.masks)
    assert len(own.masks) == 1
    assert usual.text == "the [MASK] sat"


def test_pieces_show_their_space_and_the_bytes_of_half_a_character(codec: Codec) -> None:
    assert codec.encode("a cat ü").labels == ("<s>", "a", "␣cat", "␣", "⟨C3⟩", "⟨BC⟩", "</s>")


@pytest.mark.parametrize(
    ("sentence", "piece", "expected"),
    [
        ("the [MASK] sat", "␣cat", "the cat sat"),
        ("the [MASK] sat", "s", "thes sat"),
        ("[MASK] sat", "␣the", "the sat"),
        ("the[MASK] sat", "␣cat", "the cat sat"),
        ("the [MASK] sat", "⟨C3⟩", "the [MASK] sat"),
    ],
)
def test_a_candidate_brings_its_space_or_joins_the_word_before(
    codec: Codec, sentence: str, piece: str, expected: str
) -> None:
    """A piece with a space is a word of its own; one without continues; half a character can't be written."""
    tokens = codec.encode(sentence)
    assert put_in(Scene(sentence=sentence), tokens, tokens.masks[0], piece).sentence == expected


@pytest.mark.parametrize(
    "architecture", ["RobertaForMaskedLM", "DistilBertForMaskedLM", "ElectraForMaskedLM", "AlbertForMaskedLM"]
)
def test_a_relative_opens_and_fills_a_mask_as_transformers_does(tmp_path: Path, architecture: str) -> None:
    """From its folder on disk, through the gate, to the candidates of a [MASK]: the authority's probabilities."""
    narrow = {"embedding_size": 8} if architecture.startswith(("Electra", "Albert")) else {}
    theirs = family.write(tmp_path, architecture, **narrow)
    trace = run(Library(), FillMask(Reference(str(tmp_path), "cpu"), "the [MASK] sat on a mat", top=5))
    tokens, (found,) = trace.tokens(), trace.every(Candidates)
    with torch.inference_mode():
        logits = theirs(torch.tensor([tokens.ids])).logits[0, tokens.masks[0]]
    best = logits.softmax(-1).topk(5)
    assert [entry.id for entry in found.entries] == best.indices.tolist()
    assert [entry.probability for entry in found.entries] == pytest.approx(best.values.tolist(), abs=1e-5)


@pytest.mark.parametrize(
    ("architecture", "name"),
    [
        ("RobertaForMaskedLM", "lm_head.dense.weight"),
        ("ElectraForPreTraining", "discriminator_predictions.dense.weight"),
        ("AlbertForMaskedLM", "albert.encoder.albert_layer_groups.0.albert_layers.0.ffn.weight"),
    ],
)
def test_weights_that_are_no_numbers_are_refused(tmp_path: Path, architecture: str, name: str) -> None:
    """The first run goes through every head that the folder has."""
    family.write(tmp_path, architecture)
    found = load_file(tmp_path / "model.safetensors")
    save_file({**found, name: torch.full_like(found[name], float("nan"))}, tmp_path / "model.safetensors")
    with pytest.raises(CheckpointError, match="not finite"):
        Library().open(Reference(str(tmp_path), "cpu"))
