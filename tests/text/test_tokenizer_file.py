from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from attnviz.errors import CheckpointError
from attnviz.text.tokenizer_file import TokenizerSpec, read_tokenizer, sanitise
from tests.badinputs import valid


class Folder:
    """Files in memory."""

    def __init__(self, **files: bytes) -> None:
        self.files = {name.replace("_json", ".json").replace("_txt", ".txt"): raw for name, raw in files.items()}

    def __contains__(self, name: object) -> bool:
        return name in self.files

    def read(self, name: str, most: int, code: str) -> bytes:
        return self.files[name]


LINES = "\n".join(valid.pieces()).encode()


def specify(settings: dict[str, Any] | None = None, **changes: Any) -> TokenizerSpec:
    files = {"tokenizer_json": json.dumps(valid.tokenizer_json(**changes)).encode()}
    if settings is not None:
        files["tokenizer_config_json"] = json.dumps(settings).encode()
    return read_tokenizer(Folder(**files))


def encode(spec: TokenizerSpec, text: str, pair: str | None = None) -> list[str]:
    return list(Tokenizer.from_str(spec.json).encode(text, pair).tokens)


def test_a_sound_file_is_read_as_it_is() -> None:
    """The cleaned tokenizer gives the same tokens as the file itself."""
    raw = json.dumps(valid.tokenizer_json())
    spec = sanitise(raw.encode())
    text = "The cat sat on a [MASK], déjà vu 123."
    assert encode(spec, text) == Tokenizer.from_str(raw).encode(text).tokens
    assert (spec.kind, spec.size, spec.notes) == ("WordPiece", len(valid.pieces()), ())
    assert (spec.mask, spec.cls, spec.sep, spec.pad, spec.unknown) == ("[MASK]", "[CLS]", "[SEP]", "[PAD]", "[UNK]")


def test_a_vocabulary_file_gives_the_same_tokens_as_the_newer_form() -> None:
    """vocab.txt is BERT's own tokenizer: normalizer, pre-tokenizer, word pieces and template."""
    spec = read_tokenizer(Folder(vocab_txt=LINES))
    for text, pair in (("The cat sat, plain!", None), ("Ça va", "a dog"), ("東京 [MASK]", None)):
        assert encode(spec, text, pair) == encode(specify(), text, pair)


@pytest.mark.parametrize("lower", [True, False])
def test_lower_casing_follows_the_settings(lower: bool) -> None:
    """do_lower_case decides what an upper-case word becomes."""
    settings = json.dumps({"do_lower_case": lower}).encode()
    spec = read_tokenizer(Folder(vocab_txt=LINES, tokenizer_config_json=settings))
    assert encode(spec, "CAT") == ["[CLS]", "cat" if lower else "[UNK]", "[SEP]"]


def test_padding_and_truncation_are_dropped() -> None:
    """A tokenizer that pads to a hundred million would never come back."""
    spec = specify(padding={"strategy": {"Fixed": 10**8}}, truncation={"max_length": 1})
    assert json.loads(spec.json)["padding"] is json.loads(spec.json)["truncation"] is None
    assert len(encode(spec, "the cat")) == 4


def test_long_words_end_soon() -> None:
    """A word of ten thousand letters is unknown and not half a minute's work."""
    spec = specify(model_max_input_chars_per_word=10**9)
    started = time.perf_counter()
    assert encode(spec, "a" * 10_000) == ["[CLS]", "[UNK]", "[SEP]"]
    assert time.perf_counter() - started < 1.0


@pytest.mark.parametrize("value", ["<none>", None, 3, {"content": "<none>"}, {}])
def test_a_mask_token_that_is_not_there_is_none(value: Any) -> None:
    """The settings can deny or misname a token; then there is none, and everything else stays."""
    spec = specify({"mask_token": value})
    assert spec.mask is None
    assert spec.cls == "[CLS]"


def test_a_special_token_may_be_an_object() -> None:
    """Newer settings write tokens as objects with their content."""
    assert specify({"mask_token": {"content": "[UNK]", "lstrip": True}}).mask == "[UNK]"


def test_an_unlisted_mask_token_is_still_found_in_text() -> None:
    """A file that forgot its added tokens doesn't take [MASK] apart into brackets and letters."""
    assert encode(specify(added_tokens=[]), "a [MASK]") == ["[CLS]", "a", "[MASK]", "[SEP]"]


def test_a_lone_file_of_another_kind_is_read() -> None:
    """The tokenization tab opens byte-pair tokenizers as well; dropout is switched off."""
    model = {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"], "dropout": 0.5}
    spec = sanitise(json.dumps({"version": "1.0", "model": model}).encode(), name="mine.json")
    assert [encode(spec, "abab") for _ in range(20)] == [["ab", "ab"]] * 20
    assert (spec.kind, spec.mask, spec.unknown) == ("BPE", None, None)
    assert any("dropout" in note for note in spec.notes)


def test_a_model_without_a_type_is_recognised() -> None:
    """Files of 2020 don't name the model's type."""
    model = valid.tokenizer_json()["model"]
    del model["type"]
    assert specify(model=model).kind == "WordPiece"


def test_a_refusal_names_the_file() -> None:
    """A lone file is called by its own name."""
    with pytest.raises(CheckpointError, match=r"mine\.json"):
        sanitise(b"{", name="mine.json")


def test_the_shipped_tokenizer_passes_unchanged() -> None:
    """What ships needs no remark."""
    found = sorted(Path(__file__).parents[2].glob("checkpoints/bert-*/tokenizer.json"))
    if not found:
        pytest.skip("no checkpoint is here")
    for path in found:
        assert sanitise(path.read_bytes()).notes == ()
