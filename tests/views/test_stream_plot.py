"""The residual stream: bars as high as numpy's norms, the mean where nothing is pointed at."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from attnviz.trace import Cursor, Site, Stream, Trace, frozen
from attnviz.views.norm_scale import NormScale
from attnviz.views.stream_plot import StreamPlot
from attnviz.views.stream_reading import read_stream
from tests.views.lenses import seen_through, streams_of
from tests.views.sentences import hover, in_theme, svg_text
from tests.views.traces import WORDS, press, shown, tokens_of, words

ROOM = (560, 480)


def column(view: StreamPlot, index: int) -> QPoint:
    return view._column(index).center().toPoint()


def test_numbers_are_numpys_for_the_token(qtbot: QtBot) -> None:
    """Norm of the stream, norm of what is added, and the cosine of the two, sublayer by sublayer."""
    _, vectors = streams_of(len(WORDS), 3)
    view = shown(qtbot, StreamPlot(), seen_through(), Cursor(query=4), ROOM)
    before, added = vectors[:, :, 0, 4].reshape(6, -1), vectors[:, :, 1, 4].reshape(6, -1)
    lengths = np.sqrt((before**2).sum(1)), np.sqrt((added**2).sum(1))
    expected = np.stack([*lengths, (before * added).sum(1) / (lengths[0] * lengths[1])], axis=1)
    table = view.numbers()
    assert np.allclose([row[3:] for row in table.rows], expected, atol=1e-5)
    assert [row[:3] for row in table.rows][:2] == [(0, "attention", "france (4)"), (0, "feed-forward", "france (4)")]


def test_without_a_cursor_the_mean_is_drawn(qtbot: QtBot) -> None:
    """The mean over all tokens, as it is called."""
    view = shown(qtbot, StreamPlot(), seen_through(), Cursor(), ROOM)
    streams, _ = streams_of(len(WORDS), 3)
    means = np.concatenate([np.stack([one.entering, one.added, one.cosine]).mean(-1) for one in streams], axis=1).T
    assert np.allclose([row[3:] for row in view.numbers().rows], means, atol=1e-5)
    assert "mean over 9 tokens" in svg_text(view)


def test_bars_are_as_high_as_the_norms() -> None:
    """On a linear axis a height is a share of the top; on a logarithmic one equal ratios are equal steps."""
    values = frozen(np.array([1.0, 10.0, 100.0]))
    linear, log = NormScale.of(values, "linear"), NormScale.of(values, "log")
    assert linear.share(50.0) == pytest.approx(50 / linear.high)
    assert log.share(100.0) - log.share(10.0) == pytest.approx(log.share(10.0) - log.share(1.0))
    assert 0 < log.share(1.0) < log.share(100.0) < 1
    assert all(log.low <= value <= log.high for value, _ in log.ticks(4))


def test_values_stand_under_the_mouse(qtbot: QtBot) -> None:
    """The readout is the record's; the cursor stays where it was."""
    trace = seen_through()
    view = shown(qtbot, StreamPlot(), trace, Cursor(1, query=2), ROOM)
    hover(qtbot, view, column(view, 3))
    record = trace.find(Stream, (Site.ENCODER, 1))
    assert record is not None
    said = svg_text(view)
    assert "layer 1, feed-forward" in said
    assert f"stream {float(record.entering[1, 2]):.3g}   adds {float(record.added[1, 2]):.3g}" in said
    assert view.cursor_at == Cursor(1, query=2)


def test_a_click_goes_to_the_layer(qtbot: QtBot) -> None:
    """Whatever token there is stays, pinned or not."""
    view = shown(qtbot, StreamPlot(), seen_through(), Cursor(0), ROOM)
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=column(view, 5))
    assert view.cursor_at == Cursor(2)
    view.draw(view.trace, Cursor(0, query=3, pinned=True))
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=column(view, 2))
    assert view.cursor_at == Cursor(1, query=3, pinned=True)


def test_keys_walk_sublayers_and_tokens(qtbot: QtBot) -> None:
    """Both sublayers of a layer are reached; up from the first token is the mean again."""
    view = shown(qtbot, StreamPlot(), seen_through(), Cursor(1), ROOM)
    press(view, Qt.Key.Key_Right)
    assert "layer 1, feed-forward" in view.accessibleDescription()
    press(view, Qt.Key.Key_Right, Qt.Key.Key_Down)
    assert view.cursor_at == Cursor(2, query=0, pinned=True)
    assert "layer 2, attention" in view.accessibleDescription()
    press(view, Qt.Key.Key_Up)
    assert view.cursor_at == Cursor(2)
    press(view, Qt.Key.Key_Down, Qt.Key.Key_Escape)
    assert view.cursor_at == Cursor(2)


def test_a_decoder_has_its_cross_attention_in_between() -> None:
    """One record for a layer or two, the order is that of computation."""
    own, _ = streams_of(3, 2, ("attention",))
    cross, _ = streams_of(3, 2, ("cross-attention", "feed-forward"))
    records = [replace(one, site=Site.DECODER) for one in own] + [replace(one, site=Site.CROSS) for one in cross]
    trace = Trace().plus(tokens_of(("x", "y", "z"), Site.DECODER), *records)
    found = read_stream(trace, Cursor(site=Site.CROSS))
    assert found is not None
    assert found.names == ("attention", "cross-attention", "feed-forward") * 2
    assert found.spans() == [(0, 0, 2), (1, 3, 5)]
    assert read_stream(trace, Cursor()) is None


def test_what_is_no_number_is_left_out(qtbot: QtBot) -> None:
    """A mean over the finite ones, an empty cell where there is none, and a picture without a warning."""
    (first, *_), _ = streams_of(2, 1)
    damaged = first.added.copy()
    damaged[0] = (np.nan, 3.0)
    damaged[1] = np.inf
    trace = Trace().plus(tokens_of(("a", "b")), replace(first, added=frozen(damaged)))
    view = shown(qtbot, StreamPlot(), trace, Cursor(), ROOM)
    assert [row[4] for row in view.numbers().rows] == [3.0, None]
    view.scale = "log"
    view.grab()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("scale", ["linear", "log"])
def test_empty_large_and_themed(qtbot: QtBot, theme: str, scale: str) -> None:
    """Nothing is a sentence; axes are named; more layers than fit scroll sideways."""
    with in_theme(theme) as chosen:
        view = shown(qtbot, StreamPlot(), Trace(), Cursor(), ROOM)
        view.scale = scale
        assert "Type a sentence" in svg_text(view)
        assert view.numbers().rows == ()
        view.draw(seen_through(words(512), layers=12), Cursor(3))
        assert not view._across.isVisible()
        assert all(name in svg_text(view) for name in ("norm (L2)", "cosine", "layer", "what attention adds"))
        assert view.grab().toImage().pixelColor(3, 450).name() == chosen.surface
        view.draw(seen_through(layers=60), Cursor(59))
        assert view._across.isVisible()
        press(view, Qt.Key.Key_Right)
        assert view.areas()[0].adjusted(-1, 0, 1, 0).contains(view._column(119).center())
