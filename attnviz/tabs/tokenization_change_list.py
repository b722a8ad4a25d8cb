"""What was changed in a tokenizer: a list that can be undone and redone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QUndoCommand, QUndoStack
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QUndoView, QVBoxLayout, QWidget

from attnviz.table import Table
from attnviz.views.palette import GRID, SMALL, ui_font
from attnviz.views.view import View

if TYPE_CHECKING:
    from attnviz.text.merge_edits import Edit


class _Change(QUndoCommand):
    """One edit as an entry of the list."""

    def __init__(self, edit: Edit, text: str) -> None:
        super().__init__(text)
        self.edit = edit


class ChangeList(View):
    """``edited`` carries the edits that hold, in order. ``column`` is free for what a subclass puts above the list."""

    edited = Signal(object)

    def __init__(self, unchanged: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.stack = QUndoStack(self)
        self._undo, self._redo = QPushButton("Undo", self), QPushButton("Redo", self)
        self._list = QUndoView(self.stack, self)
        self._list.setEmptyLabel(unchanged)
        self._build_list()
        self.stack.indexChanged.connect(self._on_changed)

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The edits that hold now."""
        commands = (self.stack.command(place) for place in range(self.stack.index()))
        return tuple(command.edit for command in commands if isinstance(command, _Change))

    def add(self, edit: Edit, text: str) -> None:
        """Make one more change, listed under ``text``; what was undone is gone."""
        self.stack.push(_Change(edit, text))

    def clear(self) -> None:
        """The changes were about another tokenizer."""
        self.stack.clear()

    def numbers(self) -> Table:
        rows = tuple((place + 1, self.stack.text(place)) for place in range(self.stack.index()))
        return Table(("change", "what"), rows)

    def _build_list(self) -> None:
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(0, 0, 0, 0)
        self.column.setSpacing(GRID)
        self._list.setAccessibleName("Changes")
        self._list.setToolTip("Every change; a click goes back to it")
        self._list.setMinimumHeight(3 * GRID)
        self._list.setFrameShape(QFrame.Shape.NoFrame)
        self._list.setFont(ui_font(SMALL))
        self.column.addWidget(self._list, 1)
        self.column.addLayout(row_of(self._undo, self._redo))
        self._undo.setToolTip("Take the last change back (Ctrl+Z)")
        self._redo.setToolTip("Make it again (Ctrl+Shift+Z)")
        self._undo.clicked.connect(self.stack.undo)
        self._redo.clicked.connect(self.stack.redo)
        self._undo.setEnabled(False)
        self._redo.setEnabled(False)
        self.stack.canUndoChanged.connect(self._undo.setEnabled)
        self.stack.canRedoChanged.connect(self._redo.setEnabled)

    @Slot()
    def _on_changed(self) -> None:
        self.edited.emit(self.edits)


def row_of(*widgets: QWidget) -> QHBoxLayout:
    """Widgets side by side, equally wide."""
    row = QHBoxLayout()
    row.setSpacing(GRID)
    for widget in widgets:
        row.addWidget(widget, 1)
    return row
