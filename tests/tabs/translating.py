"""The window with its decoding tab in front, on tiny translators that stand where the shipped ones do."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from attnviz.jobs.decode import Decode
from attnviz.models import shelf
from attnviz.tabs.decoding import DecodingTab
from attnviz.tabs.decoding_wish import Way
from attnviz.trace import Decoding, Trace
from attnviz.views.step_words_card import WordRow
from attnviz.window import Window
from tests.translators import write_translator

LEFT = Qt.MouseButton.LeftButton
SEED = 6  # writes "C D D D </s>" (general) and the like, not one word for ever


def write_shelf(root: Path) -> tuple[Path, ...]:
    """Three translators of one task: with two kinds of attention and with none."""
    return tuple(write_translator(root / f"spelling-{kind}", kind, SEED) for kind in ("general", "dot", "none"))


def offer(patch: pytest.MonkeyPatch, folders: tuple[Path, ...]) -> None:
    """Let these be the translators that ship."""
    patch.setattr(shelf, "translators", lambda: folders)


class Hand:
    """What a person does in the decoding tab, and what they see; ``jobs`` are the questions that the engine was given."""

    def __init__(self, qtbot: QtBot, window: Window) -> None:
        self.qtbot, self.window = qtbot, window
        self.jobs: list[Any] = []
        window.engine.started.connect(self._on_started)

    def _on_started(self, request: Any) -> None:
        self.jobs.append(request.job)

    @property
    def tab(self) -> DecodingTab:
        assert isinstance(self.window.tab, DecodingTab)
        return self.window.tab

    @property
    def decoding(self) -> Decoding:
        """The run that is shown first."""
        return decoding_of(self.tab.lanes[0][1])

    @property
    def other(self) -> Decoding:
        """What it is compared with."""
        return decoding_of(self.tab.lanes[1][1])

    def settle(self) -> None:
        self.qtbot.waitUntil(lambda: self.window.is_settled, timeout=20_000)

    def type(self, source: str) -> None:
        """Put a source in the place of the one that stands there, key by key."""
        box = self.tab.widgets.controls.source
        box.selectAll()
        self.qtbot.keyClicks(box, source)
        self.qtbot.keyClick(box, Qt.Key.Key_Return)
        self.settle()

    def choose_way(self, way: Way) -> None:
        self.tab.widgets.controls.way.setCurrentText(str(way))
        self.settle()

    def compare(self, folder: Path) -> None:
        versus = self.tab.widgets.controls.versus
        versus.setCurrentIndex(versus.findData(str(folder)))
        self.settle()

    def go(self, step: int) -> None:
        """Press on a chip of the timeline."""
        timeline = self.tab.widgets.timeline
        self.qtbot.mouseClick(timeline, LEFT, pos=timeline.chip_area(step).center().toPoint())

    def say_otherwise(self, step: int) -> WordRow:
        """Click the best word that a step didn't take."""
        self.go(step)
        card = self.tab.widgets.cards.words
        place, word = next((place, word) for place, word in enumerate(card.words()) if not word.chosen)
        self.qtbot.mouseClick(card, LEFT, pos=card.row(place).center().toPoint())
        self.settle()
        return word

    def spot(self, position: int) -> QPoint:
        """Where a source token stands in the card of the weights."""
        return self.tab.widgets.cards.weights.row(position).center().toPoint()


def decoding_of(trace: Trace) -> Decoding:
    found = trace.find(Decoding)
    assert found is not None
    return found


def plain(job: Decode) -> Decode:
    """The question without the answer that it goes on from."""
    return replace(job, earlier=None)
