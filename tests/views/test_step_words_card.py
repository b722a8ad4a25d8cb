"""The words of a step as bars: the best ones, the one that was taken among them, and a click takes another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from attnviz.edits import ForceToken
from attnviz.trace import Choice, Cursor, Decoding, Trace
from attnviz.views.step_cards import StepCards
from tests.views.decodings import decoding_trace
from tests.views.sentences import svg_text
from tests.views.traces import press, shown

LEFT = Qt.MouseButton.LeftButton
STEP = 2


def cards_of(qtbot: QtBot, trace: Trace) -> StepCards:
    return shown(qtbot, StepCards(), trace, Cursor(step=STEP), (1000, 640))


def forced(trace: Trace, token: int) -> Trace:
    """The same decoding with another word taken at the step."""
    decoding = trace.find(Decoding)
    assert decoding is not None
    logits = decoding.logits[STEP].astype(float)
    shares = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    probabilities, ranks = decoding.probabilities.copy(), decoding.ranks.copy()
    probabilities[STEP], ranks[STEP] = shares[token], int((shares > shares[token]).sum()) + 1
    tokens = (*decoding.tokens[:STEP], token, *decoding.tokens[STEP + 1 :])
    choices = (*decoding.choices[:STEP], Choice.FORCED, *decoding.choices[STEP + 1 :])
    return trace.plus(replace(decoding, tokens=tokens, choices=choices, probabilities=probabilities, ranks=ranks))


def test_the_bars_are_the_softmax_of_the_logits(qtbot: QtBot) -> None:
    """Most probable first; checked with numpy in double precision."""
    view = cards_of(qtbot, decoding_trace())
    logits = view.trace.find(Decoding).logits[STEP].astype(float)
    shares = np.exp(logits - logits.max()) / np.exp(logits - logits.max()).sum()
    words = view.words.words()
    best = np.argsort(-shares, kind="stable")[: len(words)]
    assert [word.token for word in words if word.rank <= len(words)] == best[: len(words)].tolist()
    assert np.allclose([word.probability for word in words], shares[[word.token for word in words]], atol=1e-6)


def test_a_click_takes_another_word(qtbot: QtBot) -> None:
    """The edit names the step and the id; the word that was taken is no choice."""
    view = cards_of(qtbot, decoding_trace())
    words = view.words.words()
    other = next(place for place, word in enumerate(words) if not word.chosen)
    own = next(place for place, word in enumerate(words) if word.chosen)
    with qtbot.waitSignal(view.word_chosen) as sent:
        qtbot.mouseClick(view.words, LEFT, pos=view.words.row(other).center().toPoint())
    assert sent.args == [ForceToken(STEP, words[other].token)]
    with qtbot.assertNotEmitted(view.word_chosen):
        qtbot.mouseClick(view.words, LEFT, pos=view.words.row(own).center().toPoint())


def test_keys_take_another_word(qtbot: QtBot) -> None:
    """Up, down, Enter."""
    view = cards_of(qtbot, decoding_trace())
    words = view.words.words()
    place = next(place for place in (1, 2) if not words[place].chosen)
    with qtbot.waitSignal(view.word_chosen) as sent:
        press(view.words, Qt.Key.Key_Home, *[Qt.Key.Key_Down] * place, Qt.Key.Key_Return)
    assert sent.args == [ForceToken(STEP, words[place].token)]


def test_an_improbable_word_that_was_taken_stays_in_sight(qtbot: QtBot) -> None:
    """As the last row, with its true rank and why it was taken."""
    trace = decoding_trace()
    worst = int(trace.find(Decoding).logits[STEP].argmin())
    view = cards_of(qtbot, forced(trace, worst))
    last = view.words.words()[-1]
    assert (last.token, last.rank, last.chosen) == (worst, 20, True)
    drawn = svg_text(view)
    assert "forced · rank 20" in drawn
    assert ">rank 20<" in drawn


def test_opened_lists_more_words(qtbot: QtBot) -> None:
    """With their logits and ranks."""
    view = cards_of(qtbot, decoding_trace())
    few = len(view.words.words())
    view.toggle(view.words)
    assert len(view.words.words()) > few
    assert "logit " in svg_text(view)
    columns = view.words.numbers().columns
    assert columns == ("rank", "id", "word", "probability", "logit", "taken")
