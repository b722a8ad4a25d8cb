"""What the model predicts where masking chose, a row a token."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QWidget

from attnviz.table import Cell, Table
from attnviz.trace import Candidates, Chosen, Sampled, Tokens, Treatment, loss
from attnviz.views.lettering import isolated, percent
from attnviz.views.row_table import Rows, RowTable
from attnviz.views.treatment_ink import NAMES

SHOWN = 3


class SampledTable(RowTable):
    """The three most probable words at each chosen position, and how the token that was there stands. A row pins the cursor."""

    columns = ("at", "token", "the model sees", "and predicts", "p(token)", "rank", "loss, nats")
    numeric = frozenset({0, 4, 5, 6})
    pieces = frozenset({1, 2, 3})
    wide = frozenset({3})
    tips = (
        "Position in the text, from 0",
        "What stands there in the text",
        "What the model sees there: [MASK], a random piece, or the token itself",
        "The most probable words, with their probabilities",
        "Probability of the text's own token",
        "Its rank among all words, from 1",
        "−ln p(token), in nats",
    )

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "The tokens that are chosen appear here: type a sentence, raise the rate, or draw again.", parent
        )
        self.setAccessibleName("Predictions at the chosen positions")

    def numbers(self) -> Table:
        words = tuple(name for place in range(1, SHOWN + 1) for name in (f"word {place}", f"probability {place}"))
        columns = (
            "position",
            "token",
            "treatment",
            "shown",
            *words,
            "probability of the token",
            "rank",
            "loss in nats",
        )
        tokens, sampled = self.trace.tokens(), self.trace.find(Sampled)
        if tokens is None or sampled is None:
            return Table(columns, ())
        pairs = zip(sampled.chosen, sampled.shown, strict=True)
        return Table(columns, tuple(self._numbers(tokens, one, shown) for one, shown in pairs))

    def _numbers(self, tokens: Tokens, one: Chosen, shown: str) -> tuple[Cell, ...]:
        known = self.trace.find(Candidates, one.position)
        entries = known.entries[:SHOWN] if known else ()
        words: list[Cell] = [part for entry in entries for part in (entry.token, entry.probability)]
        words += [None] * (2 * SHOWN - len(words))
        standing = (known.probability, known.rank, loss(known)) if known else (None, None, None)
        return (one.position, tokens.pieces[one.position], str(one.treatment), shown, *words, *standing)

    def _rows(self) -> Rows:
        tokens, sampled = self.trace.tokens(), self.trace.find(Sampled)
        if tokens is None or sampled is None:
            return ()
        pairs = zip(sampled.chosen, sampled.shown_labels, strict=True)
        return tuple(self._row(tokens, one, shown) for one, shown in pairs)

    def _row(self, tokens: Tokens, one: Chosen, shown: str) -> tuple[str, ...]:
        known = self.trace.find(Candidates, one.position)
        seen = isolated(shown) if one.treatment is Treatment.MASK else f"{isolated(shown)} ({NAMES[one.treatment]})"
        first = (str(one.position), isolated(tokens.labels[one.position]), seen)
        if known is None or known.probability is None:
            return (*first, "…", "", "", "")
        words = "   ".join(f"{isolated(entry.label)} {percent(entry.probability)}" for entry in known.entries[:SHOWN])
        return (*first, words, percent(known.probability), f"{known.rank:,}", f"{loss(known):.2f}")

    def _chosen(self) -> int | None:
        sampled = self.trace.find(Sampled)
        places = [one.position for one in sampled.chosen] if sampled else []
        return places.index(self.cursor_at.query) if self.cursor_at.query in places else None

    def _came_to(self, row: int) -> None:
        sampled = self.trace.find(Sampled)
        if sampled is not None and row < len(sampled.chosen):
            position = sampled.chosen[row].position
            self.pointed.emit(replace(self.cursor_at, query=position, key=None, pinned=True))
