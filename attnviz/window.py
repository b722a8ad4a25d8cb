"""The main window's content: one header, one tab bar, one status line; it opens checkpoints and hands scenes to the tabs."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from attnviz import settings as remembered
from attnviz.engine import Engine
from attnviz.errors import AttnvizError, printable
from attnviz.models.families import translates
from attnviz.opening import Opening
from attnviz.running import STUCK, Running
from attnviz.tabs import TABS
from attnviz.tabs.scene import Scene
from attnviz.tabs.stack import TabStack
from attnviz.views import palette
from attnviz.views.header import Header, Offered
from attnviz.views.load_report import LoadReportDialog, summary
from attnviz.views.message_bar import Message, MessageBar
from attnviz.views.status_line import StatusLine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent

    from attnviz.models.library import Library
    from attnviz.settings import Settings
    from attnviz.tabs.tab import Tab
    from attnviz.trace import LoadReport

CLOSING_S = 2.0
_log = logging.getLogger(__name__)


class Window(QWidget):
    """``settled`` is emitted whenever the visible tab shows a complete answer. It lives in a ``Shell``, or stands alone."""

    settled = Signal()

    def __init__(
        self, make_library: Callable[[], Library], settings: Settings, settings_file: Path | None = None
    ) -> None:
        super().__init__()
        self.settings, self._settings_file = settings, settings_file
        self.scene = Scene(sentence=settings.sentence)
        self.engine = Engine(make_library, self)
        self.opening = Opening(self.engine, self)
        self._build()
        self._running = Running(self.engine, self.status, self.messages, self)
        self._connect()
        self._add_keys()
        self.resize(settings.width, settings.height)
        self.header.sentence.begin_with(settings.sentence)
        self.header.mark_theme(settings.theme)
        self.setAcceptDrops(True)
        self.header.sentence.setFocus()

    @property
    def tab(self) -> Tab:
        """The visible tab."""
        return self._bar.current

    @property
    def is_settled(self) -> bool:
        """Nothing is being opened and the visible tab's picture is complete."""
        return self.engine.current is None and self.tab.is_settled and self.scene.reference is not None

    def show_tab(self, name: str) -> None:
        self._bar.show_tab(name)

    def tell(self, message: Message) -> None:
        """Show a message that stays until it is dismissed."""
        self.messages.tell(message)

    @Slot(object)
    def tell_error(self, error: AttnvizError) -> None:
        self.messages.tell(Message(error.sentence))

    @Slot(object)
    def open(self, path: str, *, allow_pickle: bool = False) -> None:
        """Open a checkpoint folder; the one that is open stays until the new one answers."""
        self.messages.withdraw("opening")
        self.opening.open(path, self.settings.device, allow_pickle=allow_pickle)

    @Slot(object)
    def set_sentence(self, sentence: str) -> None:
        self._set_scene(self.scene.edited(sentence))

    @Slot(object)
    def set_theme(self, name: str) -> None:
        """Choose "system", "light" or "dark", for the whole program and the next start."""
        self.settings = replace(self.settings, theme=name)
        app = QApplication.instance()
        chosen = {"light": palette.LIGHT, "dark": palette.DARK}.get(name) or palette.system_theme()
        if isinstance(app, QApplication):
            palette.apply(app, chosen)
        self.header.mark_theme(name)

    @Slot()
    def _on_system_theme(self) -> None:
        if self.settings.theme not in {"light", "dark"}:
            self.set_theme(self.settings.theme)

    def _build(self) -> None:
        self.setWindowTitle("attnviz")
        self.header = Header(self)
        self.messages = MessageBar(self)
        self._bar = TabStack(self.engine, self)
        self.status = StatusLine(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        strip = QVBoxLayout()
        strip.setContentsMargins(8, 0, 8, 0)
        strip.addWidget(self.messages)
        column.addLayout(strip)
        column.addWidget(self._bar, 1)
        column.addWidget(self.status)

    def _connect(self) -> None:
        self.header.sentence.edited.connect(self.set_sentence)
        self.header.sentence.mended.connect(self._on_mended)
        self.header.checkpoint_wished.connect(self.open)
        self.header.device_wished.connect(self._on_device)
        self.header.theme_wished.connect(self.set_theme)
        self.messages.acted.connect(self._on_acted)
        self.status.cancelled.connect(self.cancel)
        self.status.report_wished.connect(self._on_report)
        self.opening.opened.connect(self._on_opened)
        self.opening.refused.connect(self._on_refused)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_system_theme)
        self._bar.currentChanged.connect(self._on_tab_changed)
        self._bar.made.connect(self._on_made)
        self._bar.begin(self.settings.tab)

    @Slot(object)
    def _on_made(self, tab: Tab) -> None:
        tab.failed.connect(self.tell_error)
        tab.noticed.connect(self.messages.tell_notices)
        tab.wished.connect(self._on_wished)
        tab.drawn.connect(self._on_drawn)
        tab.settled.connect(self.settled)
        tab.set_scene(self.scene)

    def _add_keys(self) -> None:
        answers = {
            "Ctrl+O": self.header.ask_for_folder,
            "Ctrl+L": self._focus_sentence,
            "Ctrl+.": self.cancel,
            "Ctrl+I": self._on_report,
        }
        for keys, answer in answers.items():
            QShortcut(QKeySequence(keys), self).activated.connect(answer)
        for place in range(self._bar.count()):
            shortcut = QShortcut(QKeySequence(f"Ctrl+{place + 1}"), self)
            shortcut.setObjectName(str(place))
            shortcut.activated.connect(self._on_tab_key)

    def _set_scene(self, scene: Scene) -> None:
        if scene == self.scene:
            return
        self.scene = scene
        for tab in self._bar.tabs:
            tab.set_scene(scene)

    @Slot()
    def cancel(self) -> None:
        """Stop everything that runs."""
        self.engine.cancel()

    @Slot()
    def _focus_sentence(self) -> None:
        self.header.sentence.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.header.sentence.selectAll()

    @Slot()
    def _on_tab_key(self) -> None:
        self._bar.setCurrentIndex(int(self.sender().objectName()))

    @Slot(object)
    def _on_opened(self, report: LoadReport) -> None:
        if translates(report.family):
            self._on_decoder(report)
            return
        self.settings = self.settings.with_recent(report.path)
        self.header.show_checkpoint(report.name)
        self.header.offer_recent(tuple(Offered(os.path.basename(path), path) for path in self.settings.recent))  # noqa: PTH119 - a string in, a string out
        self.header.offer_devices(self.opening.devices, report.device)
        self.status.show_report(summary(report))
        self.setWindowTitle(f"{printable(report.name)} — attnviz")
        self._set_scene(replace(self.scene, reference=self.opening.reference, report=report))
        self._remember()

    def _on_decoder(self, report: LoadReport) -> None:
        """An encoder–decoder belongs to the decoding tab; the model of the other tabs stays."""
        if self.opening.reference is not None:
            self._set_scene(self.scene.with_decoder(self.opening.reference))
        self.settings = replace(self.settings.with_recent(report.path), checkpoint=self.settings.checkpoint)
        self.show_tab("decoding")
        if self.scene.reference is None:
            self.opening.open_default(self.settings.device)

    @Slot(object)
    def _on_refused(self, error: AttnvizError) -> None:
        if error.code == "NO_SUCH_DEVICE" and self.settings.device != "auto":
            self._on_no_such_device(error)
            return
        action = "Read it anyway (less safe)" if error.code == "PICKLE_NEEDS_CONSENT" else ""
        self.messages.tell(Message(error.sentence, action=action, topic="opening"))
        if self.scene.reference is None:
            self.opening.open_default(self.settings.device)
        self.settled.emit()

    def _on_no_such_device(self, error: AttnvizError) -> None:
        """A device that was remembered from another time or machine: use what is there, and say so."""
        self.settings = replace(self.settings, device="auto")
        self.messages.tell(Message(f"{error.sentence} The best of them is used.", "warning", topic="device"))
        self.opening.open(self.opening.last_path, "auto", allow_pickle=self.opening.last_consent)

    @Slot(object)
    def _on_acted(self, message: Message) -> None:
        if message.topic == "opening":
            self.open(self.opening.last_path, allow_pickle=True)
        elif message.topic == STUCK:
            self.engine.abandon()
            for tab in self._bar.tabs:
                tab.ask_again()

    @Slot(object)
    def _on_device(self, device: str) -> None:
        self.settings = replace(self.settings, device=device)
        if self.scene.reference is not None:
            self.open(self.scene.reference.path, allow_pickle=self.scene.reference.allow_pickle)

    @Slot(object)
    def _on_wished(self, scene: Scene) -> None:
        """A tab changed the sentence or its masks; the box follows, and its undo can take it back."""
        sentence_changed = scene.sentence != self.scene.sentence
        self._set_scene(scene)
        if sentence_changed:
            self.header.sentence.put(scene.sentence)

    @Slot(object)
    def _on_mended(self, sentence: str) -> None:
        self.messages.tell(Message(sentence, "warning", topic="mended"))

    @Slot(object)
    def _on_drawn(self, milliseconds: float) -> None:
        self.status.show_trace(self.tab.trace, milliseconds)

    @Slot(int)
    def _on_tab_changed(self, place: int) -> None:
        self.settings = replace(self.settings, tab=TABS[place].name)

    @Slot()
    def _on_report(self) -> None:
        if self.scene.report is not None:
            dialog = LoadReportDialog(self.scene.report, self)
            dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            dialog.open()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if event.mimeData().hasUrls():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        for url in event.mimeData().urls()[:1]:
            self.open(url.toLocalFile() or url.toString())

    def closeEvent(self, event: QCloseEvent) -> None:
        self.hide()  # what still runs may take a moment, and nobody needs to watch it
        self._remember()
        stopped = self.engine.close(CLOSING_S)
        super().closeEvent(event)
        if self.window() is not self:
            self.window().close()
        if not stopped:
            os._exit(0)  # a worker that never comes back; everything is saved

    def _remember(self) -> None:
        size = self.window().size()
        sized = replace(self.settings, width=size.width(), height=size.height())
        self.settings = sized.with_sentence(self.scene.sentence)
        if self._settings_file is not None:
            try:
                remembered.save(self.settings, self._settings_file)
            except OSError as error:
                _log.warning("settings not saved", exc_info=True)
                reason = printable(error.strerror or str(error))
                self.messages.tell(Message(f"The settings could not be saved: {reason}.", "warning", topic="settings"))
