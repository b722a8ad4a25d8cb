"""Text to tokens, against the `tokenizers` library itself."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from attnviz.errors import TextError
from attnviz.models.gate.paths import Folder
from attnviz.text.codec import Codec
from attnviz.text.tokenizer_file import read_tokenizer

FOLDER = Path(__file__).parents[2] / "checkpoints" / "bert-l6-h384-en"
TOKENIZER = read_tokenizer(Folder(FOLDER))
CODEC = Codec(TOKENIZER)
AUTHORITY = Tokenizer.from_file(str(FOLDER / "tokenizer.json"))
AUTHORITY.no_padding()
AUTHORITY.no_truncation()


@given(
    st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60),
    st.none() | st.text(alphabet="abc é中[MASK] ", max_size=20),
)
def test_ids_and_spans_equal_the_library(text: str, pair: str | None) -> None:
    """Any text, alone or in a pair: the same ids, types and offsets, spans within the joint text."""
    expected = AUTHORITY.encode(text, pair)
    if all(expected.special_tokens_mask):
        with pytest.raises(TextError) as caught:
            CODEC.encode(text, pair)
        assert caught.value.code == "EMPTY_TEXT"
        return
    tokens = CODEC.encode(text, pair)
    assert list(tokens.ids) == expected.ids
    assert list(tokens.segments) == expected.type_ids
    assert [bool(added) for added in expected.special_tokens_mask] == list(tokens.special)
    for place, span in enumerate(tokens.spans):
        if span is None:
            assert tokens.special[place]
            continue
        start, end = expected.offsets[place]
        own = text if expected.token_to_sequence(place) == 0 else str(pair)
        assert tokens.joint[slice(*span)] == own[start:end]


@pytest.mark.parametrize(("first", "second"), [(600, None), (600, 3), (3, 600), (400, 400), (255, 254), (509, 1)])
def test_long_texts_are_cut_to_the_models_positions(first: int, second: int | None) -> None:
    """Exactly 512 tokens are left, the longer side is cut, both keep their template tokens, and the total is told."""
    tokens = CODEC.encode("cat " * first, None if second is None else "dog " * second, limit=512)
    total = first + (second or 0) + (2 if second is None else 3)
    assert tokens.total == total
    assert len(tokens) == min(total, 512)
    assert tokens.pieces[0] == "[CLS]"
    assert tokens.pieces[-1] == "[SEP]"
    if second is not None:
        kept = tokens.pieces.count("cat"), tokens.pieces.count("dog")
        assert min(kept) >= min(first, second, 254)
        assert tokens.pieces.count("[SEP]") == 2


def test_masked_spans_keep_the_originals() -> None:
    """Every piece of the masked word becomes [MASK]; its id stays known."""
    tokens = CODEC.encode("good tokenization", masked=((5, 17),))
    assert tokens.pieces == ("[CLS]", "good", "[MASK]", "[MASK]", "[SEP]")
    assert tokens.masks == (2, 3)
    assert tokens.original_labels == (None, None, "token", "##ization", None)
    assert [CODEC.piece(number) for number in tokens.originals if number is not None] == ["token", "##ization"]


@pytest.mark.parametrize(
    ("text", "masks"), [("a[MASK]b", 1), ("[mask]", 0), ("[MASK][MASK]", 2), ("[MASK] [MASK] x", 2)]
)
def test_only_the_exact_token_is_a_mask(text: str, masks: int) -> None:
    """X10: [MASK] within a word is one, [mask] is not."""
    assert len(CODEC.encode(text).masks) == masks


@pytest.mark.parametrize("text", ["", " ", "\t\n", "\ue000"])
def test_a_text_without_tokens_is_refused(text: str) -> None:
    """X01: nothing to compute on is said, not computed."""
    with pytest.raises(TextError) as caught:
        CODEC.encode(text)
    assert caught.value.code == "EMPTY_TEXT"


@given(st.text(max_size=40))
def test_lone_surrogates_never_raise_anything_untyped(text: str) -> None:
    """X04: whatever a clipboard holds, the answer is tokens or a TextError."""
    with suppress(TextError):
        assert len(CODEC.encode(text)) > 0
