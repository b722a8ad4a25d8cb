"""Spans move with the text, words are what may be masked, and Qt's indices are found and read."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.text.spans import code_point_index, replace, shift, utf16_index, word_spans

LETTERS = st.text(st.sampled_from("ab 😀é"), max_size=12)
ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=80)


@st.composite
def text_and_spans(draw: st.DrawFn) -> tuple[str, tuple[tuple[int, int], ...]]:
    text = draw(LETTERS)
    edges = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
    return text, tuple(zip(edges[::2], edges[1::2], strict=False))


def words(text: str) -> list[str]:
    return [text[start:end] for start, end in word_spans(text)]


@given(text_and_spans(), LETTERS)
def test_a_kept_span_holds_the_same_text_as_before(marked: tuple[str, tuple[tuple[int, int], ...]], new: str) -> None:
    """Whatever the edit, a span that survives covers what it covered, inside the new text and in the same order."""
    old, spans = marked
    kept = shift(spans, old, new)
    contents = [old[start:end] for start, end in spans]
    assert all(0 <= start <= end <= len(new) for start, end in kept)
    assert list(kept) == sorted(kept)
    remaining = iter(contents)
    assert all(new[start:end] in remaining for start, end in kept)


@given(text_and_spans())
def test_no_edit_moves_nothing(marked: tuple[str, tuple[tuple[int, int], ...]]) -> None:
    """The same text again keeps every span where it is."""
    text, spans = marked
    assert shift(spans, text, text) == spans


@given(text_and_spans(), LETTERS)
def test_text_put_before_all_spans_moves_them_by_its_length(
    marked: tuple[str, tuple[tuple[int, int], ...]], added: str
) -> None:
    """A front that shares no character with the text is an edit at 0: all spans move together."""
    text, spans = marked
    front = "#" * len(added)
    assert shift(spans, text, front + text) == tuple((start + len(front), end + len(front)) for start, end in spans)


@given(text_and_spans())
def test_an_edit_inside_a_span_drops_that_span_alone(marked: tuple[str, tuple[tuple[int, int], ...]]) -> None:
    """A foreign character typed into one span leaves all others."""
    text, spans = marked
    wide = [span for span in spans if span[1] - span[0] >= 2]
    if wide:
        middle = wide[0][0] + 1
        kept = shift(spans, text, f"{text[:middle]}#{text[middle:]}")
        assert len(kept) == len(spans) - 1


def test_a_masked_word_follows_an_edit_elsewhere() -> None:
    """The mask on "France" stays on "France" when a word before it grows."""
    old, new = "The capital of France", "The old capital of France"
    assert shift([(15, 21)], old, new) == ((19, 25),)
    assert new[19:25] == "France"


def test_replacing_a_masked_word_drops_its_span() -> None:
    """Another word in its place is another word."""
    assert shift([(4, 7)], "the cat sat", "the dog sat") == ()


@given(text_and_spans(), LETTERS)
def test_replace_puts_the_new_text_between_what_was_around(
    marked: tuple[str, tuple[tuple[int, int], ...]], new: str
) -> None:
    """Only the span is exchanged."""
    text, spans = marked
    for start, end in spans:
        assert replace(text, (start, end), new) == text[:start] + new + text[end:]


def test_a_span_outside_the_text_is_refused() -> None:
    """A span of another text doesn't cut this one silently."""
    with pytest.raises(ValueError, match=r"\(2, 9\) is not inside a text of 3"):
        replace("abc", (2, 9), "x")


@given(ANY_TEXT)
def test_word_spans_cover_everything_but_space_once(text: str) -> None:
    """Spans are in order, don't overlap, are not empty, and leave out only white space and controls."""
    spans = word_spans(text)
    assert all(start < end for start, end in spans)
    assert all(before[1] <= after[0] for before, after in pairwise(spans))
    covered = {index for start, end in spans for index in range(start, end)}
    left = {text[index] for index in range(len(text)) if index not in covered}
    assert all(char.isspace() or not char.isprintable() for char in left)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The capital of France is [MASK].", ["The", "capital", "of", "France", "is", "[MASK]", "."]),
        ("don't", ["don", "'", "t"]),
        ("a[MASK]b[MASK][MASK]", ["a", "[MASK]", "b", "[MASK]", "[MASK]"]),
        ("[mask]", ["[", "mask", "]"]),
        ("東京 3.14", ["東", "京", "3", ".", "14"]),
        ("नमस्ते שלום Ünï", ["नमस्ते", "שלום", "Ünï"]),
        ("e\u0301te\u0301 x", ["e\u0301te\u0301", "x"]),
        ("👩\u200d👩\u200d👧 👍🏽! 🇩🇪🇫🇷", ["👩\u200d👩\u200d👧", "👍🏽", "!", "🇩🇪", "🇫🇷"]),
        (" \t\n", []),
        ("", []),
    ],
)
def test_words_are_what_may_be_masked(text: str, expected: list[str]) -> None:
    """Words, marks and whole masks, each in one span; emoji and accents are not torn."""
    assert words(text) == expected


def test_the_longest_text_of_one_kind_is_cut_into_words_at_once() -> None:
    """20,000 flags, accents or letters take time in proportion, not its square (50 s when it was)."""
    begin = time.perf_counter()
    for char in ("🇩", "\u0301", "a", ".", " "):
        word_spans(char * 20_000)
    assert time.perf_counter() - begin < 10


@given(ANY_TEXT.filter(lambda text: not any("\ud800" <= char <= "\udfff" for char in text)))
def test_utf16_indices_are_those_of_the_encoded_text(text: str) -> None:
    """Each index equals the length of what is before it in UTF-16 units, and leads back."""
    for index in range(len(text) + 1):
        unit = utf16_index(text, index)
        assert unit == len(text[:index].encode("utf-16-le")) // 2
        assert code_point_index(text, unit) == index


def test_within_a_surrogate_pair_the_emoji_is_meant() -> None:
    """A Qt cursor between the two units of an emoji stands at that emoji."""
    assert code_point_index("a😀b", 2) == 1


def test_indices_outside_the_text_are_clamped() -> None:
    """No index leads out of the text."""
    assert (utf16_index("😀", -3), utf16_index("😀", 9)) == (0, 2)
    assert (code_point_index("😀", -3), code_point_index("😀", 9)) == (0, 1)
