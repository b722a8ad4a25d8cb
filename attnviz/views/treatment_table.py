"""The means over a whole text: how well its words are predicted with [MASK], a random word and themselves shown."""

from __future__ import annotations

from dataclasses import asdict

from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.views.lettering import percent
from attnviz.views.mismatch_reading import NAMES, SHARES, Summary, summaries
from attnviz.views.row_table import Rows, RowTable

SHORT = ("[MASK]", "random", "itself")


class TreatmentTable(RowTable):
    """A row for each of the three."""

    columns = ("shown", "share", "p(word)", "first", "p(shown)")
    numeric = frozenset({1, 2, 3, 4})
    wide = frozenset({0})
    tips = (
        "What stands at the position that is predicted",
        "How often BERT's training shows that",
        "Mean probability of the word that belongs there",
        "How often that word is put first",
        "Mean probability of what is shown",
    )

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("The means stand here when a word is predicted.", parent)
        self.setAccessibleName("Means by treatment")

    def numbers(self) -> Table:
        found = summaries(self.trace)
        if not found:
            return Table((), ())
        columns = ("treatment", "share in training", *asdict(found[0]))
        rows = zip(NAMES, SHARES, found, strict=True)
        return Table(columns, tuple((name, share, *asdict(summary).values()) for name, share, summary in rows))

    def _rows(self) -> Rows:
        return tuple(_row(*parts) for parts in zip(SHORT, SHARES, summaries(self.trace), strict=False))


def _row(name: str, share: str, summary: Summary) -> tuple[str, ...]:
    return (
        name.removesuffix(" shown"),
        share,
        percent(summary.probability),
        percent(summary.first),
        percent(summary.shown),
    )
