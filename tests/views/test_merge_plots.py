"""Curves over all merges, the tree of a piece, and the numbers of a moment, against the records."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from attnviz.export.figures import save_widget
from attnviz.trace import Curves, Timeline, Trace
from attnviz.views import palette
from attnviz.views.curve_plot import CurvePlot
from attnviz.views.history import history, makers
from attnviz.views.merge_tree import MergeTreeView
from attnviz.views.moment import Moment
from attnviz.views.moment_facts import MomentFacts
from tests.views.merge_traces import SENTENCE, learned, replayed
from tests.views.sentences import svg_text
from tests.views.traces import shown


def alike(found: QColor, wanted: str, most: int = 12) -> bool:
    """The same colour but for the smoothing of edges."""
    ink = QColor(wanted)
    return all(
        abs(one - other) <= most
        for one, other in ((found.red(), ink.red()), (found.green(), ink.green()), (found.blue(), ink.blue()))
    )


def test_the_curves_are_the_records(qtbot: QtBot) -> None:
    """Corpus and sentence at every merge, and the marker's numbers at the moment."""
    trace = replayed()
    view = shown(qtbot, CurvePlot("tokens per word"), trace, Moment(done=7))
    curves, timeline = trace.find(Curves), trace.find(Timeline)
    words = len(SENTENCE.split())
    assert view.at(7) == (curves.tokens_per_word()[7], timeline.tokens(7) / words)
    assert [row[0] for row in view.numbers().rows] == list(range(21))


def test_a_press_on_the_plot_goes_to_that_merge(qtbot: QtBot) -> None:
    """The right edge is the last merge, the left edge none."""
    view = shown(qtbot, CurvePlot("characters per token"), replayed(), Moment(done=7))
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(view.width() - 3, 40))
    assert view.cursor_at.done == 20
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(5, 40))
    assert view.cursor_at.done == 0
    middle = view.area.center().toPoint()
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=middle)
    assert view.cursor_at.done == 10


def test_the_curve_runs_through_the_records(qtbot: QtBot) -> None:
    """Where a value stands there is the curve's ink, and the marker's line stands at its merge."""
    trace = replayed()
    view = shown(qtbot, CurvePlot("tokens per word"), trace, Moment(done=12))
    image, area = view.grab().toImage(), view.area
    ratio = image.devicePixelRatio()
    curve, ends = trace.find(Curves).tokens_per_word(), view._ends
    for done in (2, 7, 17):
        place = view._at(done, float(curve[done]))
        assert alike(image.pixelColor((place * ratio).toPoint()), palette.LIGHT.muted)
        assert place.x() == pytest.approx(area.left() + done / 20 * area.width())
        assert place.y() == pytest.approx(area.bottom() - curve[done] / ends[1] * area.height())
    column = round(view._at(12, 0.0).x() * ratio)
    rows = range(int(area.top()), int(area.bottom()))
    assert any(alike(image.pixelColor(column, row), palette.LIGHT.text, 90) for row in rows)


def test_the_plot_takes_the_colours_of_another_theme(qtbot: QtBot, qapp: QApplication) -> None:
    """After a switch the background is the new surface; the curves stay."""
    view = shown(qtbot, CurvePlot("tokens per word"), replayed(), Moment())
    try:
        palette.apply(qapp, palette.DARK)
        QApplication.sendEvent(view, QEvent(QEvent.Type.PaletteChange))
        assert view.grab().toImage().pixelColor(3, 3).name() == palette.DARK.surface
    finally:
        palette.apply(qapp, palette.LIGHT)


def test_a_saved_plot_is_made_of_strokes(qtbot: QtBot, tmp_path: Path) -> None:
    """The picture that is remembered for the screen never gets into a figure."""
    view = shown(qtbot, CurvePlot("tokens per word"), replayed(), Moment(done=7))
    view.grab()
    save_widget(view, tmp_path / "plot.svg")
    found = (tmp_path / "plot.svg").read_text(encoding="utf-8")
    assert "<image" not in found
    assert "<path" in found or "<polyline" in found


def test_no_curve_is_drawn_before_there_is_one(qtbot: QtBot) -> None:
    """An empty trace shows a sentence, and no axes."""
    view = shown(qtbot, CurvePlot("tokens per word"), Trace(), Moment())
    assert "The curve is drawn when" in svg_text(view)
    assert "polyline" not in svg_text(view)
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton)
    assert view.cursor_at == Moment()
    assert view.numbers().rows == ()


def test_the_tree_goes_down_to_the_alphabet(qtbot: QtBot) -> None:
    """The leaves, read from left to right, spell the piece; each inner node is its merge."""
    made = makers(history(learned()))
    piece = max(made, key=len)
    view = shown(qtbot, MergeTreeView(), learned(), Moment(done=20, piece=piece))
    leaves = sorted((node for node in view.nodes if node.merge is None), key=lambda node: node.area.left())
    assert "".join(node.piece for node in leaves) == piece
    for node in view.nodes:
        if node.merge is not None:
            assert (node.merge.left, node.merge.right) == tuple(view.nodes[part].piece for part in node.parts)


def test_a_click_on_a_part_goes_to_its_merge(qtbot: QtBot) -> None:
    """The moment after the part was made; the tree stays open."""
    piece = max(makers(history(learned())), key=len)
    view = shown(qtbot, MergeTreeView(), learned(), Moment(done=20, piece=piece))
    part = next(node for node in view.nodes if node.merge is not None and node.piece != piece)
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=view.to_view(part.area).center().toPoint())
    assert view.cursor_at.done == part.merge.rank + 1
    assert view.cursor_at.piece == piece


@pytest.mark.parametrize("done", [0, 9, 20])
def test_the_facts_are_as_of_the_moment(qtbot: QtBot, done: int) -> None:
    """Vocabulary, tokens and both ratios are computed from the records at that merge."""
    view = shown(qtbot, MomentFacts(), replayed(), Moment(done=done))
    curves, timeline = replayed().find(Curves), replayed().find(Timeline)
    values = [value for _, value, _ in view.facts()]
    tokens = timeline.tokens(done)
    letters = sum(not char.isspace() for char in SENTENCE)
    assert values == [
        f"{curves.vocabulary[done]:,}", str(tokens), f"{tokens / 4:.2f}", f"{letters / tokens:.2f}",
    ]  # fmt: skip
