"""The timeline of a decoding: a chip a step, dragging scrubs, two lanes are compared, long outputs follow the play head."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QColor, QImage
from pytestqt.qtbot import QtBot

from attnviz.trace import Choice, Cursor, Trace
from attnviz.views.decode_timeline import DecodeTimeline
from attnviz.views.lanes import Columns, columns, lane_of, share_text
from tests.views.decodings import characters, decoding_of, decoding_trace
from tests.views.sentences import HOSTILE, hover, in_theme, svg_text
from tests.views.traces import press, shown, turn_wheel

LEFT = Qt.MouseButton.LeftButton
SIZE = (760, 160)
PER_STEP = (
    "previous choices embedded before hidden reset update candidate scores weights query context attentional logits "
    "probabilities ranks"
)


def middle(view: DecodeTimeline, step: int, lane: int = 0) -> QPoint:
    return view.chip_area(step, lane).center().toPoint()


def with_words(trace: Trace, *tokens: int) -> Trace:
    """The same decoding with other words."""
    decoding = decoding_of(trace)
    count = len(tokens)
    rows = {name: getattr(decoding, name)[:count] for name in PER_STEP.split()}
    return trace.plus(replace(decoding, tokens=tokens, **rows))


def on_screen(view: DecodeTimeline) -> QImage:
    """What repaints have made of the window so far."""
    return view.screen().grabWindow(view.winId()).toImage().convertToFormat(QImage.Format.Format_RGB32)


def part(image: QImage, area: QRect) -> QImage:
    return image.copy(area)


def test_the_table_has_a_row_per_step(qtbot: QtBot) -> None:
    """Word, probability, its negative logarithm and rank are the decoding's."""
    trace = decoding_trace()
    decoding = decoding_of(trace)
    rows = shown(qtbot, DecodeTimeline(), trace, size=SIZE).numbers().rows
    assert [row[1] for row in rows] == list(decoding.labels)
    assert [row[2] for row in rows] == decoding.probabilities.tolist()
    assert [row[3] for row in rows] == pytest.approx([-math.log(p) for p in decoding.probabilities])
    assert [row[4] for row in rows] == decoding.ranks.tolist()


def test_probabilities_or_losses_are_lettered(qtbot: QtBot) -> None:
    """The unit stands at the left of the numbers, which are the decoding's own."""
    trace = decoding_trace()
    view = shown(qtbot, DecodeTimeline(), trace, Cursor(step=5), size=SIZE)
    page = svg_text(view)
    assert "probability" in page
    for probability in decoding_of(trace).probabilities:
        assert f">{share_text(float(probability))}<".replace("< 1", "&lt; 1") in page
    view.losses = True
    page = svg_text(view)
    assert "−ln p, nats" in page
    for probability in decoding_of(trace).probabilities:
        assert f">{-math.log(probability):.2f}<" in page


def test_dragging_scrubs_while_the_button_is_down(qtbot: QtBot) -> None:
    """Every step that the mouse passes is said at once, and nothing is pointed at meanwhile."""
    view = shown(qtbot, DecodeTimeline(), decoding_trace(), size=SIZE)
    heard: list[Cursor] = []
    view.pointed.connect(heard.append)
    hover(qtbot, view, middle(view, 1))
    heard.clear()
    qtbot.mousePress(view, LEFT, pos=middle(view, 1))
    for step in (2, 4, 3):
        qtbot.mouseMove(view, middle(view, step))
    qtbot.mouseMove(view, QPoint(view.width() - 2, 150))
    with qtbot.assertNotEmitted(view.lane_chosen):
        qtbot.mouseRelease(view, LEFT, pos=QPoint(view.width() - 2, 150))
    assert heard == [Cursor(step=step) for step in (1, 2, 4, 3, 5)]


def test_scrubbing_lets_a_pin_go(qtbot: QtBot) -> None:
    """The step to draw is then the play head's."""
    view = shown(qtbot, DecodeTimeline(), decoding_trace(), Cursor(query=4, key=2, pinned=True), size=SIZE)
    qtbot.mousePress(view, LEFT, pos=middle(view, 2))
    assert view.cursor_at == Cursor(step=2)
    assert view.cursor_at.at_step == 2
    qtbot.mouseRelease(view, LEFT, pos=middle(view, 2))


def test_hovering_points_at_a_step_for_a_moment(qtbot: QtBot) -> None:
    """The play head stays; a pinned cursor stays too."""
    view = shown(qtbot, DecodeTimeline(), decoding_trace(), Cursor(step=1), size=SIZE)
    hover(qtbot, view, middle(view, 3))
    assert view.cursor_at == Cursor(query=3, step=1)
    hover(qtbot, view, QPoint(5, 5))
    assert view.cursor_at == Cursor(step=1)
    pinned = Cursor(query=0, pinned=True)
    view.draw(view.trace, pinned)
    hover(qtbot, view, middle(view, 3))
    assert view.cursor_at == pinned


