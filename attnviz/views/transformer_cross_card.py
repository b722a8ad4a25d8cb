"""The heads of a decoder layer's cross-attention at one step, and the what-if of a hidden source token."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPointF, Qt, Signal, Slot
from PySide6.QtGui import QAction, QBrush, QContextMenuEvent, QPainter
from PySide6.QtWidgets import QMenu, QWidget

from attnviz.edits import HideSource
from attnviz.trace import Site
from attnviz.views.palette import colour
from attnviz.views.step_moment import StepMoment
from attnviz.views.transformer_heads_card import HeadsCard


class CrossCard(HeadsCard):
    """``source_hidden`` carries a HideSource: it holds for every layer and head."""

    source_hidden = Signal(object)

    def __init__(self, layer: int, parent: QWidget | None = None) -> None:
        super().__init__(Site.CROSS, layer, parent)
        self._last: int | None = None
        self._menu_button = self._add_button("⋯", "What if a source token were hidden (Menu key)")
        self._menu_button.clicked.connect(self._open_menu)

    @property
    def subject(self) -> int | None:
        """The token that the menu speaks of: the pointed one, else the one that was pointed at last."""
        count = 0 if self.moment is None else len(self.moment.tokens)
        return self.marked if self.marked is not None else self._last if (self._last or 0) < count else None

    def _update(self, *, fresh: bool) -> None:
        super()._update(fresh=fresh)
        if self.marked is not None:
            self._last = self.marked

    @property
    def hidden_tokens(self) -> tuple[int, ...]:
        """The source tokens that no head may look at in this step."""
        if self.moment is None or self.attention is None or self.attention.mask is None:
            return ()
        return tuple(np.flatnonzero(~self.attention.mask[self.moment.step]).tolist())

    def _paint_body(self, painter: QPainter, moment: StepMoment) -> None:
        """A hidden token has no weight to show: its column is hatched."""
        super()._paint_body(painter, moment)
        cells, brush = self.cells(), QBrush(colour("muted", 0.7), Qt.BrushStyle.BDiagPattern)
        for position in self.hidden_tokens:
            painter.fillRect(cells.column(position), brush)

    def says(self, head: int, column: int) -> str:
        hidden = ": hidden, its score is −∞" if column in self.hidden_tokens else ""
        return super().says(head, column) + hidden

    def menu_for(self, position: int | None) -> QMenu:
        """What can be changed about a source token."""
        menu = QMenu(self)
        menu.triggered.connect(self._take)
        menu.aboutToHide.connect(menu.deleteLater)
        moment = self.moment
        if moment is None or position is None:
            menu.addAction("point at a source token to hide it").setEnabled(False)
            return menu
        name = moment.source(position).replace("&", "&&")  # one would be a mnemonic
        for step, words in ((moment.step, f"from step {moment.step + 1} on"), (0, "from all steps")):
            menu.addAction(f"hide {name} {words}").setData(HideSource(step, position))
        return menu

    @Slot(object)
    def _take(self, action: QAction) -> None:
        self.source_hidden.emit(action.data())

    def _open_menu(self) -> None:
        self.menu_for(self.subject).popup(self.mapToGlobal(self._menu_button.geometry().bottomLeft()))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        if self.moment is None or self._chip:
            event.ignore()
            return
        spot = self._spot_at(QPointF(event.pos()))
        mouse = event.reason() == QContextMenuEvent.Reason.Mouse
        self.menu_for(spot[1] if mouse and spot is not None else self.subject).popup(event.globalPos())
