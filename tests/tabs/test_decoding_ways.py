"""The ways of choosing words in the decoding tab: a beam with its tree, drawing, following a reference, and a second model beside."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtCore import Qt

from attnviz.edits import ForceToken
from attnviz.jobs.decode import Draw, SearchBeam
from attnviz.tabs.decoding_wish import Way
from attnviz.tabs.decoding_words import BEFORE
from attnviz.trace import BeamTree, Choice, Encoding
from tests.tabs.translating import LEFT, SEED, Hand
from tests.translators import tiny_model
from tests.views.sentences import svg_text
from tests.windows import sentences


def tree_of(hand: Hand) -> BeamTree:
    found = hand.tab.searching.trace.find(BeamTree)
    assert found is not None
    return found


def choose_leaf(hand: Hand, rank: int) -> tuple[int, ...]:
    """Click one of the outputs that the search kept; returns its words."""
    tree, view = tree_of(hand), hand.tab.widgets.tree
    hand.qtbot.mouseClick(hand.tab.widgets.page_buttons.button(1), LEFT)
    leaf = tree.leaves[rank]
    view.setFocus()
    hand.qtbot.mouseClick(view, LEFT, pos=view.box(leaf).center().toPoint())
    hand.settle()
    return tree.tokens(leaf)


def test_a_beam_search_shows_its_best_output_and_offers_the_tree(hand: Hand) -> None:
    """The tree has a page of its own while words are searched, and is gone afterwards."""
    pages = hand.tab.widgets.page_buttons.button(1)
    assert not pages.isVisible()
    hand.choose_way(Way.BEAM)
    assert pages.isVisible()
    tree = tree_of(hand)
    assert hand.decoding.tokens == tree.tokens(tree.leaves[0])
    hand.qtbot.mouseClick(pages, LEFT)
    assert hand.tab.widgets.tree.isVisible()
    assert not hand.tab.widgets.cards.isVisible()
    hand.choose_way(Way.GREEDY)
    assert hand.tab.widgets.cards.isVisible()
    assert not pages.isVisible()


def test_the_width_and_the_penalty_are_searched_with(hand: Hand) -> None:
    """Another width is another search."""
    hand.choose_way(Way.BEAM)
    hand.tab.widgets.controls.width_box.setValue(2)
    hand.tab.widgets.controls.penalty.setValue(0.7)
    hand.settle()
    job = hand.tab.searching.job
    assert isinstance(job, SearchBeam)
    assert (job.width, job.penalty) == (2, 0.7)
    assert (tree_of(hand).width, tree_of(hand).penalty) == (2, 0.7)


def test_a_chosen_leaf_is_the_shown_output(hand: Hand) -> None:
    """Its words are the timeline's, its steps have all their numbers; the tree stays as it is."""
    hand.choose_way(Way.BEAM)
    searches = sum(isinstance(job, SearchBeam) for job in hand.jobs)
    words = choose_leaf(hand, 1)
    assert hand.decoding.tokens == words
    assert hand.decoding.tokens != tree_of(hand).tokens(tree_of(hand).leaves[0])
    assert len(hand.tab.lanes) == 1
    assert sum(isinstance(job, SearchBeam) for job in hand.jobs) == searches
    tree, view = tree_of(hand), hand.tab.widgets.tree
    assert view.tree is tree
    assert [tree.branches[branch].token for branch in sorted(view._shown)] == list(words)


def test_the_tree_has_a_key(hand: Hand) -> None:
    """Alt+2 brings it, Alt+1 the step; where nothing was searched the step stays."""
    pages, alt = hand.tab.widgets.pages, Qt.KeyboardModifier.AltModifier
    hand.tab.widgets.timeline.setFocus()
    hand.qtbot.keyClick(hand.tab.widgets.timeline, Qt.Key.Key_2, alt)
    assert pages.currentIndex() == 0
    assert hand.tab.widgets.page_buttons.checkedId() == 0
    hand.choose_way(Way.BEAM)
    hand.tab.widgets.timeline.setFocus()
    hand.qtbot.keyClick(hand.tab.widgets.timeline, Qt.Key.Key_2, alt)
    assert pages.currentIndex() == 1
    hand.qtbot.keyClick(hand.tab.widgets.timeline, Qt.Key.Key_1, alt)
    assert pages.currentIndex() == 0


def test_after_a_what_if_in_a_chosen_leaf_the_model_goes_on_by_itself(hand: Hand) -> None:
    """Up to the change the words are the leaf's, at it the chosen one, behind it the model's own; before is the whole leaf."""
    hand.choose_way(Way.BEAM)
    words = choose_leaf(hand, 1)
    hand.qtbot.mouseClick(hand.tab.widgets.page_buttons.button(0), LEFT)
    step = len(words) // 2
    word = hand.say_otherwise(step)
    found = hand.decoding
    assert hand.tab.wish.edits == (ForceToken(step, word.token),)
    assert found.tokens[: step + 1] == (*words[:step], word.token)
    assert len(found) > step + 1
    assert set(found.choices[step + 1 :]) == {Choice.GREEDY}
    assert hand.tab.lanes[1][0] == BEFORE
    assert hand.other.tokens == words


def test_a_what_if_in_the_best_output_needs_no_click_in_the_tree(hand: Hand) -> None:
    """The best branch is the path that is changed."""
    hand.choose_way(Way.BEAM)
    best = hand.decoding.tokens
    word = hand.say_otherwise(0)
    assert hand.decoding.tokens[0] == word.token
    assert len(hand.decoding) > 1
    assert hand.other.tokens == best


