"""What if, inside the model: a menu of changes to the head, row or token that is looked at, and the list of those made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QInputDialog, QLineEdit, QMenu, QToolButton, QVBoxLayout, QWidget

from attnviz.edits import (
    DropFeedForward,
    DropHead,
    DropLayer,
    HideToken,
    PatchFromText,
    ReplaceWord,
    SetRow,
    Temperature,
    Uniform,
    Unscaled,
)
from attnviz.errors import AttnvizError, printable
from attnviz.tabs.edit_list import EditList
from attnviz.text.edit_grammar import GRAMMAR, parse_edit, written
from attnviz.trace import Cursor, Site, Trace
from attnviz.views.palette import GRID, SMALL, token_font

if TYPE_CHECKING:
    from attnviz.edits import InsideWish

Offer = tuple[str, "InsideWish | None"]


class InspectorChanges(QWidget):
    """``edited`` carries the changes that are on; ``failed`` an AttnvizError about one that can't be read."""

    edited = Signal(object)
    failed = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.list = EditList("nothing is changed", self)
        self.menu_button, self.line = QToolButton(self), QLineEdit(self)
        self._at: Callable[[], tuple[Trace, Cursor]] | None = None
        self._build()
        self.list.edited.connect(self.edited)

    def look_at(self, at: Callable[[], tuple[Trace, Cursor]]) -> None:
        """Where to ask what is looked at, when the menu opens."""
        self._at = at

    def add(self, wish: InsideWish) -> None:
        """Make one more change; it is listed as the line that ``attnviz inspect --edit`` reads."""
        self.list.add(wish, printable(written(wish), 80))

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(GRID // 2)
        row = QHBoxLayout()
        row.setSpacing(GRID // 2)
        self.menu_button.setText("Change")
        self.menu_button.setToolTip("Changes to the head, row and token under the cursor (Alt+C)")
        self.menu_button.setShortcut("Alt+C")
        self.menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(self.menu_button)
        menu.aboutToShow.connect(self._fill)
        self.menu_button.setMenu(menu)
        self.line.setFont(token_font(SMALL))
        self.line.setPlaceholderText("drop-head 3.5")
        self.line.setAccessibleName("A change as a line of text")
        self.line.setToolTip(f"A change as a line; Enter makes it.\n{GRAMMAR}")
        self.line.returnPressed.connect(self._on_line)
        row.addWidget(self.menu_button)
        row.addWidget(self.line, 1)
        column.addLayout(row)
        column.addWidget(self.list, 1)

    @Slot()
    def _fill(self) -> None:
        menu = self.menu_button.menu()
        menu.clear()
        if self._at is None:
            return
        for text, wish in offers(*self._at()):
            if wish is None:
                menu.addSection(text)
                continue
            action = menu.addAction(text.replace("&", "&&"))
            action.setData(wish)
            action.triggered.connect(self._on_chosen)
        menu.addSection("Words")
        menu.addAction("Replace this token…", self._on_replace)
        menu.addAction("Patch this token's state from another sentence…", self._on_patch)

    @Slot()
    def _on_chosen(self) -> None:
        self.add(self.sender().data())  # type: ignore[attr-defined] # the sender is a QAction

    @Slot()
    def _on_line(self) -> None:
        try:
            wish = parse_edit(self.line.text())
        except AttnvizError as error:
            self.failed.emit(error)
            return
        self.line.clear()
        self.add(wish)

    @Slot()
    def _on_replace(self) -> None:
        trace, cursor = self._at() if self._at is not None else (None, None)
        if trace is None or cursor is None or cursor.query is None:
            return
        word, is_given = QInputDialog.getText(self, "Replace a token", "By the word (one piece of the vocabulary):")
        if is_given and word.strip():
            self._try(lambda: ReplaceWord(cursor.query or 0, word.strip()))

    @Slot()
    def _on_patch(self) -> None:
        trace, cursor = self._at() if self._at is not None else (None, None)
        if trace is None or cursor is None or cursor.query is None:
            return
        asked = f"The state entering layer {cursor.layer} comes from the same position of this sentence:"
        text, is_given = QInputDialog.getText(self, "Patch a hidden state", asked)
        if is_given and text.strip():
            position = cursor.query
            self._try(lambda: PatchFromText(cursor.layer, position, text.strip(), position))

    def _try(self, make: Callable[[], InsideWish]) -> None:
        try:
            self.add(make())
        except AttnvizError as error:
            self.failed.emit(error)


def offers(trace: Trace, cursor: Cursor) -> Iterator[Offer]:
    """The changes that make sense where the cursor is, by what they are about; None heads a group."""
    layer, head, query, key, site = cursor.layer, cursor.head, cursor.query, cursor.key, str(cursor.site)
    attention = trace.attention(layer, cursor.site)
    queries = trace.tokens(Site.ENCODER if cursor.site is Site.ENCODER else Site.DECODER)
    keys = trace.tokens(Site.DECODER if cursor.site is Site.DECODER else Site.ENCODER)
    stack = "encoder" if cursor.site is Site.ENCODER else "decoder"
    yield f"Head {layer}.{head}", None
    yield "Drop this head (its output is zero)", DropHead(layer, head, site=site)
    if stack == "encoder":
        yield "Drop it to its mean over the tokens", DropHead(layer, head, "mean")
    yield "Attend to all tokens alike", Uniform(layer, head, site)
    if query is not None and attention is not None and queries is not None and query < len(queries):
        count, name = attention.key.shape[1], printable(queries.labels[query], 16)
        yield f"Row of {name} ({query}) in head {layer}.{head}", None
        if cursor.site is not Site.CROSS:
            yield "All weight on itself", SetRow(layer, head, query, _all_on(query, count), site)
        if cursor.site is not Site.DECODER:
            yield "The same to every token", SetRow(layer, head, query, (1 / count,) * count, site)
        if key is not None and keys is not None and key < min(count, len(keys)):
            other = printable(keys.labels[key], 16)
            yield f"All weight on {other} ({key})", SetRow(layer, head, query, _all_on(key, count), site)
    hidden = query if cursor.site is not Site.CROSS else key
    if hidden is not None and keys is not None and hidden < len(keys):
        yield f"Token {printable(keys.labels[hidden], 16)} ({hidden})", None
        yield "Hide it from all layers", HideToken(hidden, None, site)
        yield f"Hide it from layer {layer}", HideToken(hidden, layer, site)
    yield f"Layer {layer}", None
    yield "No √d_k in this layer", Unscaled(layer, site)
    yield "Sharper attention (temperature 0.5)", Temperature(0.5, layer, site)
    yield "Flatter attention (temperature 2)", Temperature(2.0, layer, site)
    yield "All its heads attend to all tokens alike", Uniform(layer, None, site)
    yield "Drop its feed-forward network", DropFeedForward(layer, stack)
    yield "Drop the whole layer", DropLayer(layer, stack)
    yield "All layers", None
    yield "No √d_k anywhere", Unscaled(None, site)


def _all_on(place: int, count: int) -> tuple[float, ...]:
    return tuple(1.0 if index == place else 0.0 for index in range(count))
