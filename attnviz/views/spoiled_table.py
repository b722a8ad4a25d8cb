"""What a spoiled text is about, a row a token: those that were masked, those that were put in by hand, and false alarms."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.trace import Call, Trace
from attnviz.views.lettering import isolated, percent
from attnviz.views.row_table import Rows, RowTable
from attnviz.views.spoiled_reading import Word, words_of


class SpoiledTable(RowTable):
    """The generator's probabilities beside what the discriminator says. A row pins the cursor."""

    columns = ("at", "original", "is read", "p(original)", "p(word)", "p(replaced)", "call")
    numeric = frozenset({0, 3, 4, 5})
    pieces = frozenset({1, 2})
    wide = frozenset({2})
    tips = (
        "Position in the text that the discriminator reads, from 0",
        "What stands there in the text",
        "What the discriminator reads there: a word drawn by the generator, or put in by hand",
        "The generator's probability of the original, all chosen positions masked",
        "The generator's probability of the word that it drew",
        "The discriminator's probability that the word was replaced",
        "From one half on a word is called replaced",
    )

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "Nothing is masked, and nothing is suspected: raise the rate, or put words in by hand.", parent
        )
        self.setAccessibleName("Words that were masked, put in or suspected")
        self._of: Trace | None = None
        self._told: tuple[Word, ...] = ()

    @property
    def told(self) -> tuple[Word, ...]:
        """The tokens that have a row."""
        if self._of is not self.trace:
            self._of, self._told = self.trace, tuple(filter(_is_told, words_of(self.trace)))
        return self._told

    def numbers(self) -> Table:
        rows = (
            (
                word.position,
                word.original,
                word.label,
                "hand" if word.by_hand else "generator" if word.drawn else "",
                word.original_probability,
                word.generated,
                word.probability,
                None if word.call is None else str(word.call),
            )
            for word in self.told
        )
        first, last = self.columns[:3], self.columns[3:]
        return Table(("position", *first[1:], "put there by", *last), tuple(rows))

    def _rows(self) -> Rows:
        return tuple(_row(word) for word in self.told)

    def _chosen(self) -> int | None:
        places = [word.position for word in self.told]
        return places.index(self.cursor_at.query) if self.cursor_at.query in places else None

    def _came_to(self, row: int) -> None:
        if row < len(self.told):
            self.pointed.emit(replace(self.cursor_at, query=self.told[row].position, key=None, pinned=True))


def _is_told(word: Word) -> bool:
    return word.drawn is not None or word.by_hand or word.call is Call.FALSE_ALARM


def _row(word: Word) -> tuple[str, ...]:
    shown = isolated(word.label)
    if word.by_hand:
        shown += " (by hand)"
    elif word.drawn is not None and word.drawn.is_original:
        shown += " (as it was)"
    shares = (word.original_probability, word.generated, word.probability)
    said = "…" if word.call is None else str(word.call)
    return (str(word.position), isolated(word.original), shown, *map(_share, shares), said)


def _share(share: float | None) -> str:
    return "" if share is None else percent(share)