@pytest.mark.parametrize("first", [Way.GREEDY, Way.BEAM])
def test_a_what_if_is_made_in_every_search(hand: Hand, first: Way) -> None:
    """A change that is switched on is made in the best output of the next search too; another source keeps it."""
    hand.choose_way(first)
    word = hand.say_otherwise(0)
    hand.choose_way(Way.BEAM)
    for source in ("nationality", "cat"):
        hand.type(source)
        tree = tree_of(hand)
        assert hand.tab.trace.tokens().text == source
        assert hand.decoding.tokens[0] == word.token
        assert hand.decoding.choices[0] is Choice.FORCED
        assert hand.other.tokens == tree.tokens(tree.leaves[0])


def test_a_seed_repeats_the_draw(hand: Hand) -> None:
    """The same seed the same words, and softmax(logits / T) says how probable they were to be drawn; another draws others."""
    hand.choose_way(Way.SAMPLED)
    controls = hand.tab.widgets.controls
    controls.temperature.setValue(3.0)
    hand.settle()
    assert hand.tab.decoding.job.draw == Draw(3.0, 1)
    drawn: dict[int, tuple[int, ...]] = {}
    for seed in (1, 2, 3, 4, 1):
        controls.seed.setValue(seed)
        hand.settle()
        assert set(hand.decoding.choices) == {Choice.SAMPLED}
        assert drawn.setdefault(seed, hand.decoding.tokens) == hand.decoding.tokens
    assert len(set(drawn.values())) > 1


def test_a_reference_is_followed_and_its_losses_are_shown(hand: Hand) -> None:
    """Teacher forcing: every word is the reference's, and -ln p of each equals cross-entropy by torch."""
    hand.choose_way(Way.FOLLOW)
    target = hand.tab.widgets.controls.target
    hand.qtbot.keyClicks(target, "A B C")
    hand.qtbot.keyClick(target, Qt.Key.Key_Return)
    hand.settle()
    assert hand.decoding.labels == ("A", "B", "C", "</s>")
    model = tiny_model("general", SEED)
    ids = torch.tensor([hand.decoding.tokens])
    logits = model(torch.tensor([hand.tab.trace.tokens().ids]), torch.tensor([hand.decoding.previous]))
    losses = torch.nn.functional.cross_entropy(logits[0], ids[0], reduction="none")
    np.testing.assert_allclose(hand.decoding.losses, losses.numpy(), atol=1e-5)
    assert "−ln p, nats" in svg_text(hand.tab.widgets.timeline)
    assert f">{float(losses[1]):.2f}<" in svg_text(hand.tab.widgets.timeline)


def test_an_empty_reference_asks_nothing(hand: Hand) -> None:
    """Until something is written there is nothing to follow; the last answer stays."""
    asked, before = len(hand.jobs), hand.decoding
    hand.choose_way(Way.FOLLOW)
    assert len(hand.jobs) == asked
    assert hand.decoding is before


def test_unknown_words_in_a_reference_are_one_message(hand: Hand) -> None:
    """Said once; the answer that was there stays and can still be scrubbed."""
    hand.choose_way(Way.FOLLOW)
    before, target = hand.decoding, hand.tab.widgets.controls.target
    hand.qtbot.keyClicks(target, "A Z B")
    hand.qtbot.keyClick(target, Qt.Key.Key_Return)
    hand.settle()
    [said] = sentences(hand.window)
    assert "lacks a part of 'A Z B'" in said
    assert hand.decoding is before
    hand.go(0)
    assert hand.tab.cursor_at.step == 0
    hand.choose_way(Way.GREEDY)
    assert hand.decoding.tokens == before.tokens


def test_an_answer_is_begun_as_wished(hand: Hand) -> None:
    """A prefix is forced, and the model goes on behind it."""
    prefix = hand.tab.widgets.controls.prefix
    hand.qtbot.keyClicks(prefix, "B A")
    hand.qtbot.keyClick(prefix, Qt.Key.Key_Return)
    hand.settle()
    assert hand.decoding.labels[:2] == ("B", "A")
    assert hand.decoding.choices[:3] == (Choice.FORCED, Choice.FORCED, Choice.GREEDY)


def test_a_model_without_attention_is_compared(hand: Hand, translators: tuple[Path, ...]) -> None:
    """Beside the map stands the one vector that everything passes through; steps whose words differ are marked."""
    hand.compare(translators[2])
    first, second = hand.tab.widgets.looks
    assert first.alignment.isVisible()
    assert second.fixed.isVisible()
    assert not second.alignment.isVisible()
    encoding = hand.tab.lanes[1][1].find(Encoding)
    tokens = torch.tensor([hand.tab.trace.tokens().ids])
    np.testing.assert_allclose(encoding.fixed, tiny_model("none", SEED).encode(tokens).fixed[0].numpy(), atol=1e-5)
    assert [name for name, _ in hand.tab.lanes] == ["spelling-general", "spelling-none"]
    longest = max(len(hand.decoding), len(hand.other))
    words = [labels + ("",) * (longest - len(labels)) for labels in (hand.decoding.labels, hand.other.labels)]
    expected = {step for step in range(longest) if words[0][step] != words[1][step]}
    assert expected
    assert hand.tab.widgets.timeline.differing == expected
    hand.compare(Path())
    assert len(hand.tab.lanes) == 1
    assert not second.isVisible()


def test_what_ifs_beside_another_model_are_the_first_one_s(hand: Hand, translators: tuple[Path, ...]) -> None:
    """With a second model chosen the second lane stays that model's own output."""
    hand.compare(translators[1])
    others = hand.other.tokens
    hand.say_otherwise(1)
    assert [name for name, _ in hand.tab.lanes] == ["spelling-general", "spelling-dot"]
    assert hand.other.tokens == others
    assert hand.decoding.choices[1] is Choice.FORCED
