"""What-ifs as a list: each can be switched off and on, all of it undone and redone; one that no longer fits stays, greyed, with the reason."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, replace

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QUndoCommand, QUndoStack
from PySide6.QtWidgets import QFrame, QHBoxLayout, QListWidget, QListWidgetItem, QPushButton, QVBoxLayout, QWidget

from attnviz.errors import printable
from attnviz.table import Table
from attnviz.views.palette import GRID, SMALL, colour, ui_font
from attnviz.views.view import View

LONGEST = 90


@dataclass(frozen=True, slots=True)
class Entry:
    """One what-if in the list."""

    edit: Hashable
    text: str
    on: bool = True


class _Change(QUndoCommand):
    """From one list to the next."""

    def __init__(self, owner: EditList, after: tuple[Entry, ...], text: str) -> None:
        super().__init__(text)
        self._owner, self._before, self._after = owner, owner.entries, after

    def redo(self) -> None:
        self._owner.show_entries(self._after)

    def undo(self) -> None:
        self._owner.show_entries(self._before)


class EditList(View):
    """``edited`` carries the edits that are switched on, in order. ``misfits`` says why some can't be made to the shown text."""

    edited = Signal(object)

    def __init__(self, unchanged: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.stack = QUndoStack(self)
        self.entries: tuple[Entry, ...] = ()
        self._misfits: Mapping[Hashable, str] = {}
        self._unchanged = unchanged
        self._filling = False
        self.list = QListWidget(self)
        self.undo_button, self.redo_button = QPushButton("Undo", self), QPushButton("Redo", self)
        self.remove_button, self.clear_button = QPushButton("Remove", self), QPushButton("Clear", self)
        self._build()
        self._fill()

    @property
    def edits(self) -> tuple[Hashable, ...]:
        """The edits that are switched on."""
        return tuple(entry.edit for entry in self.entries if entry.on)

    def add(self, edit: Hashable, text: str) -> None:
        """Make one more change, and choose it in the list; the same change twice is one."""
        kept = tuple(entry for entry in self.entries if entry.edit != edit)
        self._push((*kept, Entry(edit, text)), text)
        self.list.setCurrentRow(len(self.entries) - 1)  # in sight, and the one that Remove takes

    def clear(self) -> None:
        """Take everything back, as a step that can be undone."""
        if self.entries:
            self._push((), "clear")

    def forget(self) -> None:
        """Another subject altogether: nothing to undo."""
        self.stack.clear()
        if self.entries:
            self.show_entries(())

    def tell_misfits(self, misfits: Mapping[Hashable, str]) -> None:
        """Edits that could not be made, with half a sentence on why."""
        if misfits != self._misfits:
            self._misfits = dict(misfits)
            self._fill()

    def show_entries(self, entries: tuple[Entry, ...]) -> None:
        """Undo and redo come here."""
        self.entries = entries
        self._fill()
        self.edited.emit(self.edits)

    def numbers(self) -> Table:
        rows = tuple(
            (place, entry.text, "on" if entry.on else "off", self._misfits.get(entry.edit, ""))
            for place, entry in enumerate(self.entries, start=1)
        )
        return Table(("change", "what", "state", "does not fit because"), rows)

    def _push(self, entries: tuple[Entry, ...], text: str) -> None:
        self.stack.push(_Change(self, entries, text))

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        self.list.setAccessibleName("Changes")
        self.list.setToolTip("Every change; the box switches it off and on, Delete removes it")
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        self.list.setFont(ui_font(SMALL))
        self.list.setMinimumHeight(3 * GRID)
        self.list.setWordWrap(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemChanged.connect(self._on_item)
        self.list.currentRowChanged.connect(self._on_row)
        column.addWidget(self.list, 1)
        row = QHBoxLayout()
        row.setSpacing(GRID // 2)
        tips = {
            self.undo_button: ("Take the last change back (Ctrl+Z)", self.stack.undo),
            self.redo_button: ("Make it again (Ctrl+Shift+Z)", self.stack.redo),
            self.remove_button: ("Remove the chosen change", self._on_remove),
            self.clear_button: ("Remove all changes", self.clear),
        }
        for button, (tip, slot) in tips.items():
            button.setToolTip(tip)
            button.clicked.connect(slot)
            button.setFont(ui_font(SMALL))
            button.setMinimumWidth(5 * GRID)
            row.addWidget(button)
        column.addLayout(row)
        self.stack.canUndoChanged.connect(self.undo_button.setEnabled)
        self.stack.canRedoChanged.connect(self.redo_button.setEnabled)
        self.undo_button.setEnabled(False)
        self.redo_button.setEnabled(False)

    def _fill(self) -> None:
        self._filling = True
        row = self.list.currentRow()
        self.list.clear()
        for entry in self.entries:
            reason = self._misfits.get(entry.edit) if entry.on else None
            item = QListWidgetItem(
                printable(entry.text if reason is None else f"not made: {entry.text} — {reason}", LONGEST)
            )
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Checked if entry.on else Qt.CheckState.Unchecked)
            if reason is not None or not entry.on:
                item.setForeground(colour("muted"))
            item.setToolTip("" if reason is None else printable(f"Not made: {reason}.", 200))
            self.list.addItem(item)
        if not self.entries:
            item = QListWidgetItem(self._unchanged)
            item.setFlags(Qt.ItemFlag.NoItemFlags)
            item.setForeground(colour("muted"))
            self.list.addItem(item)
        self.list.setCurrentRow(min(row, len(self.entries) - 1))
        self._filling = False
        self.clear_button.setEnabled(bool(self.entries))
        self._on_row()

    def _update(self, *, fresh: bool) -> None:
        if fresh:
            self._fill()  # another theme, other colours

    @Slot()
    def _on_row(self) -> None:
        self.remove_button.setEnabled(0 <= self.list.currentRow() < len(self.entries))

    @Slot(object)
    def _on_item(self, item: QListWidgetItem) -> None:
        place = self.list.row(item)
        if self._filling or not 0 <= place < len(self.entries):
            return
        entry, on = self.entries[place], item.checkState() == Qt.CheckState.Checked
        if entry.on != on:
            changed = (*self.entries[:place], replace(entry, on=on), *self.entries[place + 1 :])
            self._push(changed, f"{'make' if on else 'leave out'} {entry.text}")

    @Slot()
    def _on_remove(self) -> None:
        place = self.list.currentRow()
        if 0 <= place < len(self.entries):
            self._push((*self.entries[:place], *self.entries[place + 1 :]), f"remove {self.entries[place].text}")

    def keyPressEvent(self, event: object) -> None:
        if event.key() == Qt.Key.Key_Delete:  # type: ignore[attr-defined] # Qt hands over a QKeyEvent
            self._on_remove()
        else:
            super().keyPressEvent(event)  # type: ignore[arg-type] # as above