def test_keys_move_the_play_head_and_stop_at_the_ends(qtbot: QtBot) -> None:
    """One step left or right, or to an end; the word is said."""
    view = shown(qtbot, DecodeTimeline(), decoding_trace(), size=SIZE)
    seen = []
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_End, Qt.Key.Key_Right, Qt.Key.Key_Home):
        press(view, key)
        seen.append(view.cursor_at.step)
    assert seen == [0, 1, 2, 5, 5, 0]
    press(view, Qt.Key.Key_End)
    assert "</s>" in view.accessibleDescription()


def test_a_click_on_a_chip_chooses_its_lane(qtbot: QtBot) -> None:
    """0 is the upper lane, 1 the lower; Up and Down do the same."""
    view = shown(qtbot, DecodeTimeline(), decoding_trace(), size=SIZE)
    view.other = decoding_trace(seed=1)
    for lane, key in ((0, Qt.Key.Key_Up), (1, Qt.Key.Key_Down)):
        with qtbot.waitSignal(view.lane_chosen) as chosen:
            qtbot.mouseClick(view, LEFT, pos=middle(view, 3, lane))
        assert chosen.args == [lane]
        with qtbot.waitSignal(view.lane_chosen) as chosen:
            press(view, key)
        assert chosen.args == [lane]


def test_steps_with_other_words_are_marked_on_both_lanes(qtbot: QtBot) -> None:
    """By the words, and where one lane is longer; chips that agree look as they do alone."""
    one = with_words(decoding_trace(), 5, 6, 7, 8, 2)
    other = with_words(decoding_trace(), 5, 9, 7, 8, 10, 2)
    view = shown(qtbot, DecodeTimeline(), one, Cursor(step=5), size=SIZE)
    view.other = other
    assert view.differing == {1, 4, 5}
    assert [row[-1] for row in view.numbers().rows] == [0, 1, 0, 0, 1, 1]
    assert view.numbers().rows[5][1] is None
    view.clearFocus()
    image = view.grab().toImage()
    looks = [[part(image, view.chip_area(step, lane).toAlignedRect()) for step in range(5)] for lane in (0, 1)]
    assert looks[0][2] == looks[1][2]
    view.other = with_words(decoding_trace(), 5, 6, 7, 8, 2)
    alone = view.grab().toImage()
    for lane in (0, 1):
        assert part(alone, view.chip_area(1, lane).toAlignedRect()) != looks[lane][1]


def test_lanes_have_their_names_and_share_their_columns(qtbot: QtBot) -> None:
    """The same step stands at the same place in both."""
    view = shown(qtbot, DecodeTimeline(), decoding_trace(), size=SIZE)
    view.name, view.other_name, view.other = "after", "before", decoding_trace(seed=3)
    page = svg_text(view)
    assert ">after<" in page
    assert ">before<" in page
    for step in range(6):
        assert view.chip_area(step, 0).left() == view.chip_area(step, 1).left()


def test_later_steps_are_dimmed(qtbot: QtBot) -> None:
    """A chip looks different before and after the play head has reached it."""
    view = shown(qtbot, DecodeTimeline(), decoding_trace(), size=SIZE)
    view.clearFocus()
    area = view.chip_area(4).toAlignedRect()
    before = part(view.grab().toImage(), area)
    view.draw(view.trace, Cursor(step=5))
    assert part(view.grab().toImage(), area) != before


@pytest.mark.parametrize("mark", ["forced", "changed"])
def test_forced_and_changed_steps_are_marked_and_explained(qtbot: QtBot, mark: str) -> None:
    """The chip looks different, and the tooltip says why."""
    trace = decoding_trace()
    decoding = decoding_of(trace)
    choices = (*(Choice.GREEDY,) * 2, Choice.FORCED, *(Choice.GREEDY,) * 3)
    marked = replace(decoding, choices=choices) if mark == "forced" else replace(decoding, changed=(2,))
    view = shown(qtbot, DecodeTimeline(), trace, Cursor(step=5), size=SIZE)
    view.clearFocus()
    area = view.chip_area(2).toAlignedRect()
    before = part(view.grab().toImage(), area)
    view.draw(trace.plus(marked), Cursor(step=5))
    assert part(view.grab().toImage(), area) != before
    tip, _ = view._tip(view.to_content(middle(view, 2)))
    assert ("forced: given" if mark == "forced" else "an edit touches this step") in tip


def test_a_long_output_follows_the_play_head(qtbot: QtBot) -> None:
    """Wherever the play head goes in 200 steps, its chip is seen; the wheel looks elsewhere."""
    view = shown(qtbot, DecodeTimeline(), decoding_trace(steps=200), size=(600, 120))
    for step in (0, 57, 58, 199, 120, 3):
        view.draw(view.trace, Cursor(step=step))
        chip = view.chip_area(step)
        assert view._gutter() <= chip.left()
        assert chip.right() <= view.width()
    left = view.chip_area(3).left()
    turn_wheel(view, view.rect().center().toPointF(), -3)
    assert view.chip_area(3).left() < left


