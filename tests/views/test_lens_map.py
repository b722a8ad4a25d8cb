"""The logit lens: the record's own words and numbers, and when the watched word becomes first for good."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from attnviz.trace import Cursor, Lens, Site, Trace
from attnviz.views.lens_map import MEASURES, LensMap
from attnviz.views.lens_reading import NEVER, read_lens, stays_first
from tests.views.lenses import masked, ranked, seen_through
from tests.views.sentences import hover, in_theme, svg_text
from tests.views.traces import WORDS, press, shown, tokens_of, words

MASKED = {6: 11}
ROOM = (640, 620)


def cell(view: LensMap, row: int, column: int) -> QPoint:
    frame = view.grid.frame()
    assert frame is not None
    return frame.cell_area(row, column).center().toPoint()


def lens_of(trace: Trace, layer: int) -> Lens:
    found = trace.find(Lens, (Site.ENCODER, layer))
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("ranks", "first"),
    [
        ([1, 1, 1, 1], 0),
        ([9, 4, 1, 1], 2),
        ([1, 2, 1, 1], 2),
        ([3, 3, 3, 1], 3),
        ([3, 1, 1, 2], NEVER),
        ([5, 4, 3, 2], NEVER),
    ],
)
def test_first_is_where_the_rank_is_one_from_there_to_the_end(ranks: list[int], first: int) -> None:
    """Being first for a while doesn't count."""
    assert stays_first(np.array(ranks)[:, None]).tolist() == [first]


@pytest.mark.parametrize(
    ("ranks", "said"),
    [
        ([1, 1, 1], "is first from the embeddings on; at the end it has 50.0 %"),
        ([9, 1, 1], "becomes first after layer 0 and stays first"),
        ([2, 1, 3], "is first after layer 0, but doesn't stay: at the end it has rank 3 and 12.5 %"),
        ([9, 3, 4], "is never first; it comes nearest after layer 0: rank 3, 12.5 %"),
    ],
)
def test_the_way_of_a_word_is_said_in_words(ranks: list[int], said: str) -> None:
    """One sentence for each of the four ways that there are."""
    tokens = masked(tokens_of(("[MASK]",)), {0: 0})
    reading = read_lens(Trace().plus(tokens, *ranked(tokens, [[rank] for rank in ranks])), Cursor())
    assert reading is not None
    assert said in reading.way(0)
    assert "which was masked here" in reading.way(0)


def test_every_cell_shows_the_layers_best_word(qtbot: QtBot) -> None:
    """The word and its probability are the record's."""
    trace = seen_through(("a", "b", "c", "d"), originals={2: 11})
    view = shown(qtbot, LensMap(), trace, Cursor(), ROOM)
    text = svg_text(view)
    for row in view.numbers().rows:
        assert f">{row[2]}<" in text.replace("\n", "")
    layer = lens_of(trace, 2)
    found = [row for row in view.numbers().rows if row[0] == "c·2" and row[1] == "layer 1"]
    assert found[0][2:5] == (layer.labels[2][0], float(layer.probabilities[2, 0]), "word11")
    assert found[0][5:8] == (
        float(layer.watched_probabilities[2]),
        int(layer.watched_ranks[2]),
        float(layer.entropy[2]),
    )


@pytest.mark.parametrize("measure", MEASURES)
def test_colours_follow_the_measure(qtbot: QtBot, measure: str) -> None:
    """The darkest cell is the most probable one, the one of the best rank, or the one of the highest entropy."""
    view = LensMap()
    view.measure = measure
    shown(qtbot, view, seen_through(originals=MASKED), Cursor(), ROOM)
    picture = view.grid._picture
    assert picture is not None
    order = -picture.values if measure == "watched word's rank" else picture.values
    assert picture.codes.flat[order.argmax()] == picture.codes.max()
    assert (np.diff(picture.codes.flat[np.argsort(order, axis=None)].astype(int)) >= 0).all()
    assert picture.ticks.unit in svg_text(view)


