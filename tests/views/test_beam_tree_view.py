"""The tree of a beam search: every branch has its place, no edge crosses another, kept branches can be chosen."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from attnviz.trace import BeamTree, Branch, Cursor, Decoding, Fate, Trace
from attnviz.views.beam_layout import arrange, best_path, ordered
from attnviz.views.beam_tree_view import BeamTreeView
from attnviz.views.beam_words import says
from tests.views.decodings import beam_tree, decoding_of, decoding_trace
from tests.views.sentences import HOSTILE, hover, in_theme, svg_text
from tests.views.traces import press, shown

LEFT = Qt.MouseButton.LeftButton
WORDS = ("<pad>", "<s>", "</s>", "a", "b", "c")
# By hand: a is kept, b pruned; from a: </s> ends, c and b are kept; from c at the limit: a is kept, b pruned.
BY_HAND = BeamTree(
    width=2,
    penalty=1.0,
    branches=(
        Branch(-1, 0, 4, math.log(0.2), math.log(0.2), Fate.PRUNED),
        Branch(-1, 0, 3, math.log(0.6), math.log(0.6), Fate.KEPT),
        Branch(1, 1, 2, math.log(0.5), math.log(0.3), Fate.ENDED),
        Branch(1, 1, 5, math.log(0.4), math.log(0.24), Fate.KEPT),
        Branch(3, 2, 3, math.log(0.5), math.log(0.12), Fate.KEPT),
        Branch(3, 2, 4, math.log(0.1), math.log(0.024), Fate.PRUNED),
    ),
    leaves=(2, 4),
    vocabulary=WORDS,
)


def view_of(qtbot: QtBot, tree: BeamTree = BY_HAND, size: tuple[int, int] = (700, 300)) -> BeamTreeView:
    return shown(qtbot, BeamTreeView(), Trace().plus(tree), size=size)


def middle(view: BeamTreeView, branch: int) -> QPoint:
    return view.box(branch).center().toPoint()


def laid_of(tree: BeamTree):
    count = len(tree.branches)
    return arrange(tree, [60.0] * count, [8.0] * count)


def test_every_branch_has_a_row(qtbot: QtBot) -> None:
    """With its word, its numbers and its fate; the score is the total over (5 + length) / 6 by hand."""
    rows = view_of(qtbot).numbers().rows
    assert [row[4] for row in rows] == ["b", "a", "</s>", "c", "a", "b"]
    assert [row[1] for row in rows] == [None, None, 1, 1, 3, 3]
    assert [row[7] for row in rows] == ["pruned", "kept", "ended", "kept", "kept", "pruned"]
    assert rows[2][8] == pytest.approx(math.log(0.3) / (7 / 6))
    assert rows[4][8] == pytest.approx(math.log(0.12) / (8 / 6))
    assert [row[9] for row in rows] == [None, None, 1, None, 2, None]


def test_words_totals_ranks_and_scores_are_lettered(qtbot: QtBot) -> None:
    """And what the numbers are stands below."""
    page = svg_text(view_of(qtbot))
    for made in BY_HAND.branches:
        assert f">{WORDS[made.token]}<".replace("</s>", "&lt;/s&gt;") in page
        assert f">{made.total:.2f}<".replace("-", "−") in page
    assert "#1  −1.03" in page
    assert "#2  −1.59" in page
    assert "total ÷ ((5 + length) ÷ 6)^1" in page


@pytest.mark.parametrize("fate_of", [1, 2, 3, 4])
def test_a_click_on_what_was_kept_gives_its_words(qtbot: QtBot, fate_of: int) -> None:
    """A leaf gives the whole output, a branch inside the words so far."""
    expected = {1: (3,), 2: (3, 2), 3: (3, 5), 4: (3, 5, 3)}[fate_of]
    view = view_of(qtbot)
    with qtbot.waitSignal(view.chosen) as chosen:
        qtbot.mouseClick(view, LEFT, pos=middle(view, fate_of))
    assert chosen.args == [expected]


def test_what_was_pruned_can_not_be_chosen(qtbot: QtBot) -> None:
    """Neither by the mouse nor by the keyboard."""
    view = view_of(qtbot)
    with qtbot.assertNotEmitted(view.chosen):
        qtbot.mouseClick(view, LEFT, pos=middle(view, 0))
        press(view, Qt.Key.Key_Return)


def test_the_keyboard_walks_the_tree(qtbot: QtBot) -> None:
    """Right to the likeliest child, left to the parent, up and down in a column, End to the best leaf."""
    view = view_of(qtbot)
    heard: list[tuple[int, ...]] = []
    view.chosen.connect(heard.append)
    view.setFocus()
    for keys in (
        (Qt.Key.Key_Right,),
        (Qt.Key.Key_Right,),
        (Qt.Key.Key_Down, Qt.Key.Key_Right),
        (Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Left),
        (Qt.Key.Key_End,),
        (Qt.Key.Key_Home,),
    ):
        press(view, *keys, Qt.Key.Key_Return)
    assert heard == [(3,), (3, 2), (3, 5, 3), (3,), (3, 2), (3,)]
    assert view.accessibleDescription().startswith("a · step 1")


def test_pointing_at_a_branch_points_at_its_step(qtbot: QtBot) -> None:
    """For a moment; a pinned cursor stays."""
    view = view_of(qtbot)
    hover(qtbot, view, middle(view, 5))
    assert view.cursor_at == Cursor(query=2)
    hover(qtbot, view, QPoint(5, 200))
    assert view.cursor_at == Cursor()
    pinned = Cursor(query=1, pinned=True)
    view.draw(view.trace, pinned)
    hover(qtbot, view, middle(view, 5))
    assert view.cursor_at == pinned


@pytest.mark.parametrize(
    ("branch", "words"),
    [
        (0, ("b · step 1", "probability 20.0 %", "pruned: not among the best 2")),
        (2, ("rank 1 of 2", "ended with the end sign", "total −1.20", "score −1.03")),
        (3, ("kept; a click takes the words up to here",)),
        (4, ("rank 2 of 2", "stopped at the limit of steps")),
    ],
)
def test_a_branch_is_told_in_words(branch: int, words: tuple[str, ...]) -> None:
    """Its word, its own probability, total, score and fate."""
    said = says(BY_HAND, branch)
    assert all(word in said for word in words)


@pytest.mark.parametrize(("width", "steps", "seed"), [(1, 1, 0), (2, 5, 1), (3, 4, 0), (10, 40, 2)])
def test_no_edge_crosses_another(width: int, steps: int, seed: int) -> None:
    """Of two branches of a step, the upper one's parent is not the lower one; and no boxes overlap."""
    tree = beam_tree(width, steps, seed)
    laid = laid_of(tree)
    for step in range(steps):
        column = sorted(
            (branch for branch, made in enumerate(tree.branches) if made.step == step),
            key=lambda branch: laid.boxes[branch].top(),
        )
        exits = [laid.exit(tree, branch).y() for branch in column]
        assert exits == sorted(exits)
        assert all(laid.boxes[a].bottom() < laid.boxes[b].top() for a, b in pairwise(column))


