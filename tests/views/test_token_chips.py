"""The sentence as chips: where they stand, what a click and a key do, what is drawn."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, Qt
from PySide6.QtGui import QPaintEvent, QRegion
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from attnviz.trace import Cursor, Trace
from attnviz.views.palette import colour
from attnviz.views.token_chips import TokenChips
from tests.views.sentences import (
    CAPITAL,
    HOSTILE,
    hover,
    in_theme,
    long_sentence,
    own_probabilities,
    svg_text,
    tokens,
    trace,
)

LEFT = Qt.MouseButton.LeftButton


def shown(qtbot: QtBot, of: Trace, cursor: Cursor | None = None, width: int = 900, **settings: object) -> TokenChips:
    chips = TokenChips(**settings)  # type: ignore[arg-type]  # keywords pass through
    qtbot.addWidget(chips)
    chips.draw(of, cursor or Cursor())
    chips.resize(width, chips.heightForWidth(width))
    chips.show()
    qtbot.waitExposed(chips)
    return chips


def middle(chips: TokenChips, position: int) -> QPoint:
    return chips.cell(position).center().toPoint()


def test_a_click_on_a_word_asks_to_mask_it(qtbot: QtBot) -> None:
    """The position goes out as an int."""
    chips = shown(qtbot, trace(tokens(CAPITAL)))
    with qtbot.waitSignal(chips.toggled) as asked:
        qtbot.mouseClick(chips, LEFT, pos=middle(chips, 4))
    assert asked.args == [4]


def test_a_click_on_a_mask_asks_to_bring_the_word_back(qtbot: QtBot) -> None:
    """A mask is special to the tokenizer but not to the reader."""
    chips = shown(qtbot, trace(tokens(CAPITAL, {6: "paris"})))
    with qtbot.waitSignal(chips.toggled) as asked:
        qtbot.mouseClick(chips, LEFT, pos=middle(chips, 6))
    assert asked.args == [6]


def test_a_token_of_the_template_cannot_be_masked(qtbot: QtBot) -> None:
    """[CLS] and [SEP] answer neither a click nor Enter, and say so."""
    chips = shown(qtbot, trace(tokens(CAPITAL)))
    with qtbot.assertNotEmitted(chips.toggled):
        qtbot.mouseClick(chips, LEFT, pos=middle(chips, 0))
        qtbot.keyClick(chips, Qt.Key.Key_Return)
        qtbot.mouseClick(chips, LEFT, pos=middle(chips, 8))
    assert "can't be masked" in chips._says(tokens(CAPITAL), 8)


def test_a_click_beside_the_chips_or_with_another_button_does_nothing(qtbot: QtBot) -> None:
    """Only the left button on a chip acts."""
    chips = shown(qtbot, trace(tokens(CAPITAL)))
    with qtbot.assertNotEmitted(chips.toggled):
        qtbot.mouseClick(chips, LEFT, pos=QPoint(899, 2))
        qtbot.mouseClick(chips, Qt.MouseButton.RightButton, pos=middle(chips, 4))


def test_a_press_that_is_dragged_away_does_nothing(qtbot: QtBot) -> None:
    """The way out of a click that one regrets."""
    chips = shown(qtbot, trace(tokens(CAPITAL)))
    with qtbot.assertNotEmitted(chips.toggled):
        qtbot.mousePress(chips, LEFT, pos=middle(chips, 4))
        qtbot.mouseRelease(chips, LEFT, pos=middle(chips, 2))


def test_hovering_moves_the_query_for_the_time_being(qtbot: QtBot) -> None:
    """The cursor that goes out is not pinned, and keeps layer and head."""
    chips = shown(qtbot, trace(tokens(CAPITAL)), Cursor(layer=3, head=5))
    with qtbot.waitSignal(chips.pointed) as pointed:
        hover(qtbot, chips, middle(chips, 2))
    assert pointed.args == [Cursor(layer=3, head=5, query=2)]


def test_hovering_leaves_a_pinned_cursor_alone(qtbot: QtBot) -> None:
    """What is pinned stays until it is freed."""
    chips = shown(qtbot, trace(tokens(CAPITAL)), Cursor(query=4, pinned=True))
    with qtbot.assertNotEmitted(chips.pointed):
        hover(qtbot, chips, middle(chips, 2))
        qtbot.waitUntil(lambda: chips._hovered == 2)


class Painted(QObject):
    """What a widget was asked to paint."""

    def __init__(self, watched: QObject) -> None:
        super().__init__(watched)
        self.region = QRegion()
        watched.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.region = self.region.united(event.region())
        return False


def test_moving_the_cursor_repaints_what_it_leaves_and_where_it_goes(qtbot: QtBot) -> None:
    """Those chips wholly, and a chip that it doesn't touch not at all."""
    sentence = trace(long_sentence(60, (7,)))
    chips = shown(qtbot, sentence, Cursor(query=3, key=7))
    QApplication.processEvents()  # what showing it asked to be painted
    painted = Painted(chips)
    chips.draw(sentence, Cursor(query=7, key=21, pinned=True))
    areas = [chips.cell(position).toAlignedRect() for position in (3, 7, 21)]
    qtbot.waitUntil(lambda: all(QRegion(area).subtracted(painted.region).isEmpty() for area in areas))
    far = max(range(22, 40), key=lambda position: abs(chips.cell(position).left() - chips.cell(21).left()))
    assert not painted.region.intersects(chips.cell(far).toAlignedRect())


