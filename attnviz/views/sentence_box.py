"""The sentence that all tabs share: a small text box; a line break starts the second sentence of a pair."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import QMimeData, QSize, Qt, Signal, Slot
from PySide6.QtGui import QFontMetricsF, QTextCursor, QTextOption
from PySide6.QtWidgets import QPlainTextEdit, QSizePolicy, QWidget

from attnviz.text.clean import clean
from attnviz.views.palette import token_font

MOST_CHARACTERS = 20_000
MOST_LINES = 3
FRAME = 11  # the style sheet's border and padding, above and below, and the pixel that a scroll bar would ask for


class SentenceBox(QPlainTextEdit):
    """Emits ``edited`` (a str) on every change by the user or by ``put``; ``mended`` (a sentence) when a paste was.

    A file that is pasted or dropped is none of its business: that is a checkpoint for the window.
    """

    edited = Signal(object)
    mended = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName("Sentence")
        self.setPlaceholderText(
            "Type a sentence. Write [MASK] where a word is to be predicted; a second line makes a pair."
        )
        self.setToolTip("The sentence for all tabs (Ctrl+L). [MASK] is predicted; Enter starts a second sentence.")
        self.setTabChangesFocus(True)
        self.setFont(token_font(14))
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._last = ""
        self.textChanged.connect(self._on_changed)
        self._fit()

    def put(self, text: str) -> None:
        """Replace the text as one step that Ctrl+Z takes back."""
        if text == self.toPlainText():
            return
        cursor = self.textCursor()
        cursor.select(QTextCursor.SelectionType.Document)
        cursor.insertText(text)

    def begin_with(self, text: str) -> None:
        """Set the text without a way back, as when the program starts."""
        self.setPlainText(text)

    @Slot()
    def _on_changed(self) -> None:
        self._fit()
        text = clean(self.toPlainText()).text
        if text != self._last:
            self._last = text
            self.edited.emit(text)

    def _fit(self) -> None:
        """As high as its lines, between one and three."""
        lines = min(MOST_LINES, max(1, int(self.document().size().height())))
        around = FRAME + round(2 * self.document().documentMargin())
        height = lines * math.ceil(QFontMetricsF(self.font()).lineSpacing()) + around
        if height != self.height() or self.maximumHeight() != height:
            self.setFixedHeight(height)

    def sizeHint(self) -> QSize:
        return QSize(480, self.height())

    def resizeEvent(self, event: object) -> None:
        super().resizeEvent(event)  # type: ignore[arg-type] # Qt hands over a QResizeEvent
        self._fit()

    def canInsertFromMimeData(self, source: QMimeData) -> bool:
        return source.hasText() and not source.hasUrls()

    def insertFromMimeData(self, source: QMimeData) -> None:
        """Paste as plain text, repaired and cut so that layout never freezes the window."""
        room = max(0, MOST_CHARACTERS - len(self.toPlainText()) + len(self.textCursor().selectedText()))
        found = clean(source.text())
        fitting = replace(found, text=found.text[:room], cut=found.cut + max(0, len(found.text) - room))
        self.textCursor().insertText(fitting.text)
        if fitting.sentence:
            self.mended.emit(f"Pasted: {fitting.sentence}.")
