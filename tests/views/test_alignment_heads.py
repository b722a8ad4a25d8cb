"""The alignment of a Transformer: any head of any layer, their mean, or the words among themselves."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from attnviz.trace import Cursor, Site
from attnviz.views.alignment_map import AlignmentMap
from attnviz.views.alignment_source import Reading, alignment_of, decoder_heads, decoder_layers
from tests.views.decodings import decoding_of, decoding_trace
from tests.views.layered import layered_trace
from tests.views.sentences import hover, svg_text
from tests.views.traces import press, shown

LAST = Cursor(step=5)
SELF = Reading(Site.DECODER, 1, 2)


def cell(view: AlignmentMap, row: int, column: int) -> QPoint:
    return view.frame().cell_area(row, column).center().toPoint()


def of_reading(qtbot: QtBot, reading: Reading, cursor: Cursor = LAST) -> AlignmentMap:
    view = AlignmentMap()
    view.reading = reading
    return shown(qtbot, view, layered_trace(), cursor)


def test_without_a_choice_it_is_the_decodings_own(qtbot: QtBot) -> None:
    """The mean over the heads of the last layer's cross-attention, as the record has it."""
    view = of_reading(qtbot, Reading())
    np.testing.assert_allclose(view.picture.values, decoding_of(view.trace).weights, atol=1e-6)


@pytest.mark.parametrize(("layer", "head"), [(0, 0), (1, 3), (2, None), (0, None)])
def test_any_head_or_mean_can_be_shown(qtbot: QtBot, layer: int, head: int | None) -> None:
    """Softmax in float64; the mean is that over the heads; the table has the same numbers."""
    view = of_reading(qtbot, Reading(Site.CROSS, layer, head))
    found = view.trace.attention(layer, Site.CROSS)
    scores = np.einsum("hqd,hkd->hqk", found.query.astype(float), found.key) * found.scale
    weights = np.exp(scores) / np.exp(scores).sum(axis=-1, keepdims=True)
    expected = weights.mean(axis=0) if head is None else weights[head]
    np.testing.assert_allclose(view.picture.values, expected, atol=1e-6)
    table = np.array([row[1:] for row in view.numbers().rows], dtype=float)
    np.testing.assert_allclose(table, expected, atol=1e-6)


def test_self_attention_is_words_by_words(qtbot: QtBot) -> None:
    """Columns are the words that were fed in; what was not written yet has no number, the rest sums to one."""
    view = of_reading(qtbot, SELF)
    values = view.picture.values
    assert values.shape == (6, 6)
    assert np.array_equal(np.isnan(values), ~np.tri(6, dtype=bool))
    np.testing.assert_allclose(np.nansum(values, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(values[3, :4], view.trace.attention(1, Site.DECODER).weights(2)[3, :4], atol=1e-6)
    assert view.numbers().columns[1] == "<s>·0"
    assert view.numbers().rows[2][4] is None
    page = svg_text(view)
    assert "words so far →" in page
    assert "hatched: not written yet" in page


def test_pointing_at_a_word_is_not_pointing_at_the_source(qtbot: QtBot) -> None:
    """The row is a step as ever; the column stays in this map, since the cursor's key is a source token."""
    view = of_reading(qtbot, SELF, Cursor(step=5))
    hover(qtbot, view, cell(view, 4, 2))
    assert view.cursor_at == Cursor(query=4, step=5)
    assert view._marked() == (4, 2)
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=cell(view, 4, 2))
    assert (view.cursor_at.step, view.cursor_at.pinned, view.cursor_at.key) == (4, True, None)
    press(view, Qt.Key.Key_Right)
    assert view._marked() == (4, 3)
    press(view, Qt.Key.Key_Escape)
    assert view._marked() == (4, None)


def test_the_readout_tells_weight_and_score(qtbot: QtBot) -> None:
    """A head's cell has both, a mean's only the weight, and a word to come has none."""
    view = of_reading(qtbot, SELF)
    found = view.trace.attention(1, Site.DECODER)
    hover(qtbot, view, cell(view, 4, 1))
    page = svg_text(view)
    assert f"weight {found.weights(2)[4, 1]:.3f}" in page
    assert f"score {found.scores(2)[4, 1]:.2f}".replace("-", "−") in page
    hover(qtbot, view, cell(view, 2, 4))
    assert "not written yet at this step" in svg_text(view)
    view.reading = Reading(Site.CROSS, 1)
    hover(qtbot, view, cell(view, 4, 1))
    assert "score" not in svg_text(view)


def test_a_mean_has_no_scores(qtbot: QtBot) -> None:
    """Nothing is drawn that was not computed."""
    view = of_reading(qtbot, Reading(Site.CROSS, 1, 2))
    view.kind = "scores"
    np.testing.assert_allclose(view.picture.values, view.trace.attention(1, Site.CROSS).scores(2), atol=1e-6)
    view.reading = Reading(Site.CROSS, 1)
    assert view.picture is None
    assert "mean over heads has no scores" in svg_text(view)


def test_a_choice_beyond_the_model_is_its_last() -> None:
    """A head of a larger model is not out of reach of a smaller one."""
    trace = layered_trace(layers=2, heads=3)
    assert (decoder_layers(trace), decoder_heads(trace)) == (2, 3)
    found, last = (alignment_of(trace, Reading(Site.CROSS, *place)) for place in ((7, 9), (1, 2)))
    assert found is not None
    assert last is not None
    assert np.array_equal(found.weights, last.weights)


@pytest.mark.parametrize("reading", [Reading(), SELF])
def test_a_recurrent_decoder_has_one_alignment(reading: Reading) -> None:
    """Whatever was chosen for a Transformer beside it."""
    trace = decoding_trace()
    assert decoder_layers(trace) == 0
    found = alignment_of(trace, reading)
    assert found is not None
    assert found.weights is decoding_of(trace).weights
    assert not found.is_own
