"""One pre-training objective: what it changes in a sentence, and what it asks of a model on this text, in numbers."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFontMetricsF, QPainter
from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.trace import Objective
from attnviz.trace.objectives import ELECTRA
from attnviz.views.palette import BASE, GRID, LARGE, SMALL, colour, ui_font
from attnviz.views.scrolled import ScrolledView

LINE, BAR = 26, 12
WRAPPED = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)
LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
SENTENCES = {
    "BERT": "Predicts 15 % of the pieces from both sides (of these 80 % hidden, 10 % replaced, 10 % kept), and whether a second sentence follows the first.",
    "RoBERTa": "Drops the next sentence, draws the masks anew whenever a text is seen, and spells words in bytes, so that none is unknown.",
    "ELECTRA": "A small model fills the masks, and the discriminator says of every word whether it was replaced: each position teaches something, not 15 %.",
}
PAPERS = {"BERT": "Devlin et al. 2019", "RoBERTa": "Liu et al. 2019", "ELECTRA": "Clark et al. 2020"}


class ObjectiveCard(ScrolledView):
    """The card of one role; without numbers it says what to do."""

    def __init__(self, role: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.role = role
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(f"The objective of {role}")

    @property
    def objective(self) -> Objective | None:
        return self.trace.find(Objective, self.role)

    def rows(self) -> tuple[tuple[str, str], ...]:
        """Names and values, as they are shown."""
        found = self.objective
        if found is None:
            return ()
        judged = found.f1 if self.role == ELECTRA else found.accuracy
        name = "F1 of “replaced”" if self.role == ELECTRA else "first choice right, at [MASK]"
        unit = "binary cross-entropy" if self.role == ELECTRA else "−ln p(original)"
        return (
            ("parameters", f"{found.parameters:,}"),
            ("pieces in its vocabulary", f"{found.vocabulary:,}"),
            ("reads at most", f"{found.longest:,} tokens"),
            ("pieces of this text", f"{found.pieces:,}"),
            ("positions that teach, per text", "–" if found.per_text is None else f"{found.per_text:.1f}"),
            (name, "–" if judged is None else f"{judged:.1%}".replace("%", " %")),
            (f"loss per position, {unit}", "–" if found.loss is None else f"{found.loss:.2f} nats"),
        )

    def numbers(self) -> Table:
        found = self.objective
        if found is None:
            return Table((), ())
        columns = (
            *("objective", "model", "parameters", "vocabulary", "longest", "pieces", "draws", "supervised_per_text"),
            *("accuracy", "f1", "loss_nats"),
        )
        values = (
            *(self.role, found.name, found.parameters, found.vocabulary, found.longest, found.pieces, found.draws),
            *(found.per_text, found.accuracy, found.f1, found.loss),
        )
        return Table(columns, (values,))

    def _sentence(self) -> str:
        if self.objective is not None:
            return ""
        if self.trace.every(Objective):
            return f"{self.role} comes next, where a model of its kind is at hand; open one if none ships."
        return f"Type a sentence to see what {self.role} learns from it."

    def _said(self, width: int) -> float:
        """The height of the sentence."""
        metrics = QFontMetricsF(ui_font(BASE))
        return metrics.boundingRect(QRectF(0, 0, width - 2 * GRID, 1000), WRAPPED, SENTENCES[self.role]).height()

    def _content_height(self, width: int) -> int:
        return int(6 * GRID + self._said(width) + 7 * GRID + len(self.rows()) * LINE + GRID)

    def _paint(self, painter: QPainter, exposed: QRectF) -> None:
        found = self.objective
        if found is None:
            return
        width = float(self._content_width())
        inner = width - 2 * GRID
        painter.setFont(ui_font(LARGE, bold=True))
        painter.setPen(colour("text"))
        painter.drawText(QRectF(GRID, 0, inner, 3 * GRID), LEFT, found.name)
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("muted"))
        painter.drawText(QRectF(GRID, 3 * GRID, inner, 2 * GRID), LEFT, PAPERS[self.role])
        painter.setFont(ui_font(BASE))
        painter.setPen(colour("text"))
        said = self._said(int(width))
        painter.drawText(QRectF(GRID, 6 * GRID, inner, said + 2), WRAPPED, SENTENCES[self.role])
        self._paint_share(painter, found, QRectF(GRID, 6 * GRID + said + GRID, inner, BAR))
        top = 6 * GRID + said + 7 * GRID
        for number, (name, value) in enumerate(self.rows()):
            line = QRectF(GRID, top + number * LINE, inner, LINE)
            if number % 2 == 0:
                painter.fillRect(line.adjusted(-GRID / 2, 0, GRID / 2, 0), colour("border", 0.25))
            painter.setFont(ui_font(SMALL))
            painter.setPen(colour("muted"))
            painter.drawText(line, LEFT, name)
            painter.setFont(ui_font(BASE, bold=True))
            painter.setPen(colour("text"))
            painter.drawText(line, RIGHT, value)

    def _paint_share(self, painter: QPainter, found: Objective, bar: QRectF) -> None:
        """How much of the text teaches, as a bar, with the words under it."""
        share = (found.per_text or 0.0) / found.pieces if found.pieces else 0.0
        painter.fillRect(bar, colour("border", 0.5))
        painter.fillRect(QRectF(bar.left(), bar.top(), bar.width() * min(share, 1.0), BAR), colour("accent"))
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour("muted"))
        words = f"{share:.0%} of this text teaches, over {found.draws} draws".replace("%", " %", 1)
        painter.drawText(bar.translated(0, BAR + 4).adjusted(0, 0, 0, GRID), LEFT, words)

    def sizeHint(self) -> QSize:
        return QSize(36 * GRID, 50 * GRID)
