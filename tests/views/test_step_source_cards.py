"""The cards of attention: one line per source token in each, what-ifs staged on them, nothing sent before it is asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot

from attnviz.edits import HideSource, SetContext, SetWeights
from attnviz.trace import Cursor, Decoding, Encoding, Floats, Trace, frozen
from attnviz.views.step_cards import StepCards
from attnviz.views.step_source_card import labels_that_fit
from tests.views.decodings import beam_tree, decoding_trace
from tests.views.sentences import hover, svg_text
from tests.views.traces import press, shown

LEFT = Qt.MouseButton.LeftButton
STEP = 2


def cards_of(qtbot: QtBot, trace: Trace | None = None, size: tuple[int, int] = (1000, 640)) -> StepCards:
    return shown(qtbot, StepCards(), decoding_trace() if trace is None else trace, Cursor(step=STEP), size)


def records(view: StepCards) -> tuple[Decoding, Encoding]:
    decoding, encoding = view.trace.find(Decoding), view.trace.find(Encoding)
    assert decoding is not None
    assert encoding is not None
    return decoding, encoding


def row_of(view: StepCards, name: str, step: int = STEP) -> Floats:
    """The scores, weights or context of a step."""
    found: Floats = getattr(records(view)[0], name)[step]
    return found


def drag(qtbot: QtBot, view: StepCards, position: int, weight: float) -> None:
    """Drag the bar of a token to a weight, as a hand does: press, move past the threshold, move on, let go."""
    card = view.weights
    line, scale = card.row(position), card.bar_scale()
    start = QPoint(int(scale.at(0.0)) + 2, int(line.center().y()))
    end = QPoint(round(scale.at(weight)), start.y())
    qtbot.mousePress(card, LEFT, pos=start)
    qtbot.mouseMove(card, start + QPoint(30, 0))
    qtbot.mouseMove(card, end)
    qtbot.mouseRelease(card, LEFT, pos=end)


def edited(**changes: Floats) -> Trace:
    """The usual decoding with some of its arrays changed."""
    trace = decoding_trace()
    decoding = trace.find(Decoding)
    assert decoding is not None
    return trace.plus(replace(decoding, **changes))


def choose(menu: QMenu, beginning: str) -> None:
    next(action for action in menu.actions() if action.text().startswith(beginning)).trigger()


def test_the_same_line_in_every_card(qtbot: QtBot) -> None:
    """A token stands at one height from the states to the context."""
    view = cards_of(qtbot)
    sources = (view.states, view.scores, view.weights, view.context)
    for position in range(6):
        assert len({round(card.row(position).top() + card.y(), 3) for card in sources}) == 1


@pytest.mark.parametrize("name", ["states", "scores", "weights", "context"])
def test_pointing_at_a_token_lights_it_everywhere(qtbot: QtBot, name: str) -> None:
    """Hover points for a moment, a click stays, a second one frees."""
    view = cards_of(qtbot)
    card = getattr(view, name)
    spot = card.row(4).center().toPoint()
    hover(qtbot, card, spot)
    qtbot.waitUntil(lambda: view.cursor_at.key == 4)
    assert view.scores.marked == view.weights.marked == view.states.marked == view.context.marked == 4
    qtbot.mouseClick(card, LEFT, pos=spot)
    assert (view.cursor_at.key, view.cursor_at.pinned) == (4, True)
    qtbot.mouseClick(card, LEFT, pos=spot)
    assert (view.cursor_at.key, view.cursor_at.pinned) == (None, False)


def test_arrows_walk_the_tokens(qtbot: QtBot) -> None:
    """Down to the next one, End to the last, and the exact value is said."""
    view = cards_of(qtbot)
    press(view.scores, Qt.Key.Key_Down, Qt.Key.Key_Down)
    assert (view.cursor_at.key, view.cursor_at.pinned) == (1, True)
    press(view.scores, Qt.Key.Key_End)
    assert view.cursor_at.key == 5
    told = f"{float(row_of(view, 'scores')[5]):.6g}".replace("-", "−")
    assert view.scores.accessibleDescription().endswith(f"e = {told}")
    press(view.scores, Qt.Key.Key_Escape)
    assert view.cursor_at == Cursor(step=STEP)


def test_the_map_of_states_is_built_once_for_all_steps(qtbot: QtBot) -> None:
    """Scrubbing, and a record that comes later, paint the same picture; another source brings another one."""
    view = cards_of(qtbot)
    view.grab()
    built = view.states.map
    painted = built._image.cacheKey()
    for step in range(6):
        view.draw(view.trace.plus(beam_tree()), Cursor(step=step, key=step))
        view.grab()
    assert view.states.map is built
    assert built._image.cacheKey() == painted
    view.draw(decoding_trace(seed=1), Cursor())
    assert view.states.map is not built


@pytest.mark.parametrize("kind", ["dot", "general", "additive"])
def test_the_inside_of_a_score_sums_to_it(qtbot: QtBot, kind: str) -> None:
    """The opened card's map gives back the raw scores: times v for additive, by plain sum for the products."""
    view = cards_of(qtbot, decoding_trace(attention=kind))
    encoding = records(view)[1]
    view.toggle(view.scores)
    inside = view.scores.inner().values
    summed = inside @ encoding.vector if kind == "additive" else inside.sum(axis=1)
    assert np.allclose(summed, row_of(view, "scores"), atol=1e-5)


