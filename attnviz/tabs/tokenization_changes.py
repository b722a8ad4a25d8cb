"""What if: merges forbidden or moved, as a list that can be undone and redone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QLineEdit, QPushButton, QSpinBox, QWidget

from attnviz.errors import printable
from attnviz.tabs.tokenization_change_list import ChangeList, row_of
from attnviz.text.merge_edits import ForbidMerge, MoveMerge
from attnviz.views.palette import SMALL, ui_font

if TYPE_CHECKING:
    from attnviz.trace import Merge


class Changes(ChangeList):
    """The buttons act on the merge that ``offer`` named last."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("as learned", parent)
        self.forbid = QPushButton("Forbid", self)
        self.move_to = QPushButton("Move to", self)
        self.target = QSpinBox(self)
        self._what = QLineEdit(self)  # a label would lay the page out anew whenever the slider moves
        self._merge: Merge | None = None
        self._build()

    def offer(self, merge: Merge | None, label: str, merges: int) -> None:
        """The merge that the buttons are about, as it is called, and how many there are."""
        self._merge = merge
        self.forbid.setEnabled(merge is not None)
        self.move_to.setEnabled(merge is not None and merges > 1)
        self.target.setEnabled(merge is not None and merges > 1)
        if self.target.maximum() != max(0, merges - 1):  # setting it lays the page out anew
            self.target.setMaximum(max(0, merges - 1))
        self._what.setText("no merge chosen" if merge is None else f"merge {merge.rank}: {printable(label, 60)}")

    def _build(self) -> None:
        self._what.setFont(ui_font(SMALL))
        self._what.setReadOnly(True)
        self._what.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._what.setAccessibleName("The merge to change")
        self._what.setStyleSheet("QLineEdit { border: 0; background: transparent; padding: 0; }")
        self.forbid.setToolTip("Cut as if this merge had never been learned")
        self.move_to.setToolTip("Cut as if this merge had been learned at another rank")
        self.target.setToolTip("The rank to move the merge to")
        self.target.setAccessibleName("Rank to move to")
        self.column.insertWidget(0, self._what)
        self.column.insertLayout(1, row_of(self.forbid, self.move_to, self.target))
        self.forbid.clicked.connect(self._on_forbid)
        self.move_to.clicked.connect(self._on_move)
        self.offer(None, "", 0)

    @Slot()
    def _on_forbid(self) -> None:
        if self._merge is not None:
            self.add(ForbidMerge(self._merge.rank), f"forbid {self._what.text()}")

    @Slot()
    def _on_move(self) -> None:
        if self._merge is not None and self.target.value() != self._merge.rank:
            edit = MoveMerge(self._merge.rank, self.target.value())
            self.add(edit, f"{self._what.text()} → rank {edit.to}")