def test_a_measure_that_there_is_not_is_refused(qtbot: QtBot) -> None:
    """With the four that there are."""
    view = LensMap()
    qtbot.addWidget(view)
    with pytest.raises(ValueError, match="measure is one of"):
        view.measure = "beauty"


def test_hovering_points_at_the_token_and_reads_the_layer(qtbot: QtBot) -> None:
    """The layer changes on a click only, or every view would flicker; the list of words follows the mouse at once."""
    trace = seen_through(originals=MASKED)
    view = shown(qtbot, LensMap(), trace, Cursor(2, 1), ROOM)
    hover(qtbot, view.grid, cell(view, 1, 4))
    assert view.cursor_at == Cursor(2, 1, query=4)
    assert (view.curve.token(), view.curve.shown_row()) == (4, 1)
    assert "layer 0 says" in svg_text(view)
    qtbot.mouseClick(view.grid, Qt.MouseButton.LeftButton, pos=cell(view, 1, 4))
    assert view.cursor_at == Cursor(0, 1, query=4, pinned=True)
    qtbot.mouseClick(view.grid, Qt.MouseButton.LeftButton, pos=cell(view, 1, 4))
    assert not view.cursor_at.pinned


def test_a_layer_that_was_hovered_is_forgotten_when_the_cursor_goes_elsewhere(qtbot: QtBot) -> None:
    """The list of words is always that of the row that is framed."""
    trace = seen_through(originals=MASKED)
    view = shown(qtbot, LensMap(), trace, Cursor(1), ROOM)
    hover(qtbot, view.grid, cell(view, 2, 4))
    assert view.curve.shown_row() == 2
    QApplication.sendEvent(view.grid, QEvent(QEvent.Type.Leave))
    for layer in (0, 2):
        view.draw(trace, Cursor(layer, query=3))
        assert view.curve.shown_row() == view.grid.row == layer + 1


def test_the_tooltip_lists_the_best_words_entropy_and_the_watched_words_standing(qtbot: QtBot) -> None:
    """Five words with their probabilities, as the record has them."""
    trace = seen_through(originals=MASKED)
    view = shown(qtbot, LensMap(), trace, Cursor(), ROOM)
    said, area = view.grid._tip(QPointF(cell(view, 2, 6)))
    lens = lens_of(trace, 2)
    assert all(label in said for label in lens.labels[6])
    assert f"{100 * float(lens.probabilities[6, 0]):.1f} %" in said
    assert f"entropy {float(lens.entropy[6]):.2f} nats" in said
    assert f"“word11” has rank {int(lens.watched_ranks[6])}" in said
    assert area.contains(QPointF(cell(view, 2, 6)))
    point = cell(view, 2, 6)
    QApplication.sendEvent(view.grid, QHelpEvent(QEvent.Type.ToolTip, point, view.grid.mapToGlobal(point)))


def test_keys_walk_tokens_and_layers_and_escape_frees(qtbot: QtBot) -> None:
    """The embeddings are reached too, though the cursor has no layer for them."""
    view = shown(qtbot, LensMap(), seen_through(originals=MASKED), Cursor(1), ROOM)
    press(view.grid, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Up)
    assert view.cursor_at == Cursor(0, query=1, pinned=True)
    press(view.grid, Qt.Key.Key_Up)
    assert view.curve.shown_row() == 0
    assert "embeddings: “" in view.grid.accessibleDescription()
    press(view.grid, Qt.Key.Key_Escape)
    assert view.cursor_at == Cursor(0)


def test_without_a_cursor_the_first_mask_is_followed(qtbot: QtBot) -> None:
    """When does the masked word become known? Without a mask, the view asks for a token."""
    view = shown(qtbot, LensMap(), seen_through(originals=MASKED), Cursor(), ROOM)
    assert "“word11”, which was masked here," in svg_text(view)
    view.draw(seen_through(), Cursor())
    assert "Point at a token" in svg_text(view)