def test_arrows_walk_and_space_toggles(qtbot: QtBot) -> None:
    """Right twice, left once, Space: position 1; End and Home go to the ends, and no further."""
    chips = shown(qtbot, trace(tokens(CAPITAL)))
    for key in (Qt.Key.Key_Right, Qt.Key.Key_Right, Qt.Key.Key_Left):
        qtbot.keyClick(chips, key)
    with qtbot.waitSignal(chips.toggled) as asked:
        qtbot.keyClick(chips, Qt.Key.Key_Space)
    assert asked.args == [1]
    seen: list[Cursor] = []
    chips.pointed.connect(seen.append)
    for key in (Qt.Key.Key_End, Qt.Key.Key_Right, Qt.Key.Key_Home):
        qtbot.keyClick(chips, key)
    assert [cursor.query for cursor in seen] == [8, 8, 0]


def test_up_and_down_go_to_the_neighbouring_line(qtbot: QtBot) -> None:
    """In a wrapped sentence Down leads to a chip below."""
    chips = shown(qtbot, trace(long_sentence(60)), width=400)
    with qtbot.waitSignal(chips.pointed) as pointed:
        qtbot.keyClick(chips, Qt.Key.Key_Down)
    below = chips.cell(pointed.args[0].query)
    assert below.top() > chips.cell(0).bottom()


def test_a_key_that_means_nothing_here_is_left_to_the_window(qtbot: QtBot) -> None:
    """Esc frees the cursor; that is the tab's business."""
    chips = shown(qtbot, trace(tokens(CAPITAL)))
    with qtbot.assertNotEmitted(chips.pointed), qtbot.assertNotEmitted(chips.toggled):
        qtbot.keyClick(chips, Qt.Key.Key_Escape)


def test_as_a_token_strip_a_click_pins_and_a_second_frees(qtbot: QtBot) -> None:
    """The same widget in the inspector: nothing is masked there."""
    chips = shown(qtbot, trace(tokens(CAPITAL)), compact=True, clickable="pin")
    with qtbot.assertNotEmitted(chips.toggled), qtbot.waitSignal(chips.pointed) as pinned:
        qtbot.mouseClick(chips, LEFT, pos=middle(chips, 0))
    assert pinned.args == [Cursor(query=0, pinned=True)]
    chips.draw(chips.trace, pinned.args[0])
    with qtbot.waitSignal(chips.pointed) as freed:
        qtbot.mouseClick(chips, LEFT, pos=middle(chips, 0))
    assert freed.args == [Cursor(query=0, pinned=False)]


def test_pieces_of_one_word_stand_joined(qtbot: QtBot) -> None:
    """un-believ-ably touches; the next word keeps its distance; the ## is not drawn twice."""
    chips = shown(qtbot, trace(tokens("[CLS] un ##believ ##ably small [SEP]")))
    assert chips.cell(2).left() == chips.cell(1).right()
    assert chips.cell(4).left() == chips.cell(3).right() + 8
    assert "##" not in svg_text(chips)


