"""Whether the second sentence follows the first: the probability in large, a bar, and the two logits."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from attnviz.table import Table
from attnviz.trace import IS_NEXT, NOT_NEXT, PairJudgement
from attnviz.views.lettering import percent
from attnviz.views.palette import BASE, GRID, SMALL, colour, sequential_colour, ui_font
from attnviz.views.scrolled import paint_sentence
from attnviz.views.view import View

NUMBER, LINE, BAR = 40, 20, 12
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class VerdictView(View):
    """``claim`` is what the probability is of, in words."""

    def __init__(self, claim: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.claim = claim
        self.why_not = ""
        self.setAccessibleName(claim)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    @property
    def judgement(self) -> PairJudgement | None:
        return self.trace.find(PairJudgement)

    def say(self, why_not: str) -> None:
        """Why there is nothing to judge, "" when there is."""
        if why_not != self.why_not:
            self.why_not = why_not
            self.update()

    def numbers(self) -> Table:
        found = self.judgement
        columns = ("claim", "probability is next", "logit is next", "logit is not")
        if found is None:
            return Table(columns, ())
        return Table(
            columns, ((self.claim, found.is_next, float(found.logits[IS_NEXT]), float(found.logits[NOT_NEXT])),)
        )

    def said(self) -> str:
        """The two logits and what lies between them."""
        found = self.judgement
        if found is None:
            return ""
        logits = (
            f"logits: is next {signed(float(found.logits[IS_NEXT]))}, is not {signed(float(found.logits[NOT_NEXT]))}"
        )
        return f"{logits} · difference {signed(found.difference)}"

    def _update(self, *, fresh: bool) -> None:
        found = self.judgement
        self.setAccessibleDescription("" if found is None else f"{percent(found.is_next)}; {self.said()}")
        self.setToolTip(
            "" if found is None else f"{self.claim}: {found.is_next:.6f}\n{self.said()}\nsoftmax of the two logits"
        )
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(36 * GRID, NUMBER + BAR + LINE + GRID)

    def minimumSizeHint(self) -> QSize:
        return QSize(30 * GRID, NUMBER + BAR + LINE + GRID)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour("surface"))
        found = self.judgement
        if found is None or self.why_not:
            paint_sentence(painter, QRectF(self.rect()), self.why_not or "Not judged yet.")
            return
        width = float(self.width())
        painter.setFont(ui_font(32, bold=True))
        painter.setPen(colour("text"))
        number = percent(found.is_next)
        painter.drawText(QRectF(0, 0, width, NUMBER), int(_LEFT), number)
        taken = painter.fontMetrics().horizontalAdvance(number) + 2 * GRID
        painter.setFont(ui_font(BASE))
        painter.setPen(colour("muted"))
        answer = "is next" if found.is_next > 0.5 else "is not next"
        painter.drawText(QRectF(taken, 0, width - taken, NUMBER), int(_LEFT), f"so the model says: {answer}")
        bar = QRectF(0, NUMBER, width, BAR)
        painter.fillRect(bar, sequential_colour(0.08))
        painter.fillRect(QRectF(0, NUMBER, width * found.is_next, BAR), sequential_colour(0.65))
        painter.fillRect(QRectF(round(width / 2) - 0.5, NUMBER - 2, 1, BAR + 4), colour("muted"))
        painter.setFont(ui_font(SMALL))
        painter.drawText(QRectF(0, NUMBER + BAR + 2, width, LINE), int(_LEFT), self.said())


def signed(value: float) -> str:
    """With its sign, and a minus as long as the plus."""
    return f"{value:+.3f}".replace("-", "−")
