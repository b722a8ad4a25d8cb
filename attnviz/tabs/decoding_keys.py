"""The keys of the decoding tab: along the steps, back and again, from page to page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence, QShortcut

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from attnviz.tabs.decoding_layout import DecodingLayout


def add_keys(tab: QWidget, parts: DecodingLayout) -> None:
    """They hold while the focus is anywhere in the tab."""
    stack, buttons = parts.changes.stack, parts.transport.buttons
    keys = {
        "Alt+Left": buttons["back"].click,
        "Alt+Right": buttons["on"].click,
        "Alt+P": parts.transport.toggle,
        "Ctrl+Z": stack.undo,
        "Ctrl+Shift+Z": stack.redo,
        "Alt+1": parts.page_buttons.button(0).click,
        "Alt+2": parts.page_buttons.button(1).click,
    }
    for key, slot in keys.items():
        shortcut = QShortcut(QKeySequence(key), tab, context=Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(slot)
