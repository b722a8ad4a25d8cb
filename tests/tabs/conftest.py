"""A real window on a tiny checkpoint."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from attnviz import session
from attnviz.settings import Settings
from attnviz.window import Window
from tests.tabs.translating import Hand, offer, write_shelf
from tests.windows import opened, strong_folder

SENTENCE = "the cat [MASK] on a mat"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A tiny checkpoint whose weights are large enough for every word to matter."""
    return strong_folder(tmp_path / "tiny")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that nobody changes."""
    return strong_folder(tmp_path_factory.mktemp("tiny") / "tiny")


@pytest.fixture
def window(qtbot: QtBot, folder: Path, tmp_path: Path) -> Iterator[Window]:
    """The window as the program shows it, with the tiny checkpoint open and its example computed."""
    made = session.make_window(replace(Settings(), sentence=SENTENCE), tmp_path / "settings.json", folder)
    qtbot.addWidget(made)
    made.show()
    made.open(str(folder))
    qtbot.waitUntil(lambda: made.is_settled, timeout=30_000)
    yield made
    made.close()


@pytest.fixture(scope="session")
def translators(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ...]:
    """Tiny encoder–decoders with general, dot and no attention, that nobody changes."""
    return write_shelf(tmp_path_factory.mktemp("shelf"))


@pytest.fixture
def hand(qtbot: QtBot, folder: Path, translators: tuple[Path, ...], monkeypatch: pytest.MonkeyPatch) -> Iterator[Hand]:
    """The window with the decoding tab in front and its first source answered; the tiny translators are the shipped ones."""
    offer(monkeypatch, translators)
    window = opened(qtbot, folder, tab="decoding", width=1280, height=800)
    yield Hand(qtbot, window)
    window.close()
