"""What the inspector shows of one head, against the records: the numbers, the stages, segments and hidden tokens."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot

from attnviz.window import Window
from tests.tabs.inspecting import PAIR, TEXT, ask, inspector, numbers, table, weights


@pytest.fixture
def window(qtbot: QtBot, tiny: Path) -> Iterator[Window]:
    """The window with the inspector in front and the map in focus."""
    yield from inspector(qtbot, tiny)


def test_the_copied_map_is_the_record(qtbot: QtBot, window: Window) -> None:
    """CSV on the clipboard: a row per query, a column per key, the softmax of the record to seven digits."""
    window.tab.detail.copy_numbers()
    text = QGuiApplication.clipboard().text()
    heading, rows = table(text)
    assert heading[1:] == [row[0] for row in rows]
    assert [label.rpartition("·")[0] for label in heading[1:]] == list(window.tab.trace.tokens().labels)
    np.testing.assert_allclose(numbers(text), weights(window.tab.trace, 0, 0), atol=1e-6)


def test_the_copied_states_and_norms_are_the_records(qtbot: QtBot, window: Window) -> None:
    """Hidden states to the bit; norms as numpy has them."""
    window.tab.pages.show_states("states")
    window.tab.detail.copy_numbers()
    states = window.tab.trace.hidden(1).states
    np.testing.assert_array_equal(numbers(QGuiApplication.clipboard().text()), states)
    window.tab.pages.show_states("norms")
    window.tab.detail.copy_numbers()
    norms = numbers(QGuiApplication.clipboard().text())
    assert norms.shape == (3, 8)
    np.testing.assert_allclose(norms[1], np.sqrt((states.astype(np.float64) ** 2).sum(-1)), rtol=1e-5)


def test_the_stages_of_a_head_are_chosen(qtbot: QtBot, window: Window) -> None:
    """Weight, scaled score, raw product: every stage is there without a forward."""
    record = window.tab.trace.attention(0)
    controls = window.tab.controls
    found = {}
    for place in range(controls.kind.count()):
        controls.kind.setCurrentIndex(place)
        window.tab.detail.copy_numbers()
        found[controls.kind.currentText()] = numbers(QGuiApplication.clipboard().text())
    products = record.query[0] @ record.key[0].T
    kinds = list(found)
    np.testing.assert_allclose(found[kinds[0]], weights(window.tab.trace, 0, 0), atol=1e-6)
    by_size = sorted(kinds[1:], key=lambda kind: float(np.abs(found[kind]).max()))
    np.testing.assert_allclose(found[by_size[1]], products, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(found[by_size[0]], products * record.scale, rtol=1e-4, atol=1e-5)


def test_a_pair_can_be_filtered_by_segment(qtbot: QtBot, window: Window) -> None:
    """A→B is where the first sentence looks at the second, in the map and in the lines; without a pair there is no choice."""
    controls = window.tab.controls
    assert not controls.segments.isEnabled()
    ask(qtbot, window, PAIR)
    assert controls.segments.isEnabled()
    whole = weights(window.tab.trace, 0, 0)
    controls.segments.setCurrentText("A→B")
    np.testing.assert_allclose(window.tab.map.picture.values, whole[:4, 4:], atol=1e-6)
    window.tab.show_page(1)
    assert controls.segments.isVisible()
    lines = window.tab.arcs.lines()
    np.testing.assert_allclose(lines.weights, whole[:4, 4:][lines.queries, lines.keys], atol=1e-6)
    assert {row[0] for row in window.tab.arcs.numbers().rows} == {"[CLS]·0", "the·1", "cat·2", "[SEP]·3"}
    window.tab.show_page(0)
    ask(qtbot, window, TEXT)
    assert not controls.segments.isEnabled()
    assert controls.segments.currentText() == "all"
    assert window.tab.map.picture.values.shape == (8, 8)


def test_hiding_special_tokens_says_how_much_is_hidden(qtbot: QtBot, window: Window) -> None:
    """Rows are renormalised, and the picture and the lines say so with the share that is missing."""
    window.tab.controls.special.setChecked(True)
    whole = weights(window.tab.trace, 0, 0)
    share = round(100 * float(whole[:, [0, 7]].sum(-1).mean()))
    said = f"hidden keys carry {share} % of the mass; rows renormalised"
    assert said in window.tab.map.picture.caption
    rest = whole[:, 1:7] / whole[:, 1:7].sum(-1, keepdims=True)
    np.testing.assert_allclose(window.tab.map.picture.values[:, 1:7], rest, atol=1e-5)
    assert np.isnan(window.tab.map.picture.values[:, [0, 7]]).all()
    window.tab.show_page(1)
    assert said in window.tab.arcs.caption()


def test_hidden_tokens_move_with_the_sentence(qtbot: QtBot, window: Window) -> None:
    """A shorter and then a longer text: what is hidden is always its own [CLS] and [SEP]."""
    window.tab.controls.special.setChecked(True)
    for text, last in (("a cat", 3), ("the cat sat on a mat in it", 9), (PAIR, 6)):
        ask(qtbot, window, text)
        assert window.tab.map.hidden_tokens[-1] == last
        values = window.tab.map.picture.values
        hidden = list(window.tab.map.hidden_tokens)
        assert np.isnan(values[:, hidden]).all()
        np.testing.assert_allclose(np.nansum(values, -1), 1.0, atol=1e-5)
