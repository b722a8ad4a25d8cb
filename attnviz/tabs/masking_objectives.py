"""What BERT, RoBERTa and ELECTRA change: three objectives on the sentence above, with the numbers of the models at hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from attnviz.jobs.compare_objectives import DRAWS, CompareObjectives
from attnviz.tabs.objective_models import players
from attnviz.tabs.page import Frame, Page, draw, put
from attnviz.tabs.seed_box import SeedBox
from attnviz.trace import Cursor, Objective, Trace
from attnviz.trace.objectives import BERT, ELECTRA, ROBERTA, ROLES
from attnviz.views.objective_card import ObjectiveCard
from attnviz.views.objective_reading import conclusion
from attnviz.views.palette import GRID

if TYPE_CHECKING:
    from attnviz.engine import Engine
    from attnviz.views.view import View

HOW = (
    f"The means are over {DRAWS} draws: 15 % of the pieces, all behind [MASK]; for ELECTRA filled by the shipped BERT."
)


class ObjectivesPage(Page):
    """Three cards side by side; the open model stands for its own kind, shipped ones for the others."""

    def __init__(self, engine: Engine, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self.cards = tuple(ObjectiveCard(role, self) for role in ROLES)
        self.comparing = self.asking()
        self._build()
        self.comparing.came.connect(self._redraw)
        self.comparing.rested.connect(self._redraw)

    def views(self) -> tuple[View, ...]:
        return self.cards

    @property
    def trace(self) -> Trace:
        """What came so far; until something did, the last answer."""
        came = self.comparing.incoming
        return came if self.comparing.is_busy and came.every(Objective) else self.comparing.trace

    def ask(self) -> None:
        """Compare on the sentence as it is now."""
        found = players(self.scene)
        if not self.scene.sentence.strip() or not found:
            self.comparing.forget()
        else:
            bert, roberta, electra, generator = (found.get(role) for role in (BERT, ROBERTA, ELECTRA, "generator"))
            scene, seed = self.scene, self.seed.seed
            put(self.comparing, CompareObjectives(scene.text, scene.pair, bert, roberta, electra, generator, seed))
        self._redraw()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        top = Frame("Three objectives, one text", self)
        self._said = QLabel(self)
        self._said.setWordWrap(True)
        self.seed = SeedBox("masks", self)
        self.seed.changed.connect(self._on_seed)
        top.header.addWidget(self.seed)
        how = QLabel(HOW, self)
        how.setObjectName("muted")
        how.setWordWrap(True)
        top.column.addWidget(self._said)
        top.column.addWidget(how)
        column.addWidget(top)
        row = QHBoxLayout()
        row.setSpacing(GRID)
        for card in self.cards:
            row.addWidget(self.panel(card.role, card), 1)
        column.addLayout(row, 1)

    @Slot(object)
    def _on_seed(self, _seed: int) -> None:
        self.ask()

    @Slot()
    def _redraw(self) -> None:
        self._said.setText(conclusion(self.trace))
        draw(self.cards, self.trace, Cursor())
