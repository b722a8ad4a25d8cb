"""The masking tab's row of pages: made when looked at, asked while seen, and a reason where the model can't fill one."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from attnviz import places
from attnviz.tabs.masking_pages import PAGES
from attnviz.views.placeholder import Placeholder
from attnviz.window import Window
from tests.badinputs.valid import write_bert_folder
from tests.masked_model import swayed_folder
from tests.windows import SENTENCE, opened, settle


def test_no_page_is_made_before_it_is_looked_at(window: Window) -> None:
    """At the start only the live predictions are there; a second look makes nothing new."""
    paged = window.tab.paged
    assert paged.pages == ()
    paged.show_page(1)
    first = paged.page
    paged.show_page(0)
    paged.show_page(1)
    assert paged.pages == (first,)


def test_keys_turn_the_pages(qtbot: QtBot, window: Window) -> None:
    """Alt+2 is the second page, Alt+1 the first; the button in front is pressed and the hint is its own."""
    paged = window.tab.paged
    buttons = paged._buttons
    buttons.button(1).click()
    assert (paged.is_first, buttons.checkedId(), paged._hint.text()) == (False, 1, PAGES[0].tip)
    buttons.button(0).click()
    assert (paged.is_first, buttons.checkedId()) == (True, 0)


def test_predictions_wait_while_another_page_is_in_front(qtbot: QtBot, window: Window) -> None:
    """A sentence typed meanwhile is predicted when one comes back, and not before."""
    before = window.tab.trace
    window.tab.paged.show_page(1)
    window.header.sentence.put("the dog [MASK] on a mat")
    settle(qtbot, window)
    assert window.tab.trace is before
    window.tab.paged.show_page(0)
    qtbot.waitUntil(lambda: "dog" in window.tab.trace.tokens().pieces, timeout=20_000)


def test_a_model_without_the_head_leaves_the_page_with_the_reason(qtbot: QtBot, tmp_path: Path) -> None:
    """The reason names the model, the page is never made, and a model that has the head brings it to life."""
    bare = write_bert_folder(tmp_path / "bare", heads=False)
    whole = write_bert_folder(tmp_path / "whole")
    window = opened(qtbot, bare)
    paged = window.tab.paged
    for place in range(1, len(paged.titles)):
        entry = PAGES[place - 1]
        reason = entry.lacking(window.scene.report)
        paged.show_page(place)
        slot = paged._slots[place]
        shown = slot.currentWidget()
        assert isinstance(shown, Placeholder) == bool(reason)
        if reason:
            assert "bare" in reason
            assert shown.sentence == reason
            assert paged.page is None
    paged.show_page(1)
    window.open(str(whole))
    qtbot.waitUntil(lambda: paged.page is not None and window.is_settled, timeout=30_000)
    window.close()


def test_without_any_discriminator_the_page_says_so(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reason stands where the page would be."""
    folder = swayed_folder(tmp_path / "shelf" / "bert")
    monkeypatch.setattr(places, "checkpoints", lambda: tmp_path / "shelf")
    window = opened(qtbot, folder, sentence=SENTENCE, tab="masking")
    try:
        window.tab.paged.show_named("electra")
        settle(qtbot, window)
        assert window.tab.paged.page is None
        shown = window.tab.paged._slots[window.tab.paged.names.index("electra")].currentWidget()
        assert "no ELECTRA discriminator ships" in shown.sentence
    finally:
        window.close()
