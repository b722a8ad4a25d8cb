"""The shares of masking: what was wished, what this draw has, and what many draws come to."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.trace import LongRun, Sampled, Treatment
from attnviz.views.lettering import percent
from attnviz.views.palette import BASE, GRID, SMALL, colour, ui_font
from attnviz.views.scrolled import ScrolledView
from attnviz.views.treatment_ink import NAMES, SQUARE, paint_square, treatment_colour

HEAD, ROW, TEXT, BAR, FOOT = 20, 36, 18, 8, 52
WISH, HERE, MANY = 48, 58, 74
_RIGHT = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_LEFT = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)


@dataclass(frozen=True, slots=True)
class Share:
    """One row: a share wished, its count of this draw ``of`` so many, and its share in the long run if known."""

    name: str
    treatment: Treatment | None
    wished: float
    count: int
    of: int
    long_run: float | None

    @property
    def here(self) -> float | None:
        return self.count / self.of if self.of else None


class MaskShares(ScrolledView):
    """A bar is this draw, the line across it the wish, the dot the long run."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName("Shares of chosen, masked, random and kept tokens")

    @property
    def shares(self) -> tuple[Share, ...]:
        """Chosen of all candidates, then each treatment of the chosen."""
        sampled = self.trace.find(Sampled)
        if sampled is None:
            return ()
        run = self._run()
        candidates = run.candidates * run.draws if run else 0
        chosen = Share(
            "chosen",
            None,
            sampled.masking.rate,
            len(sampled.chosen),
            sampled.candidates,
            run.chosen / candidates if run and candidates else None,
        )
        counted = run.treated if run else (0, 0, 0)
        total = sum(counted)
        treated = (
            Share(NAMES[kind], kind, wished, sampled.count(kind), len(sampled.chosen), many / total if total else None)
            for kind, wished, many in zip(Treatment, sampled.masking.split, counted, strict=True)
        )
        return (chosen, *treated)

    def numbers(self) -> Table:
        columns = ("share of", "wished", "count in this draw", "of", "share in this draw", "share in the long run")
        rows = ((one.name, one.wished, one.count, one.of, one.here, one.long_run) for one in self.shares)
        return Table(columns, tuple(rows))

    def _run(self) -> LongRun | None:
        """The long run, if it is that of the rule in force."""
        sampled, run = self.trace.find(Sampled), self.trace.find(LongRun)
        return run if run is not None and sampled is not None and run.masking == sampled.masking else None

    def _sentence(self) -> str:
        return "" if self.shares else "The shares appear with the first draw."

    def _content_height(self, width: int) -> int:
        return HEAD + 4 * ROW + FOOT

    def _paint(self, painter: QPainter, exposed: QRectF) -> None:
        shares, run = self.shares, self._run()
        draws = "many draws" if run is None else f"{run.draws:,} draws"
        self._paint_columns(painter, 2, "muted", ("wished", "this draw", draws))
        for place, share in enumerate(shares):
            self._paint_share(painter, share, HEAD + place * ROW)
        painter.setPen(colour("muted"))
        painter.setFont(ui_font(SMALL))
        foot = QRectF(GRID, HEAD + 4 * ROW, self._content_width() - 2 * GRID, FOOT - GRID)
        wrapped = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap)
        painter.drawText(foot, wrapped, self._foot(run))

    def _foot(self, run: LongRun | None) -> str:
        legend = "bar: this draw · line: wished · dot: long run"
        if run is None or run.fit is None:
            return legend
        return (
            f"{legend}\nby chance alone the treatments stray at least so far in {percent(run.fit)} of cases (χ² test)"
        )

    def _paint_columns(self, painter: QPainter, top: float, ink: str, texts: tuple[str, ...]) -> None:
        painter.setFont(ui_font(SMALL))
        painter.setPen(colour(ink))
        right = float(self._content_width() - GRID)
        for width, text in zip((MANY, HERE, WISH), reversed(texts), strict=True):
            painter.drawText(QRectF(right - width, top, width, TEXT), _RIGHT, text)
            right -= width

    def _paint_share(self, painter: QPainter, share: Share, top: float) -> None:
        ink = colour("text") if share.treatment is None else treatment_colour(share.treatment)
        left = float(GRID)
        if share.treatment is not None:
            paint_square(painter, left, top + TEXT / 2, ink)
        painter.setFont(ui_font(BASE))
        painter.setPen(colour("text"))
        name = QRectF(left + (SQUARE + 6 if share.treatment else 0), top, 9 * GRID, TEXT)
        painter.drawText(name, _LEFT, share.name)
        here = "none" if share.here is None else percent(share.here)
        waits = "…" if self._run() is None else "none"
        many = waits if share.long_run is None else percent(share.long_run)
        self._paint_columns(painter, top, "text", (f"{100 * share.wished:.3g} %", here, many))
        self._paint_bar(painter, share, ink, QRectF(left, top + TEXT + 2, self._content_width() - 2 * GRID, BAR))

    def _paint_bar(self, painter: QPainter, share: Share, ink: QColor, track: QRectF) -> None:
        painter.fillRect(track, colour("raised"))
        if share.here:
            painter.fillRect(QRectF(track.left(), track.top(), share.here * track.width(), track.height()), ink)
        across = track.left() + share.wished * track.width()
        painter.setPen(QPen(colour("text"), 2))
        painter.drawLine(QPointF(across, track.top() - 2), QPointF(across, track.bottom() + 2))
        if share.long_run is not None:
            painter.setPen(QPen(colour("text"), 1.5))
            painter.setBrush(colour("surface"))
            painter.drawEllipse(QPointF(track.left() + share.long_run * track.width(), track.center().y()), 3.5, 3.5)

    def _tip(self, point: QPointF) -> tuple[str, QRectF]:
        place = int((point.y() - HEAD) // ROW)
        if not 0 <= place < len(self.shares):
            return "", QRectF()
        share = self.shares[place]
        of = "tokens that may be chosen" if share.treatment is None else "chosen tokens"
        long_run = "" if share.long_run is None else f"\nin the long run {100 * share.long_run:.2f} %"
        said = f"{share.name}: {share.count} of {share.of} {of}\nwished {100 * share.wished:.1f} %{long_run}"
        return said, QRectF(0, HEAD + place * ROW, self._content_width(), ROW)

    def sizeHint(self) -> QSize:
        return QSize(34 * GRID, HEAD + 4 * ROW + FOOT)
