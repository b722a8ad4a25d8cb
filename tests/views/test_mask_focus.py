"""What a mask attends to: the right row of the right layer and heads, and nothing silently rescaled."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from attnviz.trace import Attention, Cursor, Floats, Trace
from attnviz.views.focus_row import focus_row
from attnviz.views.mask_focus import MaskFocus
from tests.views.sentences import CAPITAL, HOSTILE, attention, hover, in_theme, long_sentence, svg_text, tokens, trace

LEFT = Qt.MouseButton.LeftButton
SENTENCE = tokens(CAPITAL, {6: "paris"})
TWO = tokens("[CLS] the [MASK] of france is [MASK] . [SEP]")


def authority(record: Attention, query: int) -> Floats:
    """Rows of all heads by torch's own softmax, (heads, keys)."""
    scores = torch.tensor(record.query) @ torch.tensor(record.key).transpose(1, 2) * record.scale
    if record.bias is not None:
        scores = scores + torch.tensor(record.bias)
    if record.mask is not None:
        scores = scores.masked_fill(~torch.tensor(record.mask), float("-inf"))
    return torch.softmax(scores, dim=-1)[:, query].numpy()


def shown(qtbot: QtBot, of: Trace, cursor: Cursor | None = None, width: int = 700) -> MaskFocus:
    focus = MaskFocus()
    qtbot.addWidget(focus)
    focus.draw(of, cursor or Cursor())
    focus.resize(width, min(focus.heightForWidth(width), 400))
    focus.show()
    qtbot.waitExposed(focus)
    return focus


def weights(focus: MaskFocus) -> Floats:
    assert focus.row is not None
    return focus.row.weights


@pytest.mark.parametrize(("masked", "biased"), [(False, False), (True, False), (False, True), (True, True)])
@pytest.mark.parametrize("head", [None, 0, 2])
def test_weights_equal_torch_softmax(masked: bool, biased: bool, head: int | None) -> None:
    """One head's row, or the mean of all rows, with and without a mask and a bias."""
    record = attention(9, masked=masked, biased=biased)
    row = focus_row(trace(SENTENCE, record), 6, 0, head)
    assert row is not None
    heads = authority(record, 6)
    expected = heads.mean(axis=0) if head is None else heads[head]
    np.testing.assert_allclose(row.weights, expected, atol=1e-6)


def test_the_mask_under_the_cursor_is_shown_else_the_first(qtbot: QtBot) -> None:
    """A query that is no mask doesn't change whose row is seen."""
    record = attention(9)
    focus = shown(qtbot, trace(TWO, record))
    assert focus.shown_mask == 2
    focus.draw(focus.trace, Cursor(query=6))
    np.testing.assert_allclose(weights(focus), authority(record, 6).mean(axis=0), atol=1e-6)
    focus.draw(focus.trace, Cursor(query=4))
    np.testing.assert_allclose(weights(focus), authority(record, 2).mean(axis=0), atol=1e-6)


def test_the_last_layer_is_shown_unless_another_is_chosen(qtbot: QtBot) -> None:
    """Layers may arrive in any order; None follows the highest that is there."""
    focus = shown(qtbot, trace(SENTENCE, attention(9, 3), attention(9, 1)))
    assert "layer 3 · mean of 3 heads" in focus.title()
    focus.layer, focus.head = 1, 2
    assert "layer 1 · head 2" in focus.title()
    np.testing.assert_allclose(weights(focus), authority(attention(9, 1), 6)[2], atol=1e-6)
    assert (focus.layer, focus.head) == (1, 2)


def test_hiding_special_tokens_says_how_much_they_held(qtbot: QtBot) -> None:
    """The rest is renormalised, the share is told in words, and the hidden cells of the table are empty."""
    record = attention(9)
    focus = shown(qtbot, trace(SENTENCE, record))
    assert not focus.remark()
    focus.hide_special = True
    full = authority(record, 6).mean(axis=0)
    share = float(full[0] + full[8])
    kept = full.copy()
    kept[[0, 8]] = 0
    np.testing.assert_allclose(weights(focus), kept / (1 - share), atol=1e-6)
    assert f"{100 * share:.1f} % of the weight; the rest is scaled up to 100 %" in focus.remark()
    assert "scaled up" in svg_text(focus)
    assert focus.numbers().rows[0][-1] is None
    assert focus.numbers().rows[8][-1] is None


def test_a_mask_is_never_hidden_with_the_special_tokens(qtbot: QtBot) -> None:
    """[MASK] belongs to the sentence."""
    focus = shown(qtbot, trace(SENTENCE, attention(9)))
    focus.hide_special = True
    assert focus.row is not None
    assert focus.row.hidden == (0, 8)


