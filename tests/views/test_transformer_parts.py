"""Parts of a Transformer's step that are said, listed or missing: formulas, the table, and records that don't fit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from pytestqt.qtbot import QtBot

from attnviz.trace import Cursor, Site
from attnviz.views.alignment_source import Reading, alignment_of
from attnviz.views.transformer_step import TransformerStep
from tests.views.decodings import decoding_of
from tests.views.layered import HEAD_WIDTH, layered_trace
from tests.views.sentences import svg_text
from tests.views.traces import shown

SIZE = (820, 470)


def test_the_table_ends_with_every_logit(qtbot: QtBot) -> None:
    """Number for number, each with its word."""
    view = shown(qtbot, TransformerStep(), layered_trace(), Cursor(step=2), SIZE)
    decoding = decoding_of(view.trace)
    rows = [row for row in view.numbers().rows if row[0] == "logits"]
    assert [row[5] for row in rows] == decoding.logits[2].tolist()
    assert [row[4] for row in rows] == list(decoding.vocabulary)


def test_an_opened_attention_says_its_formula(qtbot: QtBot) -> None:
    """What is divided by and over what; that later words are not there is said, not drawn as zero."""
    view = shown(qtbot, TransformerStep(), layered_trace(), Cursor(step=2), SIZE)
    for card, said in zip(view.layers[0][:2], ("later ones are not there yet", "over all source tokens"), strict=True):
        view.toggle(card)
        assert said in svg_text(view)
        assert f"k ÷ √{HEAD_WIDTH}" in svg_text(view)
        view.close_card()


def test_a_step_beyond_the_output_is_the_last(qtbot: QtBot) -> None:
    """The longer of two lanes has steps that this one doesn't."""
    view = shown(qtbot, TransformerStep(), layered_trace(steps=5), Cursor(step=99), SIZE)
    assert view.accessibleDescription() == "step 5 of 5"
    own = view.layers[0][0].weights
    assert own is not None
    assert own.shape == (4, 5)


def test_an_empty_output_says_why(qtbot: QtBot) -> None:
    """A limit of 0 steps makes no word: a sentence, and no numbers; the next output is drawn."""
    full = layered_trace()
    decoding = decoding_of(full)
    empty = replace(decoding, tokens=(), previous=(), choices=(), logits=decoding.logits[:0])
    view = shown(qtbot, TransformerStep(), full.plus(empty), Cursor(), SIZE)
    assert "limit of steps is 0" in svg_text(view)
    assert view.numbers().rows == ()
    view.draw(full, Cursor(step=1))
    assert view.words.isVisible()
    assert len(view.layers) == 3


def test_attention_of_fewer_steps_is_not_drawn(qtbot: QtBot) -> None:
    """One layer's is of another run: its card is empty, the others are drawn, and the table leaves it out."""
    trace = layered_trace()
    short = layered_trace(steps=2).attention(2, Site.DECODER)
    assert short is not None
    view = shown(qtbot, TransformerStep(), trace.plus(short), Cursor(step=4), SIZE)
    assert view.layers[2][0].weights is None
    assert view.layers[1][0].weights is not None
    assert {row[1] for row in view.numbers().rows if row[0] == "self-attention"} == {0, 1}


def test_attention_of_another_run_is_no_alignment() -> None:
    """Fewer steps than the decoding, or another source; the other layers still are."""
    trace = layered_trace()
    for other in (layered_trace(steps=3), layered_trace("nations")):
        strange = other.attention(2, Site.CROSS)
        assert strange is not None
        mixed = trace.plus(strange)
        assert alignment_of(mixed, Reading()) is None
        kept = alignment_of(mixed, Reading(layer=0, head=1))
        mine = trace.attention(0, Site.CROSS)
        assert kept is not None
        assert mine is not None
        assert np.array_equal(kept.weights, mine.weights(1))
