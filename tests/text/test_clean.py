"""Text from outside is made fit, and what was changed is counted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from attnviz.text.clean import LONGEST, REPLACEMENT, Cleaned, clean

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=200)


def is_surrogate(char: str) -> bool:
    return "\ud800" <= char <= "\udfff"


@given(ANY_TEXT)
def test_a_cleaned_text_can_be_encoded_and_holds_no_nul(text: str) -> None:
    """Whatever comes in, what goes out is valid UTF-8 without NUL."""
    cleaned = clean(text)
    cleaned.text.encode("utf-8")
    assert "\0" not in cleaned.text


@given(ANY_TEXT)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    """A cleaned text is fit already."""
    once = clean(text).text
    assert clean(once) == Cleaned(once)


@given(st.text())
def test_a_fit_text_stays_as_it_is(text: str) -> None:
    """Only surrogates and NUL are replaced; every other character, controls included, is kept."""
    fit = text.replace("\0", "")
    assert clean(fit) == Cleaned(fit)


@given(st.lists(st.sampled_from(["a", "\ud800", "\udc00", "\0", "😀", " "])))
def test_every_replaced_character_is_counted(parts: list[str]) -> None:
    """The count equals the replacement characters that appear, and no character is lost but by joining a pair."""
    cleaned = clean("".join(parts))
    assert cleaned.replaced == cleaned.text.count(REPLACEMENT)
    units = "".join(parts).encode("utf-16-le", "surrogatepass")
    assert len(cleaned.text.encode("utf-16-le")) == len(units)


def test_a_lone_surrogate_is_replaced_wherever_it_stands() -> None:
    """First, last, doubled or in the wrong order: each becomes one U+FFFD."""
    assert clean("\ud800") == Cleaned(REPLACEMENT, replaced=1)
    assert clean("a\udc00b") == Cleaned(f"a{REPLACEMENT}b", replaced=1)
    assert clean("\udc00\ud800") == Cleaned(REPLACEMENT * 2, replaced=2)


def test_a_pair_of_surrogates_is_the_character_that_it_encodes() -> None:
    """A clipboard may hand out UTF-16 units; together they are an emoji and nothing is replaced."""
    assert clean("\ud83d\ude00") == Cleaned("😀")


def test_a_text_of_20000_characters_is_whole_and_one_more_is_cut() -> None:
    """The limit counts code points, emoji as one."""
    assert clean("😀" * LONGEST) == Cleaned("😀" * LONGEST)
    assert clean("😀" * (LONGEST + 7)) == Cleaned("😀" * LONGEST, cut=7)


def test_what_was_changed_is_said_in_words() -> None:
    """The sentence names both counts, and is empty for a fit text."""
    assert not clean("fit").sentence
    assert clean("\0").sentence == f"1 invalid character replaced by {REPLACEMENT}"
    assert clean("a" * (LONGEST + 1500)).sentence == "the text is cut at 20,000 characters; 1,500 left out"