def test_the_context_is_the_sum_of_what_is_drawn(qtbot: QtBot) -> None:
    """Column by column; one that was set by hand is told as such."""
    view = cards_of(qtbot)
    assert np.allclose(view.context.terms.values.sum(axis=0), row_of(view, "context"), atol=1e-5)
    assert "summed by column" in svg_text(view)
    *terms, context = view.context.numbers().rows
    values = np.array([row[1:] for row in terms], float)
    assert context[0] == "context"
    assert values.sum(axis=0) == pytest.approx(np.array(context[1:], float), abs=1e-5)


def test_a_drag_sets_a_bar_and_scales_the_others(qtbot: QtBot) -> None:
    """Shown with the outline of what was, told with the factor, and sent when Apply is pressed."""
    view = cards_of(qtbot)
    own = row_of(view, "weights").astype(float)
    plain = view.weights.grab().toImage()
    with qtbot.assertNotEmitted(view.weights_set):
        drag(qtbot, view, 1, 0.6)
    staged = view.weights.staged.weights
    assert staged[1] == pytest.approx(0.6, abs=0.01)
    others = np.arange(6) != 1
    assert staged[others] == pytest.approx(own[others] * (1 - staged[1]) / own[others].sum())
    assert f"others × {(1 - staged[1]) / own[others].sum():.2f}, sum 1.00" in svg_text(view)
    assert view.weights.grab().toImage() != plain
    with qtbot.waitSignal(view.weights_set) as sent:
        qtbot.mouseClick(view.weights.apply_button, LEFT)
    assert sent.args == [SetWeights(STEP, tuple(staged.tolist()))]


def test_drags_add_up(qtbot: QtBot) -> None:
    """The second starts from the first; the ghost is still the model's own."""
    view = cards_of(qtbot)
    own = row_of(view, "weights")
    drag(qtbot, view, 1, 0.6)
    drag(qtbot, view, 3, 0.5)
    staged = view.weights.staged
    assert staged.weights[3] == pytest.approx(0.5, abs=0.01)
    assert staged.weights[1] > own[1]
    assert staged.original.tolist() == own.astype(float).tolist()


def test_a_click_without_a_drag_stages_nothing(qtbot: QtBot) -> None:
    """It pins the token."""
    view = cards_of(qtbot)
    qtbot.mouseClick(view.weights, LEFT, pos=view.weights.row(2).center().toPoint())
    assert view.weights.staged is None
    assert view.cursor_at.key == 2


def test_keys_move_a_weight_by_a_twentieth(qtbot: QtBot) -> None:
    """Right and left change the marked bar, Enter applies, Esc discards before it frees or closes."""
    view = cards_of(qtbot)
    card, own = view.weights, row_of(view, "weights").astype(float)
    press(card, Qt.Key.Key_Home, Qt.Key.Key_Right, Qt.Key.Key_Right)
    assert card.staged.weights[0] == pytest.approx(min(own[0] + 0.1, 1.0))
    with qtbot.waitSignal(view.weights_set) as sent:
        press(card, Qt.Key.Key_Return)
    assert sent.args[0].step == STEP
    press(card, Qt.Key.Key_Escape)
    assert card.staged is None
    assert view.cursor_at.pinned
    assert not card.apply_button.isVisible()


@pytest.mark.parametrize("way", ["step", "decoding"])
def test_leaving_the_step_drops_what_is_staged(qtbot: QtBot, way: str) -> None:
    """It belongs to that step of that decoding; pointing around keeps it."""
    view = cards_of(qtbot)
    drag(qtbot, view, 1, 0.6)
    view.draw(view.trace, Cursor(step=STEP, key=3))
    assert view.weights.staged is not None
    trace = decoding_trace(seed=3) if way == "decoding" else view.trace
    view.draw(trace, Cursor(step=STEP if way == "decoding" else STEP + 1))
    assert view.weights.staged is None


def test_the_menu_stages_ready_distributions(qtbot: QtBot) -> None:
    """Uniform, and all on the pointed token."""
    view = cards_of(qtbot)
    choose(view.weights.menu_for(4), "uniform")
    assert view.weights.staged.weights == pytest.approx([1 / 6] * 6)
    choose(view.weights.menu_for(4), "all on o (4)")
    assert view.weights.staged.weights.tolist() == [0, 0, 0, 0, 1, 0]


