"""Two objectives on one text, side by side: what masked-word prediction and replaced-token detection learn from, and at what loss."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

from attnviz.table import Cell, Table
from attnviz.trace import Detected, Judgement, Sampled, Spoiled, judgement
from attnviz.views.palette import BASE, GRID, SMALL, colour, head_colour, ui_font
from attnviz.views.scrolled import ScrolledView
from attnviz.views.spoiled_reading import share_words

ROW, BAR, HEAD, FOOT = 22, 8, 24, 80
RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
INKS = (0, 4)
NAMES = ("MLM", "ELECTRA")
WHY = (
    "A masked model learns at the masks alone. ELECTRA's generator does so too; its discriminator learns from every token, "
    "and that loss is weighed 50 times as much (Clark et al. 2020)."
)
WRAPPED = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)
UNITS = ("−ln p(original), nats a mask", "cross-entropy, nats a token")


@dataclass(frozen=True, slots=True)
class Objective:
    """One objective: the positions that it learns from ``of`` so many, and its mean loss there."""

    name: str
    learns: int
    of: int
    loss: float | None


class Objectives(ScrolledView):
    """Bars of supervised positions, losses under them, then how well the discriminator did on this text."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Masked-word prediction beside replaced-token detection")

    @property
    def judged(self) -> Judgement | None:
        spoiled, detected = self.trace.find(Spoiled), self.trace.find(Detected)
        return None if spoiled is None or detected is None else judgement(spoiled, detected)

    @property
    def objectives(self) -> tuple[Objective, ...]:
        spoiled, sampled, found = self.trace.find(Spoiled), self.trace.find(Sampled), self.judged
        if spoiled is None or sampled is None or found is None:
            return ()
        return (
            Objective(NAMES[0], len(sampled.chosen), sampled.candidates, spoiled.loss),
            Objective(NAMES[1], found.judged, found.judged, found.loss),
        )

    def numbers(self) -> Table:
        """One number a row: its name, value and what it counts or is measured in."""
        found = self.judged
        if found is None:
            return Table(("number", "value", "of or unit"), ())
        rows: list[tuple[Cell, ...]] = []
        for objective, unit in zip(self.objectives, UNITS, strict=True):
            rows.append((f"{objective.name}: positions learnt from", objective.learns, str(objective.of)))
            rows.append((f"{objective.name}: mean loss", objective.loss, unit))
        rows += [(name, value, f"of {of}") for name, value, of in _counts(found)]
        rows += [(name, value, "share") for name, value in _shares(found)]
        return Table(("number", "value", "of or unit"), tuple(rows))

    # drawing

    def _sentence(self) -> str:
        return "" if self.objectives else "The two objectives are compared when a text is spoiled and judged."

    def _content_height(self, width: int) -> int:
        return 2 * (ROW + BAR + ROW + GRID) + HEAD + 6 * ROW + GRID + FOOT

    def _paint(self, painter: QPainter, exposed: QRectF) -> None:
        found = self.judged
        if found is None:
            return
        top = 0.0
        for objective, unit, ink in zip(self.objectives, UNITS, INKS, strict=True):
            top = self._paint_objective(painter, objective, unit, ink, top) + GRID
        painter.setFont(ui_font(BASE, bold=True))
        painter.setPen(colour("text"))
        painter.drawText(
            QRectF(GRID, top, self._content_width() - 2 * GRID, HEAD), LEFT, "the discriminator, on this text"
        )
        top += HEAD
        for name, value, of in _counts(found):
            top = self._paint_row(painter, top, name, f"{value} of {of}")
        for name, share in _shares(found):
            top = self._paint_row(painter, top, name, share_words(share))
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("muted"))
        painter.drawText(QRectF(GRID, top + GRID, self._content_width() - 2 * GRID, FOOT), WRAPPED, WHY)

    def _paint_objective(self, painter: QPainter, objective: Objective, unit: str, ink: int, top: float) -> float:
        """Name and count, the bar, the loss; the place where they end."""
        top = self._paint_row(painter, top, f"{objective.name} learns from", f"{objective.learns} of {objective.of}")
        track = QRectF(GRID, top, self._content_width() - 2 * GRID, BAR)
        painter.fillRect(track, colour("raised"))
        if objective.of:
            width = track.width() * objective.learns / objective.of
            painter.fillRect(QRectF(track.left(), track.top(), width, BAR), head_colour(ink))
        loss = "–" if objective.loss is None else f"{objective.loss:.3f}"
        return self._paint_row(painter, top + BAR, unit, loss, small=True)

    def _paint_row(self, painter: QPainter, top: float, name: str, value: str, *, small: bool = False) -> float:
        row = QRectF(GRID, top, self._content_width() - 2 * GRID, ROW)
        painter.setFont(ui_font(SMALL if small else BASE))
        painter.setPen(colour("muted" if small else "text"))
        painter.drawText(row, LEFT, name)
        painter.setPen(colour("text"))
        painter.setFont(ui_font(BASE))
        painter.drawText(row, RIGHT, value)
        return row.bottom()

    def sizeHint(self) -> QSize:
        return QSize(34 * GRID, self._content_height(34 * GRID))


def _counts(found: Judgement) -> tuple[tuple[str, int, int], ...]:
    return (
        ("caught", found.caught, found.replaced),
        ("missed", found.missed, found.replaced),
        ("false alarms", found.false_alarms, found.judged - found.replaced),
    )


def _shares(found: Judgement) -> tuple[tuple[str, float | None], ...]:
    return (("precision", found.precision), ("recall", found.recall), ("F1", found.f1))
