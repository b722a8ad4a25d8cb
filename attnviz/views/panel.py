"""The frame around one view: its title, its controls, and a menu that takes its numbers and its picture out."""

from __future__ import annotations

import re
from collections.abc import Callable

from PySide6.QtCore import QSize, QStandardPaths, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QApplication,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from attnviz.errors import AttnvizError, ExportError
from attnviz.export.figures import save_widget
from attnviz.export.numbers import save_table
from attnviz.views.elided import ElidedLabel
from attnviz.views.palette import BASE, GRID, SMALL, ui_font
from attnviz.views.scrolled import ScrolledView
from attnviz.views.view import View

_NOTHING = ExportError("nothing to export yet: this view has no numbers", "EXPORT_EMPTY")


class Panel(QFrame):
    """A titled frame. ``failed`` carries an AttnvizError, ``saved`` the path of a file that was written.

    ``add_control`` puts a widget at the right of the header, ``add_row`` one under it. Where one frame shows several
    views in turn, ``body`` is what holds them and ``view`` the one in front. Shortcuts hold while the focus is inside.
    """

    failed = Signal(object)
    saved = Signal(object)

    def __init__(
        self, title: str, view: View, subtitle: str = "", parent: QWidget | None = None, body: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.view = view
        self.actions_by_name: dict[str, QAction] = {}
        outer = QVBoxLayout(self)
        outer.setContentsMargins(GRID, GRID // 2, GRID, GRID)
        outer.setSpacing(GRID // 2)
        outer.addLayout(self._build_header(title, subtitle))
        outer.addWidget(body or view, 1)
        self._outer = outer
        view.setAccessibleName(view.accessibleName() or title)

    def _build_header(self, title: str, subtitle: str) -> QHBoxLayout:
        self._title, self._subtitle = _plain(title, BASE, bold=True), ElidedLabel(subtitle)
        self._subtitle.setFont(ui_font(SMALL))
        self._controls = QHBoxLayout()
        self._controls.setSpacing(GRID)
        header = QHBoxLayout()
        header.setSpacing(GRID)
        header.addWidget(self._title)
        header.addWidget(self._subtitle, 1)
        header.addLayout(self._controls)
        header.addWidget(self._build_menu_button())
        return header

    def _build_menu_button(self) -> QToolButton:
        self.menu_button = QToolButton()
        self.menu_button.setText("⋯")
        self.menu_button.setAccessibleName("Export")
        self.menu_button.setToolTip("Copy or save this view's numbers and picture (Alt+Down)")
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu_button.setStyleSheet("QToolButton::menu-indicator { image: none; } QToolButton { padding: 0; }")
        self.menu_button.setFixedSize(4 * GRID, 3 * GRID)
        menu = QMenu(self.menu_button)
        menu.setToolTipsVisible(True)
        self._add(menu, "Copy numbers as CSV", self.copy_numbers, "Ctrl+Shift+C")
        self._add(menu, "Save numbers as CSV…", self.ask_and_save_numbers)
        menu.addSeparator()
        self._add(menu, "Save picture as PNG…", self.ask_and_save_png, "Ctrl+Shift+S")
        self._add(menu, "Save picture as SVG…", self.ask_and_save_svg)
        self._add(menu, "Save picture as PDF…", self.ask_and_save_pdf)
        self.menu_button.setMenu(menu)
        opening = QAction(self)
        opening.setShortcut(QKeySequence("Alt+Down"))
        opening.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        opening.triggered.connect(self.menu_button.showMenu)
        self.addAction(opening)
        return self.menu_button

    def _add(self, menu: QMenu, text: str, slot: Callable[[], None], shortcut: str = "") -> None:
        action = QAction(text, self)
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        if shortcut:
            action.setShortcut(QKeySequence(shortcut))
        action.triggered.connect(slot)
        menu.addAction(action)
        self.addAction(action)
        self.actions_by_name[text] = action

    def add_control(self, control: QWidget) -> None:
        """Put ``control`` at the right of the header, before the menu."""
        self._controls.addWidget(control)

    def add_row(self, row: QWidget) -> None:
        """Put ``row`` between the header and the view."""
        self._outer.insertWidget(self._outer.count() - 1, row)

    @property
    def title(self) -> str:
        return self._title.text()

    def set_title(self, title: str) -> None:
        self._title.setText(title)

    def set_subtitle(self, subtitle: str, tip: str = "") -> None:
        self._subtitle.setText(subtitle)
        self._subtitle.setToolTip(tip)

    def copy_numbers(self) -> None:
        """Put the view's numbers on the clipboard as CSV."""
        table = self.view.numbers()
        if not table.columns:
            self.failed.emit(_NOTHING)
            return
        QGuiApplication.clipboard().setText(
            table.csv().encode("utf-8", "backslashreplace").decode()
        )  # Qt drops surrogates

    def save_numbers(self, path: str) -> None:
        self._try(lambda: self._write_numbers(path), path)

    def save_picture(self, path: str) -> None:
        """Save the view's picture as .png, .svg or .pdf."""
        self._try(lambda: self._write_picture(path), path)

    def _write_picture(self, path: str) -> None:
        """What is scrolled out of sight belongs to the picture, the ring of the keyboard focus doesn't."""
        size, focused = self.view.size(), QApplication.focusWidget()
        inside = focused is not None and (focused is self.view or self.view.isAncestorOf(focused))
        if focused is not None and inside:
            focused.clearFocus()
        if isinstance(self.view, ScrolledView):
            self.view.resize(size.expandedTo(QSize(0, self.view.full_height(size.width()))))
        try:
            save_widget(self.view, path)
        finally:
            self.view.resize(size)
            if focused is not None and inside:
                focused.setFocus()

    def _write_numbers(self, path: str) -> None:
        table = self.view.numbers()
        if not table.columns:
            raise _NOTHING
        save_table(table, path)

    def _try(self, write: Callable[[], None], path: str) -> None:
        try:
            write()
        except AttnvizError as error:
            self.failed.emit(error)
        else:
            self.saved.emit(path)

    def ask_and_save_numbers(self) -> None:
        if path := self._ask("CSV", "csv"):
            self.save_numbers(path)

    def ask_and_save_png(self) -> None:
        if path := self._ask("PNG", "png"):
            self.save_picture(path)

    def ask_and_save_svg(self) -> None:
        if path := self._ask("SVG", "svg"):
            self.save_picture(path)

    def ask_and_save_pdf(self) -> None:
        if path := self._ask("PDF", "pdf"):
            self.save_picture(path)

    def _ask(self, name: str, suffix: str) -> str:
        """The path the user chose, with its suffix; empty if they thought better of it."""
        folder = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
        stem = re.sub(r"[^\w-]+", "-", self.title).strip("-").lower() or "view"
        options = QFileDialog.Option(0)
        if QGuiApplication.platformName() == "offscreen":
            options = QFileDialog.Option.DontUseNativeDialog
        chosen, _ = QFileDialog.getSaveFileName(
            self, f"Save {self.title} as {name}", f"{folder}/{stem}.{suffix}", f"{name} (*.{suffix})", options=options
        )
        return chosen if not chosen or chosen.lower().endswith(f".{suffix}") else f"{chosen}.{suffix}"


def _plain(text: str, size: int, *, bold: bool = False) -> QLabel:
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setFont(ui_font(size, bold=bold))
    return label