def test_the_three_heaviest_keys_are_lettered(qtbot: QtBot) -> None:
    """Their per cents are drawn, no others."""
    focus = shown(qtbot, trace(SENTENCE, attention(9)))
    assert focus.row is not None
    assert list(focus.row.top) == np.argsort(-weights(focus))[:3].tolist()
    drawn = svg_text(focus)
    lettered = [key for key, weight in enumerate(weights(focus)) if f">{100 * weight:.1f} %<" in drawn]
    assert sorted(lettered) == sorted(focus.row.top)


def test_hovering_a_key_points_from_the_mask_to_it(qtbot: QtBot) -> None:
    """Query is the mask, key the token; leaving takes both away."""
    focus = shown(qtbot, trace(SENTENCE, attention(9)), Cursor(layer=2))
    with qtbot.waitSignal(focus.pointed) as pointed:
        hover(qtbot, focus, focus.cell(4).center().toPoint())
    assert pointed.args == [Cursor(layer=2, query=6, key=4)]
    with qtbot.waitSignal(focus.pointed) as pointed:
        focus._hover(None)
    assert pointed.args == [Cursor(layer=2)]


def test_a_click_pins_a_key_and_a_second_frees_it(qtbot: QtBot) -> None:
    """The same with Enter on the keyboard's token."""
    focus = shown(qtbot, trace(SENTENCE, attention(9)))
    seen: list[Cursor] = []
    focus.pointed.connect(seen.append)
    qtbot.mouseClick(focus, LEFT, pos=focus.cell(4).center().toPoint())
    assert seen[-1] == Cursor(query=6, key=4, pinned=True)
    focus.draw(focus.trace, seen[-1])
    qtbot.keyClick(focus, Qt.Key.Key_Return)
    assert seen[-1] == Cursor(query=6, key=4, pinned=False)


@pytest.mark.parametrize(
    "of",
    [
        trace(SENTENCE),
        trace(SENTENCE, attention(5)),
        trace(SENTENCE, Attention(attention(9).site, 0, *(np.full((1, 9, 2), np.nan, np.float32),) * 3, 1.0)),
    ],
)
def test_what_is_not_computed_is_not_drawn(qtbot: QtBot, of: Trace) -> None:
    """No attention yet, attention of another length, or weights that are no numbers: a sentence, no columns."""
    focus = shown(qtbot, of)
    assert focus.row is None
    assert "not been computed" in svg_text(focus)
    assert focus.numbers().rows == ()


def test_a_layer_or_head_that_is_not_there_is_said(qtbot: QtBot) -> None:
    """After a smaller model was opened the selectors may point beyond it."""
    focus = shown(qtbot, trace(SENTENCE, attention(9)))
    focus.layer = 7
    assert focus.row is None
    focus.layer, focus.head = None, 7
    assert focus.row is None
    focus.head = None
    assert focus.row is not None


@pytest.mark.parametrize("of", [Trace(), trace(tokens([])), trace(tokens("[CLS] the [SEP]"), attention(3))])
def test_without_a_mask_a_sentence_says_what_to_do(qtbot: QtBot, of: Trace) -> None:
    """Nothing at all, no tokens, or no mask among them."""
    assert "Mask a word" in svg_text(shown(qtbot, of))


def test_a_sentence_of_one_mask_attends_to_itself(qtbot: QtBot) -> None:
    """The smallest input there is."""
    focus = shown(qtbot, trace(tokens("[MASK]"), attention(1)))
    assert weights(focus).tolist() == [1.0]
    assert "100.0 %" in svg_text(focus)


def test_512_tokens_scroll_and_name_the_heaviest_on_top(qtbot: QtBot) -> None:
    """The first words say where to scroll to."""
    focus = shown(qtbot, trace(long_sentence(512, (3,)), attention(512)))
    assert focus.row is not None
    assert all(f"({key})" in focus.summary() for key in focus.row.top)
    qtbot.keyClick(focus, Qt.Key.Key_End)
    assert focus.rect().contains(focus.cell(511).toRect().adjusted(0, 40, 0, 0))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_tokens_are_drawn_literally_in_both_themes(qtbot: QtBot, theme: str) -> None:
    """No token is interpreted as markup."""
    with in_theme(theme):
        drawn = svg_text(shown(qtbot, trace(tokens(["[MASK]", *HOSTILE]), attention(1 + len(HOSTILE)))))
    assert "&lt;b&gt;x&lt;/b&gt;" in drawn
    assert "\\ud800" in drawn
