"""Where a mask looks in every layer."""

from __future__ import annotations

import numpy as np
import torch
from pytestqt.qtbot import QtBot

from attnviz.trace import Attention, Cursor, Site, Tokens, Trace, frozen
from attnviz.views.layer_focus import LayerFocus

WORDS = ("[CLS]", "the", "[MASK]", "sat", "[MASK]", "[SEP]")
HEADS, DIM = 3, 4


def tokens(masks: tuple[int, ...] = (2, 4)) -> Tokens:
    """Six tokens, two of them masks."""
    return Tokens(
        text="the [MASK] sat [MASK]", ids=tuple(range(6)), pieces=WORDS, labels=WORDS, spans=(None,) * 6, segments=(0,) * 6,
        special=(True, False, False, False, False, True), words=(None, 0, 1, 2, 3, None), masks=masks, originals=(None,) * 6,
    )  # fmt: skip


def attention(layer: int) -> Attention:
    """Random queries and keys of one layer."""
    draw = np.random.default_rng(layer)
    query, key, value = (frozen(draw.normal(size=(HEADS, 6, DIM))) for _ in range(3))
    return Attention(Site.ENCODER, layer, query, key, value, 0.5)


def shown(qtbot: QtBot, trace: Trace, cursor: Cursor | None = None) -> LayerFocus:
    view = LayerFocus()
    qtbot.addWidget(view)
    view.resize(500, 300)
    view.show()
    view.draw(trace, cursor or Cursor())
    return view


def expected(layer: int, mask: int) -> torch.Tensor:
    """The mask's row of every head, by torch's own softmax: (heads, keys)."""
    record = attention(layer)
    query, key = torch.tensor(record.query), torch.tensor(record.key)
    return (query @ key.transpose(-1, -2) * record.scale).softmax(-1)[:, mask]


def rows(view: LayerFocus) -> np.ndarray:
    return np.array([row[1:] for row in view.numbers().rows], dtype=np.float64)


def test_each_row_is_the_mean_over_the_heads_of_a_layer(qtbot: QtBot) -> None:
    """The first mask's attention in layers 0 and 1, as torch computes it."""
    view = shown(qtbot, Trace().plus(tokens(), attention(1), attention(0)))
    np.testing.assert_allclose(rows(view), torch.stack([expected(layer, 2).mean(0) for layer in (0, 1)]), atol=1e-6)


def test_the_mask_under_the_cursor_is_shown(qtbot: QtBot) -> None:
    """Moving the cursor to another mask shows that one; a word that is no mask changes nothing."""
    view = shown(qtbot, Trace().plus(tokens(), attention(0)), Cursor(query=4))
    np.testing.assert_allclose(rows(view)[0], expected(0, 4).mean(0), atol=1e-6)
    view.draw(view.trace, Cursor(query=3))
    np.testing.assert_allclose(rows(view)[0], expected(0, 2).mean(0), atol=1e-6)


def test_one_head_can_be_chosen_and_special_tokens_left_out(qtbot: QtBot) -> None:
    """Without [CLS] and [SEP] each row sums to 1 again, and the picture says what was hidden."""
    view = shown(qtbot, Trace().plus(tokens(), attention(0)))
    view.head = 1
    np.testing.assert_allclose(rows(view)[0], expected(0, 2)[1], atol=1e-6)
    view.hide_special = True
    kept = expected(0, 2)[1].clone()
    hidden = float(kept[0] + kept[5])
    kept[[0, 5]] = 0
    np.testing.assert_allclose(rows(view)[0], kept / kept.sum(), atol=1e-6)
    assert f"{hidden * 100:.0f} % of the mass" in view.picture.caption


def test_without_a_mask_there_is_a_sentence_and_no_number(qtbot: QtBot) -> None:
    """Nothing is drawn that was not computed."""
    for trace in (Trace(), Trace().plus(tokens(masks=()), attention(0)), Trace().plus(tokens())):
        view = shown(qtbot, trace)
        assert view.picture is None
        assert view.numbers().rows == ()