def test_the_curve_stands_at_the_probabilities(qtbot: QtBot) -> None:
    """Heights are in the ratio of the record's numbers."""
    trace = seen_through(originals=MASKED)
    view = shown(qtbot, LensMap(), trace, Cursor(), ROOM)
    curve, reading = view.curve, view.curve.reading
    assert reading is not None
    area, end = curve.plot_area(), curve._ends(reading, 6)
    heights = [(area.bottom() - curve._point(reading, 6, row).y()) / area.height() * end for row in range(4)]
    assert np.allclose(heights, [float(lens_of(trace, row).watched_probabilities[6]) for row in range(4)])


def test_a_click_on_the_curve_goes_to_the_layer(qtbot: QtBot) -> None:
    """The token stays."""
    view = shown(qtbot, LensMap(), seen_through(originals=MASKED), Cursor(0, query=6), ROOM)
    reading = view.curve.reading
    assert reading is not None
    qtbot.mouseClick(view.curve, Qt.MouseButton.LeftButton, pos=view.curve._point(reading, 6, 3).toPoint())
    assert view.cursor_at == Cursor(2, query=6, pinned=True)


@pytest.mark.parametrize(("count", "scrolls"), [(9, False), (60, False), (512, True)])
def test_it_scrolls_only_where_words_would_not_be_readable(qtbot: QtBot, count: int, scrolls: bool) -> None:
    """Nine words lie level, sixty stand upright, and what is walked to is brought into sight."""
    view = shown(qtbot, LensMap(), seen_through(words(count), layers=6), Cursor(), (1400, 900))
    assert view.grid._across.isVisible() is scrolls
    view.draw(view.trace, Cursor(query=count - 1))
    frame = view.grid.frame()
    assert frame is not None
    assert count - 1 in frame.seen_columns()
    assert frame.area.contains(frame.cell_area(0, count - 1).center())


def test_a_narrower_window_keeps_the_cell_of_the_cursor_in_sight(qtbot: QtBot) -> None:
    """However the room changes, the cell that is framed is seen whole."""
    view = shown(qtbot, LensMap(), seen_through(words(60), layers=6), Cursor(2, query=33), (1400, 900))
    for size in ((560, 620), (700, 500), (520, 800)):
        view.resize(*size)
        QApplication.processEvents()
        frame = view.grid.frame()
        assert frame is not None
        assert frame.area.adjusted(-1, -1, 1, 1).contains(frame.cell_area(3, 33))


def test_many_layers_scroll_down(qtbot: QtBot) -> None:
    """A row never gets too low to read."""
    view = shown(qtbot, LensMap(), seen_through(WORDS, layers=36), Cursor(), (560, 620))
    assert view.grid._bar.isVisible()
    view.draw(view.trace, Cursor(35, query=2))
    frame = view.grid.frame()
    assert frame is not None
    assert frame.area.contains(frame.cell_area(36, 2).center())


def test_a_moved_cursor_paints_the_words_no_second_time(qtbot: QtBot) -> None:
    """512 tokens: only what moves is painted."""
    view = shown(qtbot, LensMap(), seen_through(words(512), layers=12), Cursor(query=1), (900, 700))
    view.grid.repaint()
    before = view.grid.face.paints
    for token in range(2, 6):
        view.draw(view.trace, Cursor(query=token))
        view.grid.repaint()
    assert view.grid.face.paints == before


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_empty_hostile_and_themed(qtbot: QtBot, theme: str) -> None:
    """Nothing is a sentence, another run's lens isn't drawn, and both themes have their surface."""
    with in_theme(theme) as chosen:
        view = shown(qtbot, LensMap(), Trace(), Cursor(), ROOM)
        assert "Type a sentence" in svg_text(view)
        assert view.numbers().rows == ()
        view.draw(seen_through().plus(tokens_of(("other",))), Cursor(query=7))
        assert view.numbers().rows == ()
        view.draw(seen_through(("<b>x</b>", "שלום", "\ud800"), originals={1: 3}), Cursor(query=1))
        image = view.grab().toImage()
        assert image.pixelColor(12, image.height() - 12).name() == chosen.surface
        assert view.grid.accessibleName()
        assert len(view.numbers().rows) == 12
