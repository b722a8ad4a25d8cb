"""The transport: steps, ends, playing to the last merge, and jumping to what changes the sentence."""

from __future__ import annotations

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from attnviz.trace import Timeline, Trace
from attnviz.views.merge_slider import MergeSlider
from attnviz.views.moment import Moment
from tests.views.merge_traces import replayed
from tests.views.traces import shown


def press(qtbot: QtBot, view: MergeSlider, name: str) -> None:
    qtbot.mouseClick(view.buttons[name], Qt.MouseButton.LeftButton)


def test_buttons_step_and_jump_to_the_ends(qtbot: QtBot) -> None:
    """On, back, last and first move the moment, never beyond the ends."""
    view = shown(qtbot, MergeSlider(), replayed(), Moment(done=5))
    press(qtbot, view, "on")
    assert view.moment.done == 6
    press(qtbot, view, "last")
    press(qtbot, view, "on")
    assert view.moment.done == view.slider.maximum() == 20
    press(qtbot, view, "first")
    press(qtbot, view, "back")
    assert view.moment.done == 0


def test_playing_runs_to_the_last_merge_and_stops(qtbot: QtBot) -> None:
    """Play goes on by itself; at the end nothing ticks any more."""
    view = shown(qtbot, MergeSlider(), replayed(), Moment(done=18))
    press(qtbot, view, "play")
    assert view.playing
    qtbot.waitUntil(lambda: view.moment.done == 20)
    assert not view.playing


def test_pausing_and_touching_the_slider_stop_the_play(qtbot: QtBot) -> None:
    """A second press pauses; so does a key on the slider."""
    view = shown(qtbot, MergeSlider(), replayed(), Moment())
    press(qtbot, view, "play")
    press(qtbot, view, "play")
    assert not view.playing
    press(qtbot, view, "play")
    qtbot.keyClick(view.slider, Qt.Key.Key_End)
    assert not view.playing
    assert view.moment.done == 20


def test_next_change_goes_to_the_next_merge_of_the_sentence(qtbot: QtBot) -> None:
    """The moment after the next rank at which the timeline changes."""
    view = shown(qtbot, MergeSlider(), replayed(), Moment())
    for rank in replayed().find(Timeline).moments().tolist()[:3]:
        qtbot.mouseClick(view.next_change, Qt.MouseButton.LeftButton)
        assert view.moment.done == rank + 1


def test_without_merges_nothing_can_be_pressed(qtbot: QtBot) -> None:
    """Before anything is learned the buttons are disabled, and playing does nothing."""
    view = shown(qtbot, MergeSlider(), Trace(), Moment())
    assert not any(button.isEnabled() for button in view.buttons.values())
    view.play()
    assert not view.playing
