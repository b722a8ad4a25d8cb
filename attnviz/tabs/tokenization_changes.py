"""What if: merges forbidden or moved, as a list that can be undone and redone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QUndoCommand, QUndoStack
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QPushButton, QSpinBox, QUndoView, QVBoxLayout, QWidget

from attnviz.errors import printable
from attnviz.table import Table
from attnviz.text.merge_edits import ForbidMerge, MoveMerge
from attnviz.views.palette import GRID, SMALL, ui_font
from attnviz.views.view import View

if TYPE_CHECKING:
    from attnviz.text.merge_edits import Edit
    from attnviz.trace import Merge


class _Change(QUndoCommand):
    """One edit as an entry of the list."""

    def __init__(self, edit: Edit, text: str) -> None:
        super().__init__(text)
        self.edit = edit


class Changes(View):
    """``edited`` carries the edits that hold, in order. The buttons act on the merge that ``offer`` named last."""

    edited = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.stack = QUndoStack(self)
        self.forbid = QPushButton("Forbid", self)
        self.move_to = QPushButton("Move to", self)
        self.target = QSpinBox(self)
        self._undo, self._redo = QPushButton("Undo", self), QPushButton("Redo", self)
        self._what = QLineEdit(self)  # a label would lay the page out anew whenever the slider moves
        self._list = QUndoView(self.stack, self)
        self._merge: Merge | None = None
        self._build()
        self.stack.indexChanged.connect(self._on_changed)

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The edits that hold now."""
        commands = (self.stack.command(place) for place in range(self.stack.index()))
        return tuple(command.edit for command in commands if isinstance(command, _Change))

    def offer(self, merge: Merge | None, label: str, merges: int) -> None:
        """The merge that the buttons are about, as it is called, and how many there are."""
        self._merge = merge
        self.forbid.setEnabled(merge is not None)
        self.move_to.setEnabled(merge is not None and merges > 1)
        self.target.setEnabled(merge is not None and merges > 1)
        if self.target.maximum() != max(0, merges - 1):  # setting it lays the page out anew
            self.target.setMaximum(max(0, merges - 1))
        self._what.setText("no merge chosen" if merge is None else f"merge {merge.rank}: {printable(label, 60)}")

    def clear(self) -> None:
        """Other merges were learned: the changes were about the old ones."""
        self.stack.clear()

    def numbers(self) -> Table:
        rows = tuple((place + 1, self.stack.text(place)) for place in range(self.stack.index()))
        return Table(("change", "what"), rows)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        self._what.setFont(ui_font(SMALL))
        self._what.setReadOnly(True)
        self._what.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._what.setAccessibleName("The merge to change")
        self._what.setStyleSheet("QLineEdit { border: 0; background: transparent; padding: 0; }")
        column.addWidget(self._what)
        for button, tip in (
            (self.forbid, "Cut as if this merge had never been learned"),
            (self.move_to, "Cut as if this merge had been learned at another rank"),
            (self._undo, "Take the last change back (Ctrl+Z)"),
            (self._redo, "Make it again (Ctrl+Shift+Z)"),
        ):
            button.setToolTip(tip)
        self.target.setToolTip("The rank to move the merge to")
        self.target.setAccessibleName("Rank to move to")
        column.addLayout(_row(self.forbid, self.move_to, self.target))
        self._list.setEmptyLabel("as learned")
        self._list.setAccessibleName("Changes")
        self._list.setToolTip("Every change; a click goes back to it")
        self._list.setMinimumHeight(3 * GRID)
        self._list.setFrameShape(QFrame.Shape.NoFrame)
        self._list.setFont(ui_font(SMALL))
        column.addWidget(self._list, 1)
        column.addLayout(_row(self._undo, self._redo))
        self.forbid.clicked.connect(self._on_forbid)
        self.move_to.clicked.connect(self._on_move)
        self._undo.clicked.connect(self.stack.undo)
        self._redo.clicked.connect(self.stack.redo)
        self._undo.setEnabled(False)
        self._redo.setEnabled(False)
        self.stack.canUndoChanged.connect(self._undo.setEnabled)
        self.stack.canRedoChanged.connect(self._redo.setEnabled)
        self.offer(None, "", 0)

    @Slot()
    def _on_forbid(self) -> None:
        if self._merge is not None:
            edit = ForbidMerge(self._merge.rank)
            self.stack.push(_Change(edit, f"forbid {self._what.text()}"))

    @Slot()
    def _on_move(self) -> None:
        if self._merge is not None and self.target.value() != self._merge.rank:
            edit = MoveMerge(self._merge.rank, self.target.value())
            self.stack.push(_Change(edit, f"{self._what.text()} → rank {edit.to}"))

    @Slot()
    def _on_changed(self) -> None:
        self.edited.emit(self.edits)


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(GRID)
    for widget in widgets:
        row.addWidget(widget, 1)
    return row