@pytest.mark.parametrize("name", ["scores", "weights"])
def test_a_source_token_is_hidden_from_here_or_everywhere(qtbot: QtBot, name: str) -> None:
    """The menu sends the edit; without a token it only says what to do."""
    view = cards_of(qtbot)
    card = getattr(view, name)
    sent: list[HideSource] = []
    view.source_hidden.connect(sent.append)
    choose(card.menu_for(1), "hide a (1) from step 3 on")
    choose(card.menu_for(1), "hide a (1) from all steps")
    assert sent == [HideSource(STEP, 1), HideSource(0, 1)]
    assert not card.menu_for(None).actions()[-1].isEnabled()


def test_hidden_tokens_are_told(qtbot: QtBot) -> None:
    """A score of −∞ is no bar and no number."""
    scores = np.array(decoding_trace().find(Decoding).scores)
    scores[:, 1] = -np.inf
    view = cards_of(qtbot, edited(scores=frozen(scores)))
    assert ">hidden<" in svg_text(view)
    assert view.scores._row_says(view.scores.moment, 1, None) == "a (1)   e = −∞"


def test_what_was_set_by_hand_is_told(qtbot: QtBot) -> None:
    """Neither are weights called the softmax that they aren't, nor a context the sum that it isn't."""
    plain = svg_text(cards_of(qtbot))
    assert "by hand" not in plain
    even = frozen(np.full((6, 6), 1 / 6))
    assert "set by hand, not softmax(e₃)" in svg_text(cards_of(qtbot, edited(weights=even)))
    assert "set by hand: not the sum above" in svg_text(cards_of(qtbot, edited(context=frozen(np.zeros((6, 8))))))


def test_the_context_is_replaced_by_numbers_of_the_run(qtbot: QtBot) -> None:
    """Zeros, the mean, a token's state, the context before: each with its origin in words."""
    view = cards_of(qtbot)
    encoding = records(view)[1]
    view.draw(view.trace, Cursor(step=STEP, key=3))
    sent: list[SetContext] = []
    view.context_set.connect(sent.append)
    for beginning in ("zero vector", "mean", "encoder state", "context of step 2"):
        choose(view.context.replacements(), f"replace c by the {beginning}")
    wanted = (np.zeros(8), encoding.states.mean(axis=0), encoding.states[3], row_of(view, "context", STEP - 1))
    for edit, values in zip(sent, wanted, strict=True):
        assert edit.step == STEP
        assert edit.values == pytest.approx(values.tolist())
    assert [edit.origin for edit in sent][1:3] == ["mean of the encoder states", "encoder state of i (3)"]


def test_a_key_opens_the_replacements(qtbot: QtBot) -> None:
    """R, on the focused card."""
    view = cards_of(qtbot)
    press(view.context, Qt.Key.Key_R)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    assert len(menu.actions()) == 4
    menu.close()


def test_the_first_step_has_no_context_before(qtbot: QtBot) -> None:
    """The offer says so and can't be taken."""
    view = cards_of(qtbot)
    view.draw(view.trace, Cursor())
    assert [action.isEnabled() for action in view.context.replacements().actions()] == [True, True, False, False]


def test_the_reading_of_a_term_is_its_product(qtbot: QtBot) -> None:
    """α, h̃ and α h̃ of the cell under the mouse."""
    view = cards_of(qtbot)
    encoding = records(view)[1]
    rows = view.context.rows()
    point = QPointF(rows.left() + rows.width() * 5.5 / 8, view.context.row(3).center().y())
    product = float(row_of(view, "weights")[3]) * float(encoding.states[3, 5])
    assert view.context._reading(point).endswith(f"= {product:.6g}".replace("-", "−"))


def test_labels_that_fit_keep_the_marked_and_the_heaviest() -> None:
    """All where there is room; else the marked one first, then those with most weight, none nearer than a line."""
    weights = frozen(np.linspace(0, 1, 100))
    assert labels_that_fit(10, 120.0, weights[:10], None) == tuple(range(10))
    chosen = labels_that_fit(100, 240.0, weights, 50)
    assert {50, 99} <= set(chosen)
    assert np.diff(chosen).min() * 2.4 >= 12


def test_five_thousand_tokens_are_drawn(qtbot: QtBot) -> None:
    """More lines than pixels: the longest bar of a pixel is drawn and can be pointed at."""
    view = cards_of(qtbot, decoding_trace(source="ab" * 2500, attention="dot"))
    view.grab()
    assert view.weights.row_at(view.weights.row(2500).center()) == 2500
