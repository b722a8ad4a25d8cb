"""The header: which checkpoint and device, the sentence, examples and settings."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QMenu, QToolButton, QWidget

from attnviz.errors import printable
from attnviz.views.sentence_box import SentenceBox

PAIR_MARK = " ⏎ "


@dataclass(frozen=True, slots=True)
class Offered:
    """A checkpoint in the picker: ``about`` is a line on its size."""

    name: str
    path: str
    about: str = ""


class Header(QWidget):
    """Signals carry a path (``checkpoint_wished``), a device name (``device_wished``) or a theme name (``theme_wished``)."""

    checkpoint_wished = Signal(object)
    device_wished = Signal(object)
    theme_wished = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 8, 8, 4)
        row.setSpacing(8)
        self.checkpoints = self._menu_button("open a checkpoint", "Choose the model (Ctrl+O opens a folder)")
        self.devices = QComboBox(self)
        self.devices.setToolTip("Where the model runs")
        self.devices.setAccessibleName("Device")
        self.devices.addItem("CPU", "auto")
        self.devices.activated.connect(self._on_device)
        self.sentence = SentenceBox(self)
        self.examples = self._menu_button("Examples", "Sentences to begin with, and your last ones")
        self.settings = self._menu_button("View", "Theme and help")
        for part in (self.checkpoints, self.devices):
            row.addWidget(part, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.sentence, 1, Qt.AlignmentFlag.AlignTop)
        for part in (self.examples, self.settings):
            row.addWidget(part, 0, Qt.AlignmentFlag.AlignTop)
        self.devices.setFixedHeight(self.checkpoints.sizeHint().height())
        self._shipped: tuple[Offered, ...] = ()
        self._build_settings()

    def offer_checkpoints(self, shipped: tuple[Offered, ...], recent: tuple[Offered, ...]) -> None:
        """Fill the picker: shipped ones, recent ones, and the door to any folder."""
        self._shipped = shipped
        menu = self.checkpoints.menu()
        menu.clear()
        for entry in shipped:
            self._add(menu, f"{entry.name}   {entry.about}", entry.path, self._on_checkpoint)
        if recent:
            menu.addSection("Recent")
        for entry in recent:
            self._add(menu, f"{printable(entry.name, 40)}   {entry.about}", entry.path, self._on_checkpoint)
        menu.addSeparator()
        self._add(menu, "Open folder…  (Ctrl+O)", None, self.ask_for_folder)

    def offer_recent(self, recent: tuple[Offered, ...]) -> None:
        """Other recent ones; those that ship with the program stand above already."""
        known = {entry.path for entry in self._shipped}
        self.offer_checkpoints(self._shipped, tuple(entry for entry in recent if entry.path not in known))

    def offer_devices(self, names: tuple[str, ...], current: str) -> None:
        """The devices of this machine; the choice stays where it is possible."""
        self.devices.clear()
        for name in names:
            self.devices.addItem(name.upper(), name)
        self.devices.setCurrentIndex(max(0, self.devices.findData(current.partition(":")[0])))
        self.devices.setToolTip(
            "Where the model runs" if len(names) > 1 else "Where the model runs; this machine has no other device"
        )

    def offer_sentences(self, examples: tuple[str, ...], recent: tuple[str, ...]) -> None:
        menu = self.examples.menu()
        menu.clear()
        for sentence in examples:
            self._add(menu, printable(sentence.replace("\n", PAIR_MARK), 90), sentence, self._on_example)
        if recent:
            menu.addSection("Recent")
        for sentence in recent:
            self._add(menu, printable(sentence.replace("\n", PAIR_MARK), 90), sentence, self._on_example)

    def show_checkpoint(self, name: str) -> None:
        self.checkpoints.setText(printable(name, 40).replace("&", "&&"))

    def mark_theme(self, name: str) -> None:
        for action in self._themes.actions():
            action.setChecked(action.data() == name)

    @Slot()
    def ask_for_folder(self) -> None:
        """Let the user choose a checkpoint folder."""
        folder = QFileDialog.getExistingDirectory(self, "Open a checkpoint folder", str(Path.home()))
        if folder:
            self.checkpoint_wished.emit(folder)

    def _menu_button(self, text: str, tip: str) -> QToolButton:
        button = QToolButton(self)
        button.setText(text)
        button.setToolTip(tip)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setMenu(QMenu(button))
        return button

    def _build_settings(self) -> None:
        menu = self.settings.menu()
        self._themes = QActionGroup(self)
        for name in ("system", "light", "dark"):
            action = QAction(f"Theme: {name}", self._themes, checkable=True)
            action.setData(name)
            action.triggered.connect(self._on_theme)
            menu.addAction(action)

    def _add(self, menu: QMenu, text: str, data: object, answer: object) -> None:
        action = QAction(text.replace("&", "&&"), menu)
        action.setData(data)
        action.triggered.connect(answer)
        menu.addAction(action)

    @Slot()
    def _on_checkpoint(self) -> None:
        self.checkpoint_wished.emit(self.sender().data())  # type: ignore[attr-defined] # the sender is a QAction

    @Slot()
    def _on_example(self) -> None:
        self.sentence.put(self.sender().data())  # type: ignore[attr-defined] # the sender is a QAction

    @Slot()
    def _on_theme(self) -> None:
        self.theme_wished.emit(self.sender().data())  # type: ignore[attr-defined] # the sender is a QAction

    @Slot(int)
    def _on_device(self, place: int) -> None:
        self.device_wished.emit(self.devices.itemData(place))
