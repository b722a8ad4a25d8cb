"""Tokenization: learn byte-pair encoding and go through its merges, cut with any tokenizer, compare several."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QLabel, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from attnviz.tabs.tab import Tab
from attnviz.tabs.tokenization_compare import ComparePage
from attnviz.tabs.tokenization_cut import CutPage
from attnviz.tabs.tokenization_learn import LearnPage
from attnviz.tabs.tokenization_sources import Sources
from attnviz.tabs.tokenization_why import WhyPage
from attnviz.views.palette import GRID, SMALL, ui_font

if TYPE_CHECKING:
    from attnviz.engine import Engine
    from attnviz.tabs.page import Page
    from attnviz.tabs.scene import Scene

PAGES = (
    ("Learn", "Learn merges from a text, and go through them one by one"),
    ("Cut", "One tokenizer on the sentence above, stage by stage"),
    ("Compare", "Several tokenizers on the sentence above"),
    ("Why BPE", "Whole words against pieces on the learned text"),
)


class TokenizationTab(Tab):
    """Four pages; each asks its own questions, and none needs a model."""

    title = "Tokenization"
    name = "tokenization"
    needs_models = False
    tip = "How a tokenizer comes to its pieces"

    def __init__(self, engine: Engine, parent: QWidget | None = None) -> None:
        super().__init__(engine, parent)
        self._was_asked = False
        self.sources = Sources(self)
        self.learn = LearnPage(engine, self)
        self.cut = CutPage(engine, self.sources, self)
        self.compare = ComparePage(engine, self.sources, self)
        self.why = WhyPage(engine, self.learn.learning, self)
        self.pages: tuple[Page, ...] = (self.learn, self.cut, self.compare, self.why)
        self._build()
        self.learn.learned.connect(self.sources.learn)
        for page in self.pages:
            page.failed.connect(self.failed)
            page.rested.connect(self._on_rested)

    @property
    def is_settled(self) -> bool:
        """Something was asked, and no question of the page in front or of learning is open."""
        return self._was_asked and self.learn.is_settled and self.page.is_settled

    @is_settled.setter
    def is_settled(self, settled: bool) -> None:
        """What every tab sets; here the pages know."""

    @property
    def page(self) -> Page:
        """The page in front."""
        return self.pages[self._stack.currentIndex()]

    @Slot(int)
    def show_page(self, page: int) -> None:
        """Learn, Cut, Compare or Why BPE, by index."""
        self._stack.setCurrentIndex(page)
        self._buttons.button(page).setChecked(True)
        self._hint.setText(PAGES[page][1])
        self._tell_notices()

    def set_scene(self, scene: Scene) -> None:
        self.scene = scene
        self.sources.follow(scene)
        for page in self.pages:
            page.set_scene(scene)
        if self.isVisible():
            self._on_rested()

    def ask(self) -> None:
        """Learn what is to be learned; each page asks the rest when it is seen."""
        self._was_asked = True
        self.page.ask()
        self._on_rested()

    def ask_again(self) -> None:
        for page in self.pages:
            page.forget()
        if self.isVisible():
            self.ask()

    def free(self) -> None:
        self.page.free()

    @Slot()
    def _on_rested(self) -> None:
        """Settled when nothing is asked any more, by whichever page."""
        if self.is_settled:
            self._tell_notices()
            self.drawn.emit(0.0)
            self.settled.emit()

    def _tell_notices(self) -> None:
        notices = {notice.topic: notice for page in {self.page, self.learn} for notice in page.notices}
        self.noticed.emit(tuple(notices.values()))

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(GRID, GRID, GRID, GRID)
        column.setSpacing(GRID)
        row = QHBoxLayout()
        row.setSpacing(0)
        self._buttons = QButtonGroup(self)
        self._stack = QStackedWidget(self)
        for number, (name, tip) in enumerate(PAGES):
            button = QPushButton(name, self)
            button.setCheckable(True)
            button.setToolTip(f"{tip} (Alt+{number + 1})")
            button.setMinimumWidth(11 * GRID)
            self._buttons.addButton(button, number)
            row.addWidget(button)
            self._stack.addWidget(self.pages[number])
        self._hint = QLabel(self)
        self._hint.setObjectName("muted")
        self._hint.setFont(ui_font(SMALL))
        row.addSpacing(2 * GRID)
        row.addWidget(self._hint, 1)
        column.addLayout(row)
        column.addWidget(self._stack, 1)
        self._buttons.idClicked.connect(self.show_page)
        self.show_page(0)
        for number, turn in enumerate((self._to_learn, self._to_cut, self._to_compare, self._to_why)):
            keys = QShortcut(QKeySequence(f"Alt+{number + 1}"), self)
            keys.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            keys.activated.connect(turn)

    @Slot()
    def _to_learn(self) -> None:
        self.show_page(0)

    @Slot()
    def _to_cut(self) -> None:
        self.show_page(1)

    @Slot()
    def _to_compare(self) -> None:
        self.show_page(2)

    @Slot()
    def _to_why(self) -> None:
        self.show_page(3)