def test_only_what_is_seen_is_painted(qtbot: QtBot) -> None:
    """Of 200 chips those that stand in the widget are lettered."""
    view = shown(qtbot, DecodeTimeline(), decoding_trace(steps=200), Cursor(step=100), size=(600, 120))
    assert 5 < len(re.findall(r">W\d+<", svg_text(view))) < 20


def test_a_scrub_repaints_what_changed_and_nothing_is_left_over(qtbot: QtBot) -> None:
    """After any moves of play head and mouse, the widget is what it would be painted afresh."""
    view = shown(qtbot, DecodeTimeline(), decoding_trace(steps=40), size=(600, 160))
    view.other = decoding_trace(steps=38, seed=2)
    for cursor in (Cursor(step=3), Cursor(step=9, query=5), Cursor(step=30), Cursor(step=4, query=2), Cursor(step=4)):
        view.draw(view.trace, cursor)
        qtbot.waitUntil(lambda: on_screen(view) == view.grab().toImage())


@pytest.mark.parametrize(
    ("trace", "sentence"),
    [
        (Trace(), "Type a source above"),
        (Trace().plus(characters("nation")), "has not arrived yet"),
        (with_words(decoding_trace()), "The output is empty"),
    ],
)
def test_an_empty_timeline_is_a_sentence(qtbot: QtBot, trace: Trace, sentence: str) -> None:
    """Mouse and keys do nothing then."""
    view = shown(qtbot, DecodeTimeline(), trace, size=SIZE)
    qtbot.mouseClick(view, LEFT, pos=view.rect().center())
    hover(qtbot, view, view.rect().center())
    press(view, Qt.Key.Key_Right, Qt.Key.Key_End, Qt.Key.Key_Down)
    assert sentence in svg_text(view)
    assert view.numbers().rows == ()
    assert view.cursor_at == Cursor()


def test_a_second_lane_that_is_still_computed_is_said(qtbot: QtBot) -> None:
    """The first lane is drawn meanwhile."""
    view = shown(qtbot, DecodeTimeline(), decoding_trace(), size=SIZE)
    view.other = Trace()
    assert "The other decoding has not arrived yet." in svg_text(view)
    assert view.differing == frozenset()


def test_hostile_words_are_lettered_literally(qtbot: QtBot) -> None:
    """Markup stays markup, long words are cut to their column."""
    trace = with_words(decoding_trace(), *range(6))
    decoding = decoding_of(trace)
    words = replace(decoding, vocabulary=(*HOSTILE, *decoding.vocabulary[len(HOSTILE) :]))
    view = shown(qtbot, DecodeTimeline(), trace.plus(words), Cursor(step=5), size=(1000, 160))
    assert "&lt;b&gt;x&lt;/b&gt;" in svg_text(view)
    assert all(view.chip_area(step).width() <= 160 for step in range(6))


def test_probabilities_that_are_no_numbers_draw_no_bar(qtbot: QtBot) -> None:
    """A dash stands where a number was not computed."""
    trace = decoding_trace()
    decoding = decoding_of(trace)
    view = shown(qtbot, DecodeTimeline(), trace.plus(replace(decoding, probabilities=np.full(6, np.nan))), size=SIZE)
    view.losses = True
    assert svg_text(view).count(">–<") == 6


@pytest.mark.parametrize("name", ["light", "dark"])
def test_the_play_head_has_the_accent_of_the_theme(qtbot: QtBot, name: str) -> None:
    """Its tab stands over the chip of the cursor's step."""
    view = shown(qtbot, DecodeTimeline(), decoding_trace(), Cursor(step=2), size=SIZE)
    with in_theme(name) as chosen:
        chip = view.chip_area(2)
        assert view.grab().toImage().pixelColor(int(chip.left()) + 3, 5) == QColor(chosen.accent)


def test_columns_are_wide_enough_for_both_lanes() -> None:
    """Each column holds the wider of two words, and none is lost or entered twice from its edges."""
    lanes = [lane_of(decoding_of(decoding_trace(seed=seed, steps=steps)), "") for seed, steps in ((0, 6), (1, 9))]
    there = columns([lane for lane in lanes if lane is not None])
    assert len(there) == 9
    assert [there.at(there.area(step, 0, 10).center().x()) for step in range(9)] == list(range(9))
    assert there.at(-1) is None
    assert there.nearest(-100) == 0
    assert there.nearest(1e6) == 8
    assert list(there.seen(0, there.width)) == list(range(9))
    assert columns([]) == Columns((0.0,))
