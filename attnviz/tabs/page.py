"""A page of a tab that asks its own questions and draws its own answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from attnviz.tabs.asking import Asking
from attnviz.tabs.scene import Scene
from attnviz.views.palette import BASE, GRID, ui_font
from attnviz.views.panel import Panel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from attnviz.engine import Engine
    from attnviz.jobs import Job
    from attnviz.trace import Cursor, Notice, Trace
    from attnviz.views.view import View


class Page(QWidget):
    """``failed`` carries an AttnvizError, ``rested`` says that a question has ended, ``wished`` a Scene that was asked for here."""

    failed = Signal(object)
    rested = Signal()
    wished = Signal(object)

    def __init__(self, engine: Engine, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._engine = engine
        self.scene = Scene()
        self._asked: list[Asking] = []

    @property
    def is_settled(self) -> bool:
        """No question of this page is open."""
        return not any(asking.is_busy for asking in self._asked)

    @property
    def notices(self) -> tuple[Notice, ...]:
        return tuple(notice for asking in self._asked for notice in asking.notices)

    def set_scene(self, scene: Scene) -> None:
        """Another sentence or checkpoint; asked at once when the page is seen, else when it comes to be."""
        self.scene = scene
        if self.isVisible():
            self.ask()

    def ask(self) -> None:
        """Put the questions that are open."""

    def forget(self) -> None:
        """Let every question be asked again."""
        for asking in self._asked:
            asking.job = None

    def free(self) -> None:
        """Esc: let go of what is pinned."""

    def asking(self) -> Asking:
        """A new sink of this page."""
        made = Asking(self._engine, self)
        made.failed.connect(self.failed)
        made.rested.connect(self.rested)
        self._asked.append(made)
        return made

    def panel(self, title: str, view: View, body: QWidget | None = None) -> Panel:
        panel = Panel(title, view, parent=self, body=body)
        panel.failed.connect(self.failed)
        return panel

    def showEvent(self, event: object) -> None:
        super().showEvent(event)  # type: ignore[arg-type] # Qt hands over a QShowEvent
        self.ask()


def put(asking: Asking, job: Job) -> bool:
    """Ask unless just this was asked; says whether it was."""
    if asking.job == job:
        return False
    asking.ask(job)
    return True


def draw(views: Sequence[View], trace: Trace, cursor: Cursor) -> None:
    """Bring the views that are seen in line."""
    for view in views:
        if view.isVisible():
            view.draw(trace, cursor)


class Frame(QFrame):
    """A titled frame for controls, in the look of a Panel."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(GRID, GRID // 2, GRID, GRID)
        self.column.setSpacing(GRID)
        self.header = QHBoxLayout()
        self.header.setSpacing(GRID)
        label = QLabel(title, self)
        label.setFont(ui_font(BASE, bold=True))
        self.header.addWidget(label)
        self.header.addStretch(1)
        self.column.addLayout(self.header)
