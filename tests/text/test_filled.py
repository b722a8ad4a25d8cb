"""Words put into the text where masks stood: what was written around them stays."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from attnviz.models.gate.paths import Folder
from attnviz.text.codec import Codec
from attnviz.text.filled import filled_text
from attnviz.text.tokenizer_file import read_tokenizer, sanitise
from tests.badinputs.valid import added


@pytest.fixture(scope="module")
def codec(shipped: Path) -> Codec:
    return Codec(read_tokenizer(Folder(shipped)))


def put(codec: Codec, text: str, *words: str, pair: str | None = None, masked: Any = ()) -> str:
    """The text with these pieces at its masks, in order."""
    tokens = codec.encode(text, pair, masked)
    ids = list(tokens.ids)
    for place, word in zip(tokens.masks, words, strict=True):
        number = codec.index(word)
        assert number is not None, word
        ids[place] = number
    return filled_text(codec, tokens, ids, tokens.masks)


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("[MASK] [MASK] is the capital of France.", ("the", "city"), "the city is the capital of France."),
        ("She plays the [MASK] [MASK] well", ("token", "##ization"), "She plays the tokenization well"),
        ("It's in  Paris [MASK]", (".",), "It's in  Paris."),
        ("a [MASK][MASK] b", ("new", "york"), "a new york b"),
        ("[MASK]", ("##s",), "##s"),
        ("nothing masked, É", (), "nothing masked, É"),
    ],
)
def test_wordpieces_join_and_stand_apart(codec: Codec, text: str, words: tuple[str, ...], expected: str) -> None:
    """Continuations join the word before, points too, words stand apart; capitals and accents elsewhere stay."""
    assert put(codec, text, *words) == expected


def test_words_masked_by_hand_are_replaced_where_they_stand(codec: Codec) -> None:
    """Both pieces of a word may become words of their own; the second sentence keeps its line."""
    text, pair = "The Tokenization of words", "Is it good?"
    assert put(codec, text, "new", "york", pair=pair, masked=((4, 16),)) == f"The new york of words\n{pair}"
    masked = ((len(text) + 7, len(text) + 11),)
    assert put(codec, text, "true", pair=pair, masked=masked) == f"{text}\nIs it true?"


def test_the_first_word_of_a_second_sentence_is_no_continuation(codec: Codec) -> None:
    """What stands before it is another sentence."""
    assert put(codec, "One", "two", pair="[MASK] three") == "One\ntwo three"


def test_bytes_with_a_mask_that_takes_its_space(codec: Codec) -> None:
    """Byte-level pieces carry the space before them; RoBERTa's mask swallows it and gives it back."""
    model = {"type": "BPE", "vocab": {"a": 0, "Ġ": 1, "Ġa": 2, "b": 3, "<mask>": 4}, "merges": [["Ġ", "a"]]}
    spec = {
        "version": "1.0",
        "added_tokens": [added(4, "<mask>", lstrip=True)],
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
        "model": model,
    }
    bytewise = Codec(sanitise(json.dumps(spec).encode()))
    assert put(bytewise, "b a <mask> a", "Ġa") == "b a a a"
    assert put(bytewise, "b a <mask> a", "b") == "b ab a"
    assert put(bytewise, "<mask> a", "Ġa") == "a a"
