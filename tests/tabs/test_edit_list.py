"""The list of what-ifs: made, switched off, removed and cleared, all of it undone and redone; what doesn't fit is greyed."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from attnviz.edits import ForceToken, HideSource
from attnviz.tabs.edit_list import EditList
from attnviz.views.palette import colour
from tests.views.sentences import in_theme

LEFT = Qt.MouseButton.LeftButton
ONE, TWO = ForceToken(1, 5), HideSource(0, 2)


@pytest.fixture
def changes(qtbot: QtBot) -> EditList:
    """A list of two changes."""
    made = EditList("nothing is changed")
    qtbot.addWidget(made)
    made.resize(300, 160)
    made.show()
    made.add(ONE, "step 2: say B")
    made.add(TWO, "hide c (2)")
    return made


def heard_of(changes: EditList) -> list[object]:
    heard: list[object] = []
    changes.edited.connect(heard.append)
    return heard


def texts(changes: EditList) -> list[str]:
    return [changes.list.item(place).text() for place in range(changes.list.count())]


def test_a_new_list_says_that_nothing_is_changed(qtbot: QtBot) -> None:
    """A sentence that can't be chosen, and no button that could do something."""
    made = EditList("nothing is changed")
    qtbot.addWidget(made)
    assert texts(made) == ["nothing is changed"]
    assert made.list.item(0).flags() == Qt.ItemFlag.NoItemFlags
    assert not any(
        button.isEnabled() for button in (made.undo_button, made.redo_button, made.remove_button, made.clear_button)
    )
    made.clear()
    qtbot.keyClick(made, Qt.Key.Key_Delete)
    assert not made.stack.canUndo()


def test_changes_are_told_in_their_order(changes: EditList) -> None:
    """Each addition hands out all that are switched on."""
    heard = heard_of(changes)
    changes.add(ForceToken(3, 4), "step 4: say A")
    assert heard == [(ONE, TWO, ForceToken(3, 4))]
    assert texts(changes) == ["step 2: say B", "hide c (2)", "step 4: say A"]


def test_the_same_change_twice_is_one(changes: EditList) -> None:
    """The later one stands last, for the last one of a step holds."""
    changes.add(ONE, "step 2: say B")
    assert changes.edits == (TWO, ONE)


def test_a_change_is_switched_off_and_stays_in_the_list(qtbot: QtBot, changes: EditList) -> None:
    """By its box, as one step that can be undone."""
    heard = heard_of(changes)
    changes.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    assert heard == [(TWO,)]
    assert texts(changes) == ["step 2: say B", "hide c (2)"]
    assert changes.list.item(0).foreground().color() == colour("muted")
    assert changes.numbers().rows[0] == (1, "step 2: say B", "off", "")
    qtbot.mouseClick(changes.undo_button, LEFT)
    assert heard[-1] == (ONE, TWO)
    assert changes.list.item(0).checkState() == Qt.CheckState.Checked


def test_everything_is_undone_and_redone(qtbot: QtBot, changes: EditList) -> None:
    """Back to nothing and forth to the last, step by step; the buttons know where it ends."""
    heard = heard_of(changes)
    qtbot.mouseClick(changes.clear_button, LEFT)
    for _ in range(3):
        qtbot.mouseClick(changes.undo_button, LEFT)
    assert heard == [(), (ONE, TWO), (ONE,), ()]
    assert not changes.undo_button.isEnabled()
    heard.clear()
    for _ in range(3):
        qtbot.mouseClick(changes.redo_button, LEFT)
    assert heard == [(ONE,), (ONE, TWO), ()]
    assert not changes.redo_button.isEnabled()


@pytest.mark.parametrize("how", ["button", "key"])
def test_the_chosen_change_is_removed(qtbot: QtBot, changes: EditList, how: str) -> None:
    """With the button or with Delete; the newest one is chosen until another is."""
    assert changes.list.currentRow() == 1
    changes.list.setCurrentRow(0)
    if how == "button":
        qtbot.mouseClick(changes.remove_button, LEFT)
    else:
        qtbot.keyClick(changes.list, Qt.Key.Key_Delete)
    assert texts(changes) == ["hide c (2)"]
    changes.stack.undo()
    assert changes.edits == (ONE, TWO)


def test_what_does_not_fit_is_greyed_with_the_reason(changes: EditList) -> None:
    """It stays switched on, for it may fit again; then it looks as before. Telling it changes nothing."""
    heard = heard_of(changes)
    changes.tell_misfits({TWO: "the source has tokens 0 to 1"})
    item = changes.list.item(1)
    assert item.text() == "not made: hide c (2) — the source has tokens 0 to 1"
    assert item.toolTip() == "Not made: the source has tokens 0 to 1."
    assert item.foreground().color() == colour("muted")
    assert changes.numbers().rows[1] == (2, "hide c (2)", "on", "the source has tokens 0 to 1")
    assert changes.edits == (ONE, TWO)
    changes.tell_misfits({})
    assert texts(changes)[1] == "hide c (2)"
    assert heard == []


def test_hostile_names_stay_short_and_plain(qtbot: QtBot) -> None:
    """A word that is a page long, or that breaks the line, is one short line."""
    made = EditList("nothing is changed")
    qtbot.addWidget(made)
    made.add(ONE, "say <b>\n\u202e" + "x" * 5000)
    assert texts(made)[0].isprintable()
    assert len(texts(made)[0]) <= 100


def test_forgetting_leaves_nothing_to_undo(changes: EditList) -> None:
    """Another subject altogether."""
    heard = heard_of(changes)
    changes.forget()
    assert heard == [()]
    assert not changes.stack.canUndo()


def test_another_theme_greys_anew(changes: EditList) -> None:
    """The grey is the theme's."""
    changes.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    with in_theme("dark"):
        QApplication.processEvents()
        assert changes.list.item(0).foreground().color() == colour("muted")


def test_what_undo_takes_back_is_named(changes: EditList) -> None:
    """For whoever shows the stack."""
    assert isinstance(changes.stack.createUndoAction(changes), QAction)
    assert changes.stack.undoText() == "hide c (2)"
