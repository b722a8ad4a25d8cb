"""Edits as lines of text: read, written, and refused with the place of what is wrong."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attnviz.edits import (
    DropFeedForward,
    DropHead,
    DropLayer,
    HideToken,
    PatchFromText,
    PatchHidden,
    ReplaceToken,
    ReplaceWord,
    SetRow,
    Temperature,
    Uniform,
    Unscaled,
)
from attnviz.errors import JobError
from attnviz.text.edit_grammar import GRAMMAR, parse_edit, written


@pytest.mark.parametrize(
    ("text", "edit"),
    [
        ("drop-head 3.5", DropHead(3, 5)),
        ("drop-head 3.5 mean", DropHead(3, 5, "mean")),
        ("  drop-head  3 . 5  ", DropHead(3, 5)),
        ("set-row 3.5 2 = 0.1,0.9", SetRow(3, 5, 2, (0.1, 0.9))),
        ("set-row 3.5 2=1e-1 , .9", SetRow(3, 5, 2, (0.1, 0.9))),
        ("hide-token 4", HideToken(4)),
        ("hide-token 4 in 3", HideToken(4, 3)),
        ("unscaled", Unscaled()),
        ("unscaled in 3", Unscaled(3)),
        ("temperature 0.5", Temperature(0.5)),
        ("temperature 2 in 3", Temperature(2.0, 3)),
        ("uniform 3", Uniform(3)),
        ("uniform 3.5", Uniform(3, 5)),
        ("drop-ffn 3", DropFeedForward(3)),
        ("drop-layer 3", DropLayer(3)),
        ('patch-hidden 3.6 from "other text" 4', PatchFromText(3, 6, "other text", 4)),
        (r'patch-hidden 0.0 from "say \"so\" \\" 0', PatchFromText(0, 0, 'say "so" \\', 0)),
        ("patch-hidden 3.6 = 1,-2.5", PatchHidden(3, 6, (1.0, -2.5))),
        ("replace-token 4 = word", ReplaceWord(4, "word")),
        ("replace-token 4 = [MASK]", ReplaceWord(4, "[MASK]")),
        ('replace-token 4 = "#123"', ReplaceWord(4, "#123")),
        ("replace-token 4 = #123", ReplaceToken(4, 123)),
        ("cross: hide-token 4 in 2", HideToken(4, 2, "cross")),
        ("decoder: drop-layer 1", DropLayer(1, "decoder")),
        ("encoder:unscaled", Unscaled()),
    ],
)
def test_a_line_says_an_edit(text, edit):
    """And the edit, written, is read as itself."""
    assert parse_edit(text) == edit
    assert parse_edit(written(edit)) == edit


@pytest.mark.parametrize(
    ("text", "place", "said"),
    [
        ("", 1, "expected an edit"),
        ("drop", 1, "there is no edit 'drop'"),
        ("cross: dropp-head 1.2", 8, "no edit 'dropp-head'"),
        ("nowhere: drop-head 1.2", 1, "no edit 'nowhere'"),
        ("drop-head", 10, "a layer"),
        ("drop-head 3", 12, "'.'"),
        ("drop-head 3.", 13, "a head"),
        ("drop-head 3.x", 13, "a head"),
        ("drop-head -1.2", 11, "a layer, a whole number from 0 on"),
        ("drop-head 3.5 means", 15, "nothing more, and found 'means'"),
        ("decoder: drop-head 3.5 mean", 24, "aren't written yet"),
        ("set-row 3.5 2 0.5", 15, "'='"),
        ("set-row 3.5 2 = 0.5,", 21, "a weight"),
        ("set-row 3.5 2 = 0.5,0.4", 17, "sum to 1"),
        ("set-row 3.5 2 = nan,1", 17, "from 0 to 1"),
        ("set-row 3.5 2 = -0.5,1.5", 17, "at least 0"),
        ("hide-token 4 in", 16, "a layer"),
        ("hide-token 4 on 3", 14, "nothing more"),
        ("temperature hot", 13, "a temperature, a number"),
        ("temperature 0", 13, "between 0.01 and 100"),
        ("temperature 1e999", 13, "between 0.01 and 100"),
        ("uniform 3.", 11, "a head"),
        ("cross: drop-ffn 3", 17, "those of the decoder"),
        ("patch-hidden 3.6 of", 18, "'from'"),
        ('patch-hidden 3.6 from "open 4', 23, '"quotes"'),
        ('patch-hidden 3.6 from "text"', 29, "a position"),
        ("patch-hidden 3.6 = inf", 20, "finite"),
        ("replace-token 4", 16, "'='"),
        ("replace-token 4 = ", 19, "a word"),
        ("unscaled in 99999999999", 13, "a layer"),
        ("unscaled\x00", 9, "nothing more"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text, place, said):
    """One sentence with the character, counted from 1."""
    with pytest.raises(JobError) as refused:
        parse_edit(text)
    assert refused.value.code == "BAD_EDIT_TEXT"
    assert f"at character {place}:" in refused.value.sentence
    assert said in refused.value.sentence


counts = st.integers(0, 99)
sites = st.sampled_from(["encoder", "decoder", "cross"])
stacks = st.sampled_from(["encoder", "decoder"])
layers = st.none() | counts
numbers = st.lists(st.floats(-1e30, 1e30), min_size=1, max_size=5).map(tuple)
words = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12).filter(str.strip)
rows = st.lists(st.integers(1, 50), min_size=1, max_size=6).map(lambda parts: tuple(p / sum(parts) for p in parts))
every = st.one_of(
    st.builds(DropHead, counts, counts, st.just("zero"), sites),
    st.builds(SetRow, counts, counts, counts, rows, sites),
    st.builds(HideToken, counts, layers, sites),
    st.builds(Unscaled, layers, sites),
    st.builds(Temperature, st.floats(0.01, 100), layers, sites),
    st.builds(Uniform, counts, layers, sites),
    st.builds(DropFeedForward, counts, stacks),
    st.builds(DropLayer, counts, stacks),
    st.builds(PatchHidden, counts, counts, numbers, st.just(""), stacks),
    st.builds(PatchFromText, counts, counts, words, counts, stacks),
    st.builds(ReplaceToken, counts, counts, stacks),
    st.builds(ReplaceWord, counts, words.map(str.strip), stacks),
)


@given(every)
def test_whatever_is_written_is_read_again(edit):
    """Every edit, any site, any text in it."""
    assert parse_edit(written(edit)) == edit


@given(st.text(max_size=40))
def test_any_other_line_is_an_edit_or_a_refusal(text):
    """Never another error."""
    with suppress(JobError):
        assert parse_edit(written(parse_edit(text))) == parse_edit(text)


def test_the_help_names_every_edit():
    """Each form that is read stands in the grammar that --help prints."""
    names = {line.split()[0] for line in GRAMMAR.splitlines() if line.startswith("  ")}
    assert {written(edit).split()[0] for edit in (DropHead(0, 0), HideToken(0), Unscaled(), Uniform(0))} <= names
    assert len(names) == 10