def test_siblings_stand_by_their_total() -> None:
    """The likelier one is above."""
    tree = beam_tree(4, 6)
    for column in ordered(tree):
        for upper, lower in pairwise(column):
            one, other = tree.branches[upper], tree.branches[lower]
            assert one.parent != other.parent or one.total >= other.total


def test_the_best_path_is_straight() -> None:
    """From the start to the best leaf on one level."""
    tree = beam_tree(5, 12, 3)
    laid = laid_of(tree)
    assert {laid.boxes[branch].center().y() for branch in best_path(tree)} == {laid.level}
    assert tree.tokens(tree.leaves[0]) == tuple(tree.branches[branch].token for branch in best_path(tree))


def test_columns_go_on_after_the_best_output_has_ended() -> None:
    """Within the rows that are used anyway, wherever the other outputs end."""
    short = BeamTree(1, 0.0, (*BY_HAND.branches, Branch(4, 3, 2, -0.1, -2.3, Fate.ENDED)), (2, 6), WORDS)
    laid = laid_of(short)
    assert all(laid.boxes[branch].top() >= 0 for branch in range(len(short.branches)))
    assert laid.height < 250


def test_every_place_leads_back_to_its_branch() -> None:
    """Between the columns there is none."""
    tree = beam_tree(10, 40)
    laid = laid_of(tree)
    for branch, box in enumerate(laid.boxes):
        assert laid.branch_at(box.center()) == branch
    assert laid.branch_at(laid.start) is None


