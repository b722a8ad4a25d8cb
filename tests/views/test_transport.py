"""The transport buttons: where they lead, when they can't, and playing from step to step until the end."""

from __future__ import annotations

from itertools import pairwise

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from attnviz.views.transport import BUTTONS, Transport
from tests.views.sentences import in_theme

LEFT = Qt.MouseButton.LeftButton
STEPS = 5


class Player:
    """A transport whose wishes are followed, as the tab does."""

    def __init__(self, qtbot: QtBot, step: int, steps: int = STEPS) -> None:
        self.qtbot, self.steps = qtbot, steps
        self.heard: list[int] = []
        self.buttons = Transport()
        qtbot.addWidget(self.buttons)
        self.buttons.show()
        self.buttons._clock.setInterval(1)
        self.buttons.moved.connect(self._on_moved)
        self.buttons.follow(step, steps)

    def _on_moved(self, step: int) -> None:
        self.heard.append(step)
        self.buttons.follow(step, self.steps)

    def press(self, name: str) -> None:
        self.qtbot.mouseClick(self.buttons.buttons[name], LEFT)


@pytest.mark.parametrize(("name", "step"), [("first", 0), ("back", 1), ("on", 3), ("last", 4)])
def test_each_button_leads_somewhere(qtbot: QtBot, name: str, step: int) -> None:
    """One step, once."""
    player = Player(qtbot, 2)
    player.press(name)
    assert player.heard == [step]


@pytest.mark.parametrize(("step", "off"), [(0, {"first", "back"}), (2, set()), (4, {"on", "last"})])
def test_buttons_that_lead_nowhere_are_off(qtbot: QtBot, step: int, off: set[str]) -> None:
    """At the ends; play always can, from the last step by beginning again."""
    player = Player(qtbot, step)
    assert {name for name in BUTTONS if not player.buttons.buttons[name].isEnabled()} == off


def test_without_steps_nothing_can_be_pressed(qtbot: QtBot) -> None:
    """And playing by key does nothing."""
    player = Player(qtbot, 0, 0)
    assert not any(button.isEnabled() for button in player.buttons.buttons.values())
    player.buttons.toggle()
    assert not player.buttons.playing


@pytest.mark.parametrize(("step", "way"), [(2, [3, 4]), (4, [0, 1, 2, 3, 4])])
def test_playing_ends_at_the_last_step(qtbot: QtBot, step: int, way: list[int]) -> None:
    """From here on, or from the first step when it stands at the last; then it stops by itself."""
    player = Player(qtbot, step)
    player.press("play")
    assert player.buttons.playing
    qtbot.waitUntil(lambda: not player.buttons.playing)
    assert player.heard == way


def test_a_run_of_one_step_stops_at_once(qtbot: QtBot) -> None:
    """There is nowhere to go."""
    player = Player(qtbot, 0, 1)
    player.press("play")
    qtbot.waitUntil(lambda: not player.buttons.playing)
    assert set(player.heard) <= {0}


@pytest.mark.parametrize("how", ["play", "back", "hide"])
def test_playing_is_interrupted(qtbot: QtBot, how: str) -> None:
    """By the same button, by any other one, and when nobody sees it any more."""
    player = Player(qtbot, 1, 10_000)
    player.press("play")
    qtbot.waitUntil(lambda: len(player.heard) >= 3)
    if how == "hide":
        player.buttons.hide()
    else:
        player.press(how)
    assert not player.buttons.playing
    steps = [1, *player.heard]
    ahead = steps[:-1] if how == "back" else steps
    assert all(later == earlier + 1 for earlier, later in pairwise(ahead))


def test_the_play_button_shows_what_it_would_do(qtbot: QtBot) -> None:
    """A triangle, or two bars while it plays; in another theme its ink is another."""
    player = Player(qtbot, 0, 10_000)
    play = player.buttons.buttons["play"]

    def picture() -> object:
        return play.icon().pixmap(16, 16).toImage()

    at_rest = picture()
    player.press("play")
    assert picture() != at_rest
    player.press("play")
    assert picture() == at_rest
    with in_theme("dark"):
        player.buttons.follow(0, 10_000)
        assert picture() != at_rest


def test_every_button_says_what_it_does_and_how_else(qtbot: QtBot) -> None:
    """A tip that is also its spoken name."""
    player = Player(qtbot, 0)
    for name, tip in BUTTONS.items():
        assert player.buttons.buttons[name].toolTip() == player.buttons.buttons[name].accessibleName() == tip
