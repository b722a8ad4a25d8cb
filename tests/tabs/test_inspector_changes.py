"""What if, inside the model: changes are made, seen before and after, told where they don't fit, and taken back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from attnviz.edits import DropHead, HideToken, SetRow, Uniform
from attnviz.models import shelf
from attnviz.models.reference import Reference
from attnviz.tabs.inspector_changes import offers
from attnviz.trace import (
    Block,
    BlockWeights,
    Checked,
    Cursor,
    Decoding,
    Floats,
    Lens,
    Positions,
    Shift,
    Site,
    Stream,
    Trace,
)
from attnviz.window import Window
from tests.jobs.test_decode_transformer import lively, write
from tests.tabs.inspecting import ask, inspector
from tests.windows import sentences, settle

COUNT = 8


@pytest.fixture
def window(qtbot: QtBot, tiny: Path) -> Iterator[Window]:
    """The window with the inspector in front and a sentence with a mask answered."""
    made = inspector(qtbot, tiny)
    for window in made:
        ask(qtbot, window, "the cat [MASK] on a mat")
        yield window


def weights(trace: Trace, layer: int, head: int) -> Floats:
    """A head as it is shown."""
    return trace.attention(layer).weights(head)


def rested(qtbot: QtBot, window: Window) -> None:
    """Wait until nothing is asked any more."""
    settle(qtbot, window)
    qtbot.waitUntil(lambda: window.engine.current is None, timeout=20_000)


def test_a_change_is_seen_at_once_and_undone_to_the_bit(qtbot: QtBot, window: Window) -> None:
    """A row of uniform weights, every later layer with it; undone, the first answer is there again."""
    tab = window.tab
    before = [weights(tab.trace, 0, 0), weights(tab.trace, 1, 0)]
    tab.widgets.changes.add(Uniform(0))
    rested(qtbot, window)
    np.testing.assert_allclose(weights(tab.trace, 0, 0), 1 / COUNT, atol=1e-6)
    assert np.abs(weights(tab.trace, 1, 0) - before[1]).max() > 1e-3
    assert window.scene.changes == (Uniform(0),)
    tab.widgets.changes.list.undo_button.click()
    rested(qtbot, window)
    np.testing.assert_array_equal(weights(tab.trace, 0, 0), before[0])
    np.testing.assert_array_equal(weights(tab.trace, 1, 0), before[1])


def test_before_after_and_difference_are_looked_at(qtbot: QtBot, window: Window) -> None:
    """The map shows the run with the change, the run without, and one minus the other."""
    tab = window.tab
    before = weights(tab.trace, 0, 0)
    assert tab.pages.comparison.isHidden()
    tab.widgets.changes.add(Uniform(0, 0))
    rested(qtbot, window)
    assert tab.pages.comparison.isVisible()
    after = tab.map.picture.values
    tab.pages.comparison.setCurrentText("before")
    np.testing.assert_allclose(tab.map.picture.values, before, atol=1e-6)
    tab.pages.comparison.setCurrentText("side by side")
    assert tab.pages.map_before.isVisible()
    np.testing.assert_allclose(tab.pages.map_before.picture.values, before, atol=1e-6)
    np.testing.assert_allclose(tab.map.picture.values, after, atol=1e-6)
    assert tab.map.picture.ticks == tab.pages.map_before.picture.ticks
    assert (tab.map.picture.caption, tab.pages.map_before.picture.caption) == ("after", "before")
    tab.controls.kind.setCurrentText("scores")
    assert tab.pages.map_before.kind == tab.map.kind == "scores"
    tab.controls.kind.setCurrentText("weights")
    tab.pages.comparison.setCurrentText("difference")
    assert tab.pages.map_before.isHidden()
    np.testing.assert_allclose(tab.map.picture.values, after - before, atol=1e-6)
    assert "after − before" in tab.map.picture.caption
    tab.widgets.changes.list.clear()
    rested(qtbot, window)
    assert tab.pages.comparison.isHidden()
    np.testing.assert_allclose(tab.map.picture.values, before, atol=1e-6)


def test_the_change_of_the_prediction_is_said_in_numbers(qtbot: QtBot, window: Window) -> None:
    """For the mask of the sentence, before and after, on both tabs."""
    tab = window.tab
    assert tab.widgets.shift_panel.isHidden()
    tab.widgets.changes.add(DropHead(1, 0))
    rested(qtbot, window)
    assert tab.widgets.shift_panel.isVisible()
    [shift] = tab.beside.shift.trace.every(Shift)
    assert shift.before.entries[0].probability != shift.after.entries[0].probability
    assert "%" in tab.widgets.shift_said.text()
    window.show_tab("masking")
    settle(qtbot, window)
    assert window.tab._bars_panel._subtitle.text().startswith("1 change is made inside the model")
    shown = window.tab.bars.shown[0].entries[0]
    assert (shown.id, shown.probability) == (
        shift.after.entries[0].id,
        pytest.approx(shift.after.entries[0].probability, abs=1e-6),
    )


def test_a_change_that_does_not_fit_stays_in_the_list_with_the_reason(qtbot: QtBot, window: Window) -> None:
    """A token that this text lacks: greyed; with a longer text it is made."""
    tab = window.tab
    tab.widgets.changes.add(HideToken(9))
    rested(qtbot, window)
    assert "none at 9" in tab.widgets.changes.list.list.item(0).text()
    window.header.sentence.put("the cat [MASK] on a mat in the plain")
    rested(qtbot, window)
    assert "none at 9" not in tab.widgets.changes.list.list.item(0).text()
    assert weights(tab.trace, 0, 0)[:, 9].max() == 0


def test_a_line_of_text_makes_a_change_and_nonsense_is_told(qtbot: QtBot, window: Window) -> None:
    """The same grammar as on the command line; what can't be read stays in the box, with one sentence."""
    changes = window.tab.widgets.changes
    changes.line.setText("drop-head 1.1 mean")
    qtbot.keyClick(changes.line, Qt.Key.Key_Return)
    rested(qtbot, window)
    assert window.scene.changes == (DropHead(1, 1, "mean"),)
    assert changes.line.text() == ""
    changes.line.setText("drop-head 1,1")
    qtbot.keyClick(changes.line, Qt.Key.Key_Return)
    assert changes.line.text() == "drop-head 1,1"
    assert len(sentences(window)) == 1
    assert window.scene.changes == (DropHead(1, 1, "mean"),)


