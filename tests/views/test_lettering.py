"""Labels are lettered literally, numbers honestly."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QTextDocument

from attnviz.views.lettering import LONGEST, bits, isolated, percent, surprisal, tip_markup, visible


@given(st.text(st.characters(exclude_categories=())))
def test_any_label_can_be_drawn(label: str) -> None:
    """What is drawn has no surrogate, no control and no direction override that is not our own isolation."""
    shown = isolated(label)
    shown.encode()
    inner = shown.removeprefix("\u2068").removesuffix("\u2069")
    assert (len(shown) - len(inner) == 2) == (not label.isascii())
    assert all(char.isprintable() or char in "\u200c\u200d" for char in inner)


def test_a_label_that_may_run_from_right_to_left_is_isolated() -> None:
    """First strong isolate before, pop directional isolate after; an override within is shown, not obeyed."""
    assert isolated("שלום") == "\u2068שלום\u2069"
    assert isolated("a\u202eb") == "\u2068a\\u202eb\u2069"
    assert isolated("paris") == "paris"


def test_white_space_is_seen() -> None:
    """A space, a tab and a line break are tokens that one wants to see."""
    assert visible(" \t\n\N{NO-BREAK SPACE}") == "␣⇥⏎⍽"


def test_a_long_label_is_cut_at_24_characters() -> None:
    """Elided with one character for the dots."""
    assert visible("w" * 200) == "w" * (LONGEST - 1) + "…"
    assert visible("w" * LONGEST) == "w" * LONGEST


@pytest.mark.parametrize("text", ["<b>x</b>", "<img src=file:///etc/passwd>", "&amp;", "a\nb & c", "שלום 5 < 6"])
def test_a_tooltip_shows_its_text_literally(qapp: object, text: str) -> None:
    """Qt's own HTML reader, given the markup, shows exactly the text."""
    document = QTextDocument()
    document.setHtml(tip_markup(text))
    assert document.toPlainText() == text


@pytest.mark.parametrize(
    ("share", "lettered"),
    [
        (0.412, "41.2 %"),
        (1.0, "100.0 %"),
        (0.0, "0.0 %"),
        (0.0004, "< 0.1 %"),
        (0.0005, "0.1 %"),
        (math.nan, "not a number"),
    ],
)
def test_shares_are_lettered_in_per_cent(share: float, lettered: str) -> None:
    """One decimal; small is not zero."""
    assert percent(share) == lettered


@pytest.mark.parametrize(
    ("probability", "expected"), [(1.0, 0.0), (0.5, 1.0), (0.25, 2.0), (0.0, math.inf), (0.412, 1.279283757)]
)
def test_surprisal_is_the_negative_binary_logarithm(probability: float, expected: float) -> None:
    """Hand-computed: ln 0.412 = -0.886731930, divided by ln 2 = 0.693147181."""
    assert surprisal(probability) == pytest.approx(expected)


def test_surprisal_is_lettered_in_bits() -> None:
    """Two decimals, and the impossible is infinitely surprising."""
    assert (bits(0.412), bits(0.0), bits(1.0)) == ("1.28 bits", "∞ bits", "0.00 bits")
