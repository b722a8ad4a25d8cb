"""The masks of a long text, a row each: which window answers, with how much of the text around it, and what it says."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from attnviz.table import Cell, Table
from attnviz.trace import Candidates
from attnviz.views.lettering import isolated, percent
from attnviz.views.long_look import look_of
from attnviz.views.long_reading import Reading, read_long
from attnviz.views.row_table import Rows, RowTable

SHOWN = 3


class WindowTable(RowTable):
    """A row pins the cursor to its mask and the window that answers it."""

    columns = ("mask at", "window", "before", "behind", "the model predicts", "it was", "p")
    numeric = frozenset({0, 1, 2, 3, 6})
    pieces = frozenset({4, 5})
    wide = frozenset({4})
    tips = (
        "Position of the mask among all tokens of the text",
        "The window that answers: the one that has most on the side where it has least",
        "Tokens of the text that this window has before the mask",
        "Tokens of the text that it has behind the mask",
        "The most probable words, with their probabilities",
        "The token that was masked by a click, where one was",
        "Its probability",
    )

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("Type [MASK] anywhere in the text to see which window answers it.", parent)
        self.reading: Reading | None = None
        self.setAccessibleName("Masks and the windows that answer them")

    def numbers(self) -> Table:
        words = tuple(name for place in range(1, SHOWN + 1) for name in (f"word {place}", f"probability {place}"))
        columns = ("position", "window", "tokens before", "tokens behind", *words, "original", "its probability")
        if self.reading is None:
            return Table(columns, ())
        reading = self.reading
        return Table(columns, tuple(self._numbers(reading, position) for position in reading.tokens.masks))

    def _numbers(self, reading: Reading, position: int) -> tuple[Cell, ...]:
        number, known = reading.answers.get(position), self.trace.find(Candidates, position)
        around = (None, None) if number is None else reading.windows.windows[number].context(position)
        words: list[Cell] = [
            part for entry in (known.entries[:SHOWN] if known else ()) for part in (entry.token, entry.probability)
        ]
        words += [None] * (2 * SHOWN - len(words))
        original = (known.original, known.probability) if known else (None, None)
        return (position, None if number is None else number + 1, *around, *words, *original)

    def _rows(self) -> Rows:
        self.reading = reading = read_long(self.trace, self.reading)
        return () if reading is None else tuple(self._row(reading, position) for position in reading.tokens.masks)

    def _row(self, reading: Reading, position: int) -> tuple[str, ...]:
        number, known = reading.answers.get(position), self.trace.find(Candidates, position)
        if number is None:
            said = "cut off: not read" if position >= reading.read else "not asked: only the first 32 masks are"
            return (str(position), "none", "", "", said, self._original(reading, position), "")
        before, behind = reading.windows.windows[number].context(position)
        words = "…" if known is None else "   ".join(
            f"{isolated(entry.label)} {percent(entry.probability)}" for entry in known.entries[:SHOWN]
        )  # fmt: skip
        share = "" if known is None or known.probability is None else percent(known.probability)
        row = (str(position), str(number + 1), str(before), str(behind), words)
        return (*row, self._original(reading, position), share)

    def _original(self, reading: Reading, position: int) -> str:
        label = reading.tokens.original_labels[position]
        return "" if label is None else isolated(label)

    def _chosen(self) -> int | None:
        masks = self.reading.tokens.masks if self.reading is not None else ()
        return masks.index(self.cursor_at.query) if self.cursor_at.query in masks else None

    def _came_to(self, row: int) -> None:
        if self.reading is not None and row < len(self.reading.tokens.masks):
            position = self.reading.tokens.masks[row]
            window = self.reading.answers.get(position)
            look = replace(look_of(self.cursor_at), query=position, key=None, window=window, pinned=True)
            self.pointed.emit(look)
