"""The vocabulary and the cut as of one moment, in four numbers."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from attnviz.table import Table
from attnviz.text.readable import spelling
from attnviz.trace import Curves, Learned, Merge, Timeline, Trace
from attnviz.views.history import history
from attnviz.views.lettering import visible
from attnviz.views.moment import moment_of
from attnviz.views.palette import BASE, GRID, LARGE, SMALL, colour, token_font, ui_font
from attnviz.views.ruler import small_width
from attnviz.views.view import View

HEIGHT = 10 * GRID
TOP = 3 * GRID


class MomentFacts(View):
    """Vocabulary, tokens, tokens per word and characters per token: of the sentence, and beside it of the corpus."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._merges: tuple[Merge, ...] = ()
        self._size = 1, 0
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Numbers as of this moment")

    def facts(self) -> tuple[tuple[str, str, str], ...]:
        """Name, number and remark of each; nothing before the first merges have arrived."""
        curves, timeline, done = self.trace.find(Curves), self.trace.find(Timeline), moment_of(self.cursor_at).done
        if curves is None or not 0 <= done <= curves.merges:
            return ()
        per_word, per_token = curves.tokens_per_word()[done], curves.characters_per_token()[done]
        found = [("vocabulary", f"{curves.vocabulary[done]:,}", f"{curves.vocabulary[0]:,} symbols + {done:,} merges")]
        if timeline is None or not len(timeline.symbols):
            corpus = f"of {curves.words:,} words"
            return (
                *found,
                ("tokens", f"{curves.tokens[done]:,}", corpus),
                ("tokens per word", f"{per_word:.2f}", "in the corpus"),
                ("characters per token", f"{per_token:.2f}", "in the corpus"),
            )
        tokens, (words, characters) = timeline.tokens(done), self._size
        return (
            *found,
            ("tokens in the sentence", f"{tokens:,}", f"of {timeline.tokens(0):,} symbols"),
            ("tokens per word", f"{tokens / words:.2f}", f"corpus {per_word:.2f}"),
            ("characters per token", f"{characters / max(1, tokens):.2f}", f"corpus {per_token:.2f}"),
        )

    def _update(self, *, fresh: bool) -> None:
        if fresh:
            self._merges = history(self.trace)
            timeline = self.trace.find(Timeline)
            text = "" if timeline is None else timeline.text
            self._size = max(1, len(text.split())), sum(not char.isspace() for char in text)
        super()._update(fresh=fresh)

    def numbers(self) -> Table:
        return Table(("quantity", "value", "remark"), self.facts())

    def paintEvent(self, _event: object) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), colour("surface"))
        self._paint_caption(painter)
        facts = self.facts()
        step = self.width() / max(1, len(facts))
        for number, (name, value, remark) in enumerate(facts):
            left = number * step + GRID
            painter.setPen(colour("muted"))
            painter.setFont(ui_font(SMALL))
            painter.drawText(QRectF(left, TOP + 4, step - GRID, 16), Qt.AlignmentFlag.AlignVCenter, name)
            painter.setFont(ui_font(LARGE + 4, bold=True))
            painter.setPen(colour("text"))
            area = QRectF(left, TOP + 22, step - GRID, 28)
            used = painter.fontMetrics().horizontalAdvance(value) + GRID
            painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, value)
            painter.setPen(colour("muted"))
            painter.setFont(ui_font(SMALL))
            if used + small_width(remark) < step - GRID:
                painter.drawText(area.adjusted(used, 4, 0, 0), Qt.AlignmentFlag.AlignVCenter, remark)

    def caption(self) -> tuple[str, str]:
        """How far the history is gone through, and the merge that was done last."""
        merges, done = self._merges, moment_of(self.cursor_at).done
        if not merges:
            return "", ""
        heading = f"After {min(done, len(merges)):,} of {len(merges):,} merges"
        return heading, said(merges[done - 1], self.trace) if 0 < done <= len(merges) else "the bare alphabet"

    def _paint_caption(self, painter: QPainter) -> None:
        """Painted, since a label that changes sixty times a second would lay the page out as often."""
        heading, merge = self.caption()
        painter.setPen(colour("text"))
        painter.setFont(ui_font(BASE, bold=True))
        area = QRectF(GRID, 0, self.width() - 2 * GRID, 20)
        painter.drawText(area, Qt.AlignmentFlag.AlignVCenter, heading)
        used = painter.fontMetrics().horizontalAdvance(heading) + GRID
        painter.setFont(token_font(SMALL + 1))
        painter.setPen(colour("muted"))
        painter.drawText(area.adjusted(used, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, merge)

    def sizeHint(self) -> QSize:
        return QSize(60 * GRID, HEIGHT)

    def minimumSizeHint(self) -> QSize:
        return QSize(40 * GRID, HEIGHT)


def said(merge: Merge, trace: Trace) -> str:
    """A merge in one line, readable."""
    learned = trace.find(Learned)
    label = spelling(learned.alphabet if learned else "chars").label
    left, right, piece = (visible(label(part), 16) for part in (merge.left, merge.right, merge.piece))
    return f"{left} + {right} → {piece}, {merge.count:,} times"