def test_the_menu_offers_what_is_looked_at(window: Window) -> None:
    """The head, its row, the token and the layer of the cursor, and every offer can be made."""
    tab = window.tab
    found = dict(offers(tab.trace, replace(tab.cursor_at, layer=1, head=1, query=2, key=4, pinned=True)))
    made = [wish for wish in found.values() if wish is not None]
    assert DropHead(1, 1) in made
    assert HideToken(2, 1) in made
    assert SetRow(1, 1, 2, tuple(float(place == 4) for place in range(COUNT))) in made
    assert any("cat (2)" in name for name in found)
    none = dict(offers(tab.trace, Cursor(layer=1)))
    assert not any(isinstance(wish, (SetRow, HideToken)) for wish in none.values())


def test_pages_ask_for_what_they_show(qtbot: QtBot, window: Window) -> None:
    """The block comes with its parameters and a second opinion; lens, streams and positions when their page is in front."""
    tab = window.tab
    rested(qtbot, window)
    checked = tab.beside.inside.trace.find(Checked, (Site.ENCODER, 0, 0))
    assert checked is not None
    assert checked.difference < 1e-5
    assert f"{checked.difference:.0e}" in tab.widgets.card_panel._subtitle.text()
    tab.show_page(2)
    rested(qtbot, window)
    trace = tab.trace_for(tab.pages.block)
    assert trace.find(Block, (Site.ENCODER, 0)) is not None
    assert trace.find(BlockWeights, (Site.ENCODER, 0)) is not None
    assert not tab.beside.lens.trace.every(Lens)
    tab.show_page(5)
    rested(qtbot, window)
    found = tab.trace_for(tab.pages.lens)
    assert len(found.every(Lens)) == 3
    assert len(found.every(Stream)) == 2
    assert found.every(Positions)


def test_another_layer_is_opened_when_its_block_is_shown(qtbot: QtBot, window: Window) -> None:
    """The page in front follows the cursor."""
    tab = window.tab
    tab.show_page(2)
    tab.point(replace(tab.cursor_at, layer=1, head=1))
    qtbot.waitUntil(lambda: tab.beside.inside.trace.find(Block, (Site.ENCODER, 1)) is not None, timeout=10_000)
    assert tab.trace_for(tab.pages.block).find(Block, (Site.ENCODER, 1)) is not None


def test_another_checkpoint_goes_on_from_nothing(qtbot: QtBot, window: Window, tmp_path: Path) -> None:
    """Two models with the same tokenizer read the same ids: what one computed is not taken for the other's."""
    from tests.windows import strong_folder

    other = strong_folder(tmp_path / "other", seed=11)
    before = weights(window.tab.trace, 0, 0)
    window.open(str(other))
    qtbot.waitUntil(lambda: window.scene.report is not None and window.scene.report.path == str(other), timeout=20_000)
    rested(qtbot, window)
    after = weights(window.tab.trace, 0, 0)
    assert np.abs(after - before).max() > 1e-2
    window.tab.ask_again()
    rested(qtbot, window)
    np.testing.assert_array_equal(weights(window.tab.trace, 0, 0), after)


def test_what_is_decoded_can_be_inspected(
    qtbot: QtBot, window: Window, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A Transformer in the decoding tab: its encoder, decoder and cross-attention, with changes of their own."""
    reference = write(tmp_path / "writer", lively())
    monkeypatch.setattr(shelf, "translators", lambda: (Path(reference.path),))
    assert window.tab.widgets.subject.isHidden()
    window.show_tab("decoding")
    window.tab.widgets.controls.source.setText("attnviz")
    window.tab.widgets.controls.say()
    rested(qtbot, window)
    assert window.scene.writer == Reference(reference.path, window.scene.reference.device)
    window.show_tab("inspector")
    tab = window.tab
    tab.widgets.subject.setCurrentIndex(1)
    rested(qtbot, window)
    text = tab.trace.find(Decoding).text
    assert tab.widgets.site.isVisible()
    tab.widgets.site.setCurrentText("cross")
    assert tab.map.picture.shape == (len(tab.trace.tokens(Site.DECODER)), 7)
    assert tab.grid.extent == (3, 4)
    tab.widgets.changes.add(DropHead(0, 0, site="cross"))
    rested(qtbot, window)
    assert tab.widgets.shift_said.text()
    tab.widgets.changes.list.clear()
    rested(qtbot, window)
    assert tab.trace.find(Decoding).text == text
    tab.widgets.subject.setCurrentIndex(0)
    rested(qtbot, window)
    assert tab.trace.tokens().text == "the cat [MASK] on a mat"
    assert tab.cursor_at.site is Site.ENCODER
