"""A row of buttons over pages, each made when it is first looked at; one that the open model can't fill says why instead."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from attnviz.tabs.scene import Scene
from attnviz.views.elided import ElidedLabel
from attnviz.views.palette import GRID, SMALL, ui_font
from attnviz.views.placeholder import Placeholder

if TYPE_CHECKING:
    from attnviz.engine import Engine
    from attnviz.tabs.page import Page
    from attnviz.trace import LoadReport


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A page that is imported and made when it is first looked at: ``kind`` is its class in ``module``.

    ``lacking`` says in one sentence what the model of a report lacks for it, "" when it has all that is needed.
    """

    name: str
    title: str
    tip: str
    module: str
    kind: str
    lacking: Callable[[LoadReport], str]

    def make(self, engine: Engine, parent: QWidget) -> Page:
        made: Page = getattr(import_module(self.module), self.kind)(engine, parent)
        return made


class Paged(QWidget):
    """``first`` is the page that is there from the beginning, ``lacking`` says what a model lacks for it; ``made`` carries a Page that has just been made, ``turned`` says that another is in front."""

    made = Signal(object)
    turned = Signal()

    def __init__(
        self,
        engine: Engine,
        first: tuple[str, str, QWidget],
        entries: Sequence[PageEntry],
        parent: QWidget,
        lacking: Callable[[LoadReport], str] = lambda _: "",
    ) -> None:
        super().__init__(parent)
        self._engine = engine
        self._entries = tuple(entries)
        self._scene = Scene()
        self._pages: dict[int, Page] = {}
        self._lacks = (lacking, *(entry.lacking for entry in self._entries))
        title, tip, widget = first
        self.titles = (title, *(entry.title for entry in entries))
        self.names = ("", *(entry.name for entry in entries))
        self._tips = (tip, *(entry.tip for entry in entries))
        self._build(widget)

    @property
    def page(self) -> Page | None:
        """The page in front, None when it is the first or one that the model can't fill."""
        here = self._stack.currentIndex()
        return self._pages.get(here) if self._lacking(here) == "" else None

    @property
    def is_first(self) -> bool:
        return self._stack.currentIndex() == 0

    @property
    def pages(self) -> tuple[Page, ...]:
        """The pages that have been made so far."""
        return tuple(self._pages.values())

    @Slot(int)
    def show_page(self, place: int) -> None:
        """Bring a page to the front, by index."""
        self._fill(place)
        self._stack.setCurrentIndex(place)
        self._buttons.button(place).setChecked(True)
        self._hint.setText(self._tips[place])
        self._hint.setToolTip(self._tips[place])
        self.turned.emit()

    def show_named(self, name: str) -> bool:
        """Bring the page of that name to the front; False when there is none."""
        if name in self.names:
            self.show_page(self.names.index(name))
        return name in self.names

    def set_scene(self, scene: Scene) -> None:
        """Hand a scene to the pages; those that its model can't fill say why."""
        self._scene = scene
        self._fill(self._stack.currentIndex())
        for place, page in self._pages.items():
            if not self._lacking(place):
                page.set_scene(scene)

    def _lacking(self, place: int) -> str:
        """Why a page can't be filled, "" when it can or nothing is open yet."""
        report = self._scene.report
        return "" if report is None else self._lacks[place](report)

    def _fill(self, place: int) -> None:
        """Make the page where it is needed, and show it or the reason why not."""
        slot = self._slots[place]
        reason = self._lacking(place)
        if place and not reason and place not in self._pages:
            page = self._entries[place - 1].make(self._engine, self)
            self._pages[place] = page
            slot.addWidget(page)
            self.made.emit(page)
            page.set_scene(self._scene)
        empty = slot.widget(0)
        if isinstance(empty, Placeholder):
            empty.say(reason)
        slot.setCurrentIndex(0 if reason else 1)

    def _build(self, first: QWidget) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID)
        row = QHBoxLayout()
        row.setSpacing(0)
        self._buttons = QButtonGroup(self)
        self._stack = QStackedWidget(self)
        self._slots = [QStackedWidget(self) for _ in self.titles]
        for slot in self._slots:
            slot.addWidget(Placeholder("", slot))
            self._stack.addWidget(slot)
        self._slots[0].addWidget(first)
        self._slots[0].setCurrentIndex(1)
        for place, (title, tip) in enumerate(zip(self.titles, self._tips, strict=True)):
            button = QPushButton(title, self)
            button.setCheckable(True)
            button.setToolTip(f"{tip} (Alt+{place + 1})")
            self._buttons.addButton(button, place)
            row.addWidget(button)
            keys = QShortcut(QKeySequence(f"Alt+{place + 1}"), self)
            keys.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            keys.activated.connect(button.click)
        self._buttons.button(0).setChecked(True)
        self._buttons.idClicked.connect(self.show_page)
        self._hint = ElidedLabel(self._tips[0])
        self._hint.setFont(ui_font(SMALL))
        row.addSpacing(2 * GRID)
        row.addWidget(self._hint, 1)
        column.addLayout(row)
        column.addWidget(self._stack, 1)