def test_long_sentences_wrap_and_scroll_after_four_lines(qtbot: QtBot) -> None:
    """512 tokens ask for the height of four lines and the last one can be reached with the keyboard."""
    chips = shown(qtbot, trace(long_sentence(512)))
    assert chips.height() == shown(qtbot, trace(long_sentence(200))).height() < 260
    assert chips.full_height(900) > 1000
    assert not chips.rect().intersects(chips.cell(511).toRect())
    qtbot.keyClick(chips, Qt.Key.Key_End)
    assert chips.rect().contains(chips.cell(511).toRect())


def test_narrower_is_higher(qtbot: QtBot) -> None:
    """Height depends on width, as layouts ask for it."""
    chips = shown(qtbot, trace(tokens(CAPITAL)))
    assert chips.hasHeightForWidth()
    assert chips.heightForWidth(300) > chips.heightForWidth(900)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_tokens_are_drawn_literally_in_both_themes(qtbot: QtBot, theme: str) -> None:
    """HTML, controls, surrogates and right-to-left labels are texts in the exported figure, not markup."""
    with in_theme(theme):
        chips = shown(qtbot, trace(tokens(["[CLS]", *HOSTILE, "[SEP]"])))
        drawn = svg_text(chips)
    assert "&lt;b&gt;x&lt;/b&gt;" in drawn
    assert "&lt;img" in drawn
    assert "&amp;amp;" in drawn
    assert "\\x00" in drawn
    assert "\\ud800" in drawn
    assert "שלום" in drawn
    assert "w" * 23 + "…" in drawn


def test_a_mask_is_filled_with_the_accent_and_says_what_it_was(qtbot: QtBot) -> None:
    """The accent is seen in the chip, the original beneath it."""
    chips = shown(qtbot, trace(tokens(CAPITAL, {6: "paris"})))
    corner = chips.cell(6).topLeft().toPoint() + QPoint(5, 5)
    assert chips.grab().toImage().pixelColor(corner) == colour("accent")
    assert "paris" in svg_text(chips)
    assert "was" in chips._says(tokens(CAPITAL, {6: "paris"}), 6)


def test_own_probabilities_have_a_legend_and_none_has_none(qtbot: QtBot) -> None:
    """Not computed = not drawn."""
    sentence = tokens("[CLS] a b [SEP]")
    assert "own probability" not in svg_text(shown(qtbot, trace(sentence)))
    assert "own probability" in svg_text(shown(qtbot, trace(sentence, *own_probabilities(sentence))))


@pytest.mark.parametrize("of", [Trace(), trace(tokens([]))])
def test_without_tokens_a_sentence_says_what_to_do(qtbot: QtBot, of: Trace) -> None:
    """No trace and no tokens: keys and clicks do nothing, and the table is empty."""
    chips = shown(qtbot, of)
    with qtbot.assertNotEmitted(chips.toggled), qtbot.assertNotEmitted(chips.pointed):
        qtbot.mouseClick(chips, LEFT)
        qtbot.keyClick(chips, Qt.Key.Key_Return)
        qtbot.keyClick(chips, Qt.Key.Key_Right)
    assert "Type a sentence" in svg_text(chips)
    assert chips.numbers().rows == ()


def test_a_shorter_sentence_takes_the_keyboard_along(qtbot: QtBot) -> None:
    """After the text shrank, Enter acts on a token that exists."""
    chips = shown(qtbot, trace(long_sentence(512)))
    qtbot.keyClick(chips, Qt.Key.Key_End)
    chips.draw(trace(tokens("one")), Cursor(query=400, key=300))
    with qtbot.waitSignal(chips.toggled) as asked:
        qtbot.keyClick(chips, Qt.Key.Key_Return)
    assert asked.args == [0]


def test_the_numbers_hold_what_is_seen(qtbot: QtBot) -> None:
    """Position, piece, mask, original and own probability; empty where nothing is known."""
    sentence = tokens("[CLS] a [MASK]", {2: "b"})
    rows = shown(qtbot, trace(sentence, *own_probabilities(sentence))).numbers().rows
    assert rows[1] == (1, 1, "a", "a", 0, 0, None, 0.25, 2)
    assert rows[2] == (2, 2, "[MASK]", "[MASK]", 0, 1, "b", None, None)


def test_a_screen_reader_hears_the_token(qtbot: QtBot) -> None:
    """Name and description are set, and follow the keyboard."""
    chips = shown(qtbot, trace(tokens(CAPITAL)))
    assert chips.accessibleName()
    qtbot.keyClick(chips, Qt.Key.Key_Right)
    assert "position 1 of 9" in chips.accessibleDescription()
