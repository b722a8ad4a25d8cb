"""The views of a judged pair: the verdict, the way of [CLS] to it, what decides, and the list of pairs."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from pytestqt.qtbot import QtBot

from attnviz.trace import Attention, Cursor, Hidden, PairJudgement, Tokens, Trace, Verdict, frozen
from attnviz.views.cls_focus import ClsFocus
from attnviz.views.cls_states import ClsStates
from attnviz.views.logit_table import LogitTable, parts_of
from attnviz.views.pair_table import PairTable, SamplePair
from attnviz.views.pooler_strips import PoolerStrips
from attnviz.views.sentence_shares import SentenceShares
from attnviz.views.verdict_view import VerdictView
from attnviz.views.view import View
from tests.views.traces import attention_of, hidden_of

WORDS = ("[CLS]", "a", "cat", "[SEP]", "it", "sat", "[SEP]")
PAIRS = (SamplePair("next", "A cat came.", "It sat."), SamplePair("random", "A cat came.", "Copper shines."))
WIDTH = 40


def tokens() -> Tokens:
    """Two sentences of two tokens each."""
    spans = (None, (0, 1), (2, 5), None, (6, 8), (9, 12), None)
    special = tuple(word.startswith("[") for word in WORDS)
    segments = (0, 0, 0, 0, 1, 1, 1)
    return Tokens("a cat", tuple(range(7)), WORDS, WORDS, spans, segments, special, (None,) * 7, pair="it sat")


def judgement() -> PairJudgement:
    """Random weights; the pooled state and the logits computed from them in double precision."""
    draw = np.random.default_rng(3)
    dense, weights, bias = draw.normal(size=WIDTH), draw.normal(size=(2, WIDTH)), draw.normal(size=2)
    logits = weights @ np.tanh(dense) + bias
    odds = np.exp(logits)
    return PairJudgement(*map(frozen, (dense, np.tanh(dense), weights, bias, logits, odds / odds.sum())))


def trace() -> Trace:
    layers = [record for layer in range(2) for record in (attention_of(7, layer=layer), hidden_of(layer, 7))]
    return Trace().plus(tokens(), *layers, judgement())


def shown(qtbot: QtBot, view: View, drawn: Trace, cursor: Cursor | None = None) -> None:
    qtbot.addWidget(view)
    view.resize(600, 300)
    view.show()
    view.draw(drawn, cursor or Cursor())


def test_the_attention_of_cls_is_that_of_the_first_token(qtbot: QtBot) -> None:
    """The mean of heads, a row a layer; or one head."""
    view = ClsFocus()
    shown(qtbot, view, trace())
    for layer, row in enumerate(view.numbers().rows):
        record = trace().attention(layer)
        assert isinstance(record, Attention)
        expected = np.mean([record.weights(head)[0] for head in range(record.heads)], axis=0)
        assert row[1:] == pytest.approx(tuple(expected), abs=1e-6)
    view.head = 1
    record = trace().attention(0)
    assert record is not None
    assert view.numbers().rows[0][1:] == pytest.approx(tuple(record.weights(1)[0]), abs=1e-6)


def test_the_shares_of_the_sentences_sum_the_weights(qtbot: QtBot) -> None:
    """Itself, the first, the second, the separators: by hand, and together the whole."""
    view = SentenceShares()
    shown(qtbot, view, trace())
    record = trace().attention(1)
    assert record is not None
    weights = np.mean([record.weights(head)[0] for head in range(record.heads)], axis=0)
    expected = (weights[0], weights[1:3].sum(), weights[4:6].sum(), weights[3] + weights[6])
    assert view.rows[1].shares == pytest.approx(tuple(map(float, expected)), abs=1e-6)
    assert sum(view.rows[0].shares) == pytest.approx(1, abs=1e-6)
    view.head = 2
    assert view.rows[1].shares[0] == pytest.approx(float(record.weights(2)[0, 0]), abs=1e-6)


def test_the_states_are_those_of_the_first_token(qtbot: QtBot) -> None:
    """A row a layer, the embeddings first; pointing at a cell points at its dimension."""
    view = ClsStates()
    shown(qtbot, view, trace())
    for layer, row in enumerate(view.numbers().rows):
        hidden = trace().hidden(layer)
        assert isinstance(hidden, Hidden)
        assert row[1:] == pytest.approx(tuple(map(float, hidden.states[0])))
    assert [row[0] for row in view.numbers().rows] == ["embeddings", "layer 0"]


def test_the_strips_are_dense_tanh_and_contributions(qtbot: QtBot) -> None:
    """Coordinate by coordinate; hovering one points at it."""
    view, found = PoolerStrips(), judgement()
    shown(qtbot, view, trace())
    adds = (found.weights[0] - found.weights[1]) * np.tanh(found.dense)
    for place, row in enumerate(view.numbers().rows):
        assert row == pytest.approx((place, found.dense[place], np.tanh(found.dense[place]), adds[place]), abs=1e-5)
    pointed: list[Cursor] = []
    view.pointed.connect(pointed.append)
    _, fold = view._folds()[1]
    view._hover(view._part_at(QPointF(fold.cell(7).center())))
    assert pointed[-1].key == 7


def test_what_decides_adds_up_to_the_difference(qtbot: QtBot) -> None:
    """The largest first, then the rest, the bias, and the difference, which is the sum of all the others."""
    found = judgement()
    *summands, total = parts_of(found)
    assert sum(part.adds for part in summands) == pytest.approx(float(found.logits[0] - found.logits[1]), abs=1e-4)
    assert total.adds == pytest.approx(float(found.logits[0] - found.logits[1]), abs=1e-6)
    sizes = [abs(part.adds) for part in summands if part.coordinate is not None]
    assert sizes == sorted(sizes, reverse=True)
    view = LogitTable()
    shown(qtbot, view, trace(), Cursor(key=summands[2].coordinate))
    assert view.table.currentIndex().row() == 2
    assert len(view.numbers().rows) == WIDTH + 1


def test_the_verdict_says_probability_and_logits(qtbot: QtBot) -> None:
    """Or why there is none; before anything has come there are no numbers."""
    view, found = VerdictView("B follows A"), judgement()
    shown(qtbot, view, Trace())
    assert view.numbers().rows == ()
    view.draw(trace(), Cursor())
    assert view.numbers().rows == (("B follows A", found.is_next, float(found.logits[0]), float(found.logits[1])),)
    assert f"{found.logits[0]:+.3f}".replace("-", "−") in view.said()


def test_the_list_fills_as_verdicts_come_and_says_what_is_wrong(qtbot: QtBot) -> None:
    """A stranger called next is wrong; the sum comes when all are judged; coming to a row offers its pair."""
    view = PairTable(PAIRS)
    shown(qtbot, view, Trace().plus(Verdict(0, 0.9)))
    assert [row[3:] for row in view.rows] == [("90.0 %", "right"), ("…", "")]
    assert view.said() == ""
    view.draw(Trace().plus(Verdict(0, 0.9), Verdict(1, 0.7)), Cursor())
    assert view.rows[1][3:] == ("70.0 %", "wrong")
    assert view.said() == "right: next 1/1 · random 0/1"
    assert view.numbers().rows[1] == ("random", "A cat came.", "Copper shines.", 0.7, "wrong")
    chosen: list[SamplePair] = []
    view.chosen.connect(chosen.append)
    view.table.selectRow(1)
    assert chosen == [PAIRS[1]]


@pytest.mark.parametrize("kind", [ClsFocus, SentenceShares, ClsStates, PoolerStrips, LogitTable])
def test_nothing_judged_yet_is_said(qtbot: QtBot, kind: type[View]) -> None:
    """An empty trace is drawn without complaint."""
    view = kind()
    shown(qtbot, view, Trace())
    assert view.numbers().rows == ()
    assert not view.grab().isNull()
