"""The tab bar: a page a tab, filled when it is first shown, so that the window doesn't wait for what nobody looks at yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, Signal, Slot
from PySide6.QtWidgets import QTabWidget, QVBoxLayout, QWidget

from attnviz.tabs import TABS

if TYPE_CHECKING:
    from attnviz.engine import Engine
    from attnviz.tabs.tab import Tab


class TabStack(QTabWidget):
    """``made`` carries a Tab that has just been made and is not yet shown; ``begin`` makes the first one."""

    made = Signal(object)

    def __init__(self, engine: Engine, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self._tabs: dict[int, Tab] = {}
        self._pages: list[QVBoxLayout] = []
        self.setDocumentMode(True)
        for place, entry in enumerate(TABS):
            page = QWidget(self)
            self._pages.append(QVBoxLayout(page))
            self._pages[-1].setContentsMargins(0, 0, 0, 0)
            self.addTab(page, entry.title)
            self.setTabToolTip(place, f"{entry.tip} (Ctrl+{place + 1})")

    @property
    def current(self) -> Tab:
        """The tab that is in front."""
        return self._fill(self.currentIndex())

    @property
    def tabs(self) -> tuple[Tab, ...]:
        """The tabs that have been made so far."""
        return tuple(self._tabs.values())

    def begin(self, name: str) -> None:
        """Show the tab of that name, or the first, and from now on fill each page when it is chosen."""
        self.show_tab(name)
        self._fill(self.currentIndex())
        self.currentChanged.connect(self._fill)

    def show_tab(self, name: str) -> None:
        """Bring the tab of that name to the front; an unknown name changes nothing."""
        for place, entry in enumerate(TABS):
            if entry.name == name:
                self.setCurrentIndex(place)

    def event(self, event: QEvent) -> bool:
        if event.type() != QEvent.Type.LayoutRequest:
            return super().event(event)
        # A label in a page grew: QTabWidget would lay itself out as it was, and repaint every view of the page for it.
        self.updateGeometry()
        return QWidget.event(self, event)

    @Slot(int)
    def _fill(self, place: int) -> Tab:
        if place not in self._tabs:
            self._tabs[place] = TABS[place].make(self._engine, self)
            self.made.emit(self._tabs[place])
            self._pages[place].addWidget(self._tabs[place])
        return self._tabs[place]
