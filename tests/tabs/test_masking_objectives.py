"""The page of the three objectives: cards of the models at hand, the open one for its own kind, live with the sentence."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from attnviz.models.reference import Reference
from attnviz.tabs import masking_objectives
from attnviz.tabs.scene import Scene
from attnviz.trace import Objective
from attnviz.trace.objectives import BERT, ELECTRA, ROBERTA, ROLES
from attnviz.window import Window
from tests import family
from tests.windows import settle


@pytest.fixture
def others(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tiny relatives stand for the shipped ones."""
    family.write(tmp_path / "r", "RobertaForMaskedLM")
    family.write(tmp_path / "e", "ElectraForPreTraining")

    def players(scene: Scene) -> dict[str, Reference]:
        paths = {BERT: folder, ROBERTA: tmp_path / "r", ELECTRA: tmp_path / "e", "generator": folder}
        return {role: Reference(str(path)) for role, path in paths.items()} if scene.reference else {}

    monkeypatch.setattr(masking_objectives, "players", players)


@pytest.mark.usefixtures("others")
def test_three_cards_and_a_conclusion_follow_the_sentence(qtbot: QtBot, window: Window) -> None:
    """Every card has its numbers, and another sentence brings others."""
    assert window.tab.paged.show_named("objectives")
    settle(qtbot, window)
    page = window.tab.paged.page
    assert [page.trace.find(Objective, role).draws for role in ROLES] == [20, 20, 20]
    before = page.trace.find(Objective, BERT).pieces
    assert "pieces" in page._said.text()
    for card in page.cards:
        table = card.numbers()
        assert len(table.rows) == 1
        assert len(card.rows()) == 7
    window.header.sentence.put("the cat sat on a mat with the dog")
    qtbot.waitUntil(lambda: page.trace.find(Objective, BERT).pieces != before, timeout=20_000)
    settle(qtbot, window)


@pytest.mark.usefixtures("others")
def test_another_seed_asks_anew(qtbot: QtBot, window: Window) -> None:
    window.tab.paged.show_named("objectives")
    settle(qtbot, window)
    page = window.tab.paged.page
    before = page.trace.find(Objective, BERT).nats
    page.seed.number.setValue(3)
    settle(qtbot, window)
    assert page.trace.find(Objective, BERT).nats != before
