"""The alignment of a decoding: the recorded weights, drawn up to the play head, and pointing that moves it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from attnviz.trace import Cursor, Trace, frozen
from attnviz.views.alignment_map import AlignmentMap
from tests.views.decodings import characters, decoding_of, decoding_trace
from tests.views.sentences import HOSTILE, hover, in_theme, svg_text
from tests.views.traces import press, shown

LAST = Cursor(step=5)


def cell(view: AlignmentMap, row: int, column: int) -> QPoint:
    return view.frame().cell_area(row, column).center().toPoint()


def with_masked(position: int) -> Trace:
    """A decoding that from step 2 on does not see one source token."""
    trace = decoding_trace()
    decoding = decoding_of(trace)
    assert decoding.scores is not None
    assert decoding.weights is not None
    scores, weights = decoding.scores.copy(), decoding.weights.copy()
    scores[2:, position], weights[2:, position] = -np.inf, 0.0
    return trace.plus(replace(decoding, scores=frozen(scores), weights=frozen(weights)))


def test_the_map_is_the_decodings_weights(qtbot: QtBot) -> None:
    """A row a step and a column a source token, unchanged; so are the scores."""
    trace = decoding_trace()
    view = shown(qtbot, AlignmentMap(), trace, LAST)
    assert np.array_equal(view.picture.values, decoding_of(trace).weights)
    assert [row[1:] for row in view.numbers().rows] == [
        tuple(line) for line in decoding_of(trace).weights.astype(float).tolist()
    ]
    view.kind = "scores"
    assert np.array_equal(view.picture.values, decoding_of(trace).scores)
    assert "score (nats)" in svg_text(view)


def test_both_axes_are_lettered(qtbot: QtBot) -> None:
    """Output words stand at the left, source tokens on top; the table numbers them."""
    trace = decoding_trace("nation")
    view = shown(qtbot, AlignmentMap(), trace, LAST)
    page = svg_text(view)
    for label in (*decoding_of(trace).labels[:-1], *"nation", "output ↓", "source →"):
        assert f">{label}<" in page
    assert view.numbers().columns == ("output", "n·0", "a·1", "t·2", "i·3", "o·4", "n·5")
    assert view.numbers().rows[5][0] == "</s>·5"


def test_rows_after_the_play_head_are_veiled(qtbot: QtBot) -> None:
    """Whatever their numbers are, the picture below the play head is the same; above it, it is not."""
    trace = decoding_trace()
    decoding = decoding_of(trace)
    assert decoding.weights is not None
    other = decoding.weights.copy()
    other[3:] = other[3:, ::-1]
    pictures: dict[int, list[QImage]] = {2: [], 3: []}
    view = shown(qtbot, AlignmentMap(), trace)
    view.clearFocus()
    for weights in (decoding.weights, frozen(other)):
        for step, images in pictures.items():
            view.draw(trace.plus(replace(decoding, weights=weights)), Cursor(step=step))
            images.append(view.grab().toImage())
    assert pictures[2][0] == pictures[2][1]
    assert pictures[3][0] != pictures[3][1]


def test_the_table_grows_with_the_play_head(qtbot: QtBot) -> None:
    """It holds what is drawn: one row at the first step, all at the last and beyond."""
    view = shown(qtbot, AlignmentMap(), decoding_trace(), Cursor())
    for step, rows in ((0, 1), (3, 4), (5, 6), (99, 6)):
        view.draw(view.trace, Cursor(step=step))
        assert len(view.numbers().rows) == rows


def test_scrubbing_builds_no_picture(qtbot: QtBot) -> None:
    """The veil moves, the picture below it stays the same object."""
    view = shown(qtbot, AlignmentMap(), decoding_trace(), Cursor())
    picture = view.picture
    before = view.grab().toImage()
    view.draw(view.trace, Cursor(step=4))
    assert view.picture is picture
    assert view.grab().toImage() != before


def test_hovering_points_at_a_step_and_a_source_token(qtbot: QtBot) -> None:
    """For a moment, and the play head stays where it is."""
    view = shown(qtbot, AlignmentMap(), decoding_trace(), LAST)
    hover(qtbot, view, cell(view, 2, 4))
    assert view.cursor_at == Cursor(query=2, key=4, step=5)
    hover(qtbot, view, QPoint(2, 2))
    assert view.cursor_at == LAST


def test_a_click_pins_and_moves_the_play_head(qtbot: QtBot) -> None:
    """The step is the row; freed, the play head stays there."""
    view = shown(qtbot, AlignmentMap(), decoding_trace(), Cursor())
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=cell(view, 3, 1))
    assert view.cursor_at == Cursor(query=3, key=1, pinned=True, step=3)
    press(view, Qt.Key.Key_Escape)
    assert view.cursor_at == Cursor(step=3)


def test_arrow_keys_walk_from_the_play_head(qtbot: QtBot) -> None:
    """Down goes to the next step, right along the source; each is said."""
    view = shown(qtbot, AlignmentMap(), decoding_trace(), Cursor(step=1))
    view.setFocus()
    press(view, Qt.Key.Key_Down, Qt.Key.Key_Right)
    assert view.cursor_at == Cursor(query=2, key=1, pinned=True, step=2)
    weights = decoding_of(view.trace).weights
    assert weights is not None
    assert f"weight {weights[2, 1]:.3f}" in view.accessibleDescription()


def test_the_value_under_the_mouse_has_weight_and_score(qtbot: QtBot) -> None:
    """Both numbers of the cell; a row to come has none."""
    trace = decoding_trace()
    view = shown(qtbot, AlignmentMap(), trace, Cursor(step=3))
    hover(qtbot, view, cell(view, 3, 2))
    decoding = decoding_of(trace)
    assert decoding.scores is not None
    assert decoding.weights is not None
    page = svg_text(view)
    assert f"weight {decoding.weights[3, 2]:.3f}" in page
    assert f"score {decoding.scores[3, 2]:.2f}".replace("-", "−") in page
    hover(qtbot, view, cell(view, 5, 2))
    assert "step 6 of 6: not reached yet" in svg_text(view)


def test_a_hidden_source_token_is_said_to_be_masked(qtbot: QtBot) -> None:
    """−∞ is no number to colour: its cells are counted, named under the mouse, and empty in the table."""
    view = shown(qtbot, AlignmentMap(), with_masked(1), LAST)
    view.kind = "scores"
    hover(qtbot, view, cell(view, 4, 1))
    assert "masked: 4 cells" in svg_text(view)
    assert "score −∞ (masked)" in svg_text(view)
    assert view.numbers().rows[4][2] is None


def test_without_attention_it_says_so(qtbot: QtBot) -> None:
    """There is no matrix to draw, and the sentence says what there is instead."""
    view = shown(qtbot, AlignmentMap(), decoding_trace(attention="none"), LAST, size=(900, 300))
    assert view.picture is None
    assert "no attention: all that it gets of the source is the fixed vector" in svg_text(view)
    assert view.numbers().rows == ()


@pytest.mark.parametrize(
    ("trace", "sentence"),
    [
        (Trace(), "Type a source above"),
        (Trace().plus(characters("nation")), "has not arrived yet"),
        (decoding_trace("nation").plus(characters("nations")), "another source"),
        (Trace().plus(decoding_of(decoding_trace())), "has not arrived yet"),
    ],
)
def test_an_empty_map_is_a_sentence(qtbot: QtBot, trace: Trace, sentence: str) -> None:
    """What is missing is said, and nothing is drawn."""
    view = shown(qtbot, AlignmentMap(), trace, Cursor(), size=(900, 300))
    assert sentence in svg_text(view)
    assert view.numbers().rows == ()


def test_hostile_words_are_lettered_literally(qtbot: QtBot) -> None:
    """Markup stays markup."""
    trace = decoding_trace("ab", steps=4)
    decoding = decoding_of(trace)
    vocabulary = (*HOSTILE, *decoding.vocabulary[len(HOSTILE) :])
    words = replace(decoding, vocabulary=vocabulary, tokens=(0, 1, 2, 4))
    view = shown(qtbot, AlignmentMap(), trace.plus(words), Cursor(step=3))
    assert "&lt;b&gt;x&lt;/b&gt;" in svg_text(view)


@pytest.mark.parametrize("name", ["scores and weights", ""])
def test_a_kind_that_does_not_exist_is_refused(qtbot: QtBot, name: str) -> None:
    """The sentence names the choices."""
    view = shown(qtbot, AlignmentMap(), decoding_trace(), LAST)
    with pytest.raises(ValueError, match="kind is one of"):
        view.kind = name


@pytest.mark.parametrize("name", ["light", "dark"])
def test_the_veil_has_the_colours_of_the_theme(qtbot: QtBot, name: str) -> None:
    """The rows to come are the colour of the window, which is no colour of the map."""
    view = shown(qtbot, AlignmentMap(), decoding_trace(), Cursor())
    with in_theme(name) as chosen:
        spot = cell(view, 4, 4)
        assert view.grab().toImage().pixelColor(spot).name() == chosen.window