def test_a_wide_and_long_search_scrolls_both_ways(qtbot: QtBot) -> None:
    """Ten by forty: the best path is in sight at first, the keyboard brings any branch into view."""
    view = view_of(qtbot, beam_tree(10, 40), size=(700, 300))
    tree = beam_tree(10, 40)
    first = best_path(tree)[0]
    assert view.rect().contains(middle(view, first))
    press(view, Qt.Key.Key_End)
    assert view._content_room().contains(view.box(tree.leaves[0]))
    for _ in range(25):
        press(view, Qt.Key.Key_Down)
    assert view._content_room().contains(view.box(ordered(tree)[-1][-1]))


def test_the_tree_follows_the_play_head(qtbot: QtBot) -> None:
    """Scrubbing brings the step's column into view, and leaves the height where it is."""
    tree = beam_tree(10, 40)
    view = view_of(qtbot, tree, size=(700, 300))
    level = view.box(best_path(tree)[0]).top()
    for step in (30, 3, 39):
        view.draw(view.trace, Cursor(step=step))
        box = view.box(best_path(tree)[step])
        assert view._content_room().contains(box)
        assert box.top() == level


def test_only_what_is_seen_is_painted(qtbot: QtBot) -> None:
    """Of forty steps those that stand in the widget are lettered."""
    view = view_of(qtbot, beam_tree(2, 40), size=(700, 300))
    page = svg_text(view)
    assert ">3<" in page
    assert ">30<" not in page


def test_the_best_path_has_the_accent_and_pruned_branches_are_faint(qtbot: QtBot) -> None:
    """The edge of the box tells: accent, text-like, dashed."""
    view = view_of(qtbot)
    with in_theme("dark") as chosen:
        image = view.grab().toImage()
        box = view.box(2)
        assert image.pixelColor(int(box.center().x()), int(box.top())) == QColor(chosen.accent)
        pruned = view.box(0)
        edge = {
            image.pixelColor(x, int(pruned.top())).name()
            for x in range(int(pruned.left()) + 6, int(pruned.right()) - 6)
        }
        assert len(edge) > 1
        assert chosen.accent not in edge


def test_the_shown_output_is_marked_where_it_is_not_the_best(qtbot: QtBot) -> None:
    """When the trace holds a decoding that the tree knows, its path stands out."""
    view = view_of(qtbot)
    trace = decoding_trace(steps=3)
    decoding = replace(decoding_of(trace), tokens=(3, 5, 3))
    before = view.grab().toImage()
    view.draw(Trace().plus(BY_HAND, decoding), Cursor())
    assert view._shown == {1, 3, 4}
    assert view.grab().toImage() != before
    assert view.trace.find(Decoding) is decoding


@pytest.mark.parametrize(
    ("trace", "sentence"),
    [(Trace(), "Choose a beam wider than 1"), (Trace().plus(BeamTree(2, 0.0, (), (), WORDS)), "looked at no word")],
)
def test_an_empty_tree_is_a_sentence(qtbot: QtBot, trace: Trace, sentence: str) -> None:
    """Mouse and keys do nothing then."""
    view = shown(qtbot, BeamTreeView(), trace, size=(700, 300))
    qtbot.mouseClick(view, LEFT, pos=view.rect().center())
    press(view, Qt.Key.Key_Right, Qt.Key.Key_Return)
    assert sentence in svg_text(view)
    assert view.numbers().rows == ()


def test_another_search_forgets_what_was_looked_at(qtbot: QtBot) -> None:
    """A smaller tree after a larger one: nothing points at branches that are gone."""
    view = view_of(qtbot, beam_tree(10, 40))
    press(view, Qt.Key.Key_End)
    hover(qtbot, view, QPoint(100, 100))
    view.draw(Trace().plus(BY_HAND), Cursor(step=30))
    assert not view.grab().isNull()
    with qtbot.assertNotEmitted(view.chosen):
        press(view, Qt.Key.Key_Return)


def test_hostile_words_are_lettered_literally(qtbot: QtBot) -> None:
    """Markup stays markup, long words are cut."""
    tree = beam_tree(8, 2)
    branches = tuple(replace(made, token=index % len(HOSTILE)) for index, made in enumerate(tree.branches))
    view = view_of(qtbot, replace(tree, branches=branches, vocabulary=HOSTILE), size=(900, 600))
    page = svg_text(view)
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    assert "w" * 25 not in page
