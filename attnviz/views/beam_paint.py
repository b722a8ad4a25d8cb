"""Strokes of a beam search: edges, boxes with word and total, the end mark with rank and score, step numbers, a footer."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPainterPath, QPen

from attnviz.trace import BeamTree, Fate
from attnviz.views.beam_layout import FOOTER, GAP, HEADER, MARGIN, BeamLayout
from attnviz.views.lettering import isolated
from attnviz.views.palette import BASE, SMALL, colour, token_font, ui_font
from attnviz.views.ruler import small_width, token_width

PADDING, BETWEEN, END, WIDEST_WORD = 7.0, 7.0, 5.0, 120.0
FAINT = 0.75
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


@dataclass(frozen=True, slots=True)
class Paths:
    """The branches that stand out: on the best path, on the path that is shown, and on the one under the mouse."""

    best: frozenset[int]
    shown: frozenset[int]
    looked: frozenset[int]

    def pen(self, branch: int, *, pruned: bool) -> QPen:
        """Accent for the best path, strong for the shown one, dashed and pale for what was dropped."""
        if branch in self.best:
            return QPen(colour("accent"), 2)
        if branch in self.shown:
            return QPen(colour("text"), 2)
        if pruned:
            return QPen(colour("muted", 0.6), 1, Qt.PenStyle.DashLine)
        return QPen(colour("muted"), 1)


def signed(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def score_text(tree: BeamTree, branch: int) -> str:
    """Rank and score of an output, empty for what is none."""
    if branch not in tree.leaves:
        return ""
    return f"#{tree.leaves.index(branch) + 1}  {signed(tree.score(branch))}"


def box_width(tree: BeamTree, branch: int) -> float:
    made = tree.branches[branch]
    word = min(token_width(isolated(tree.vocabulary[made.token])), WIDEST_WORD)
    return word + small_width(signed(made.total)) + BETWEEN + 2 * PADDING


def score_width(tree: BeamTree, branch: int) -> float:
    text = score_text(tree, branch)
    return small_width(text, bold=True) + END + 10 if text else END + 3


def paint_edges(painter: QPainter, tree: BeamTree, laid: BeamLayout, paths: Paths, seen: range) -> None:
    """What was dropped first, the best path last and on top."""
    branches = [branch for column in seen for branch in laid.columns[column].order]
    branches.sort(key=lambda branch: (branch in paths.best, branch in paths.shown, _kept(tree, branch)))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for branch in branches:
        leaves, end = laid.exit(tree, branch), laid.boxes[branch]
        bend = max(end.left() - GAP, leaves.x())
        path = QPainterPath(leaves)
        path.lineTo(bend, leaves.y())
        middle, level = (bend + end.left()) / 2, end.center().y()
        path.cubicTo(QPointF(middle, leaves.y()), QPointF(middle, level), QPointF(end.left(), level))
        painter.setPen(paths.pen(branch, pruned=not _kept(tree, branch)))
        painter.drawPath(path)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour("accent" if paths.best else "muted"))
    painter.drawEllipse(laid.start, 5, 5)


def paint_boxes(painter: QPainter, tree: BeamTree, laid: BeamLayout, paths: Paths, seen: range) -> None:
    for column in seen:
        for branch in laid.columns[column].order:
            _paint_box(painter, tree, branch, laid.boxes[branch], paths)


def _paint_box(painter: QPainter, tree: BeamTree, branch: int, box: QRectF, paths: Paths) -> None:
    made, kept = tree.branches[branch], _kept(tree, branch)
    painter.fillRect(box.adjusted(1, 1, -1, -1), colour("surface"))
    painter.setPen(paths.pen(branch, pruned=not kept))
    painter.setBrush(_fill(branch, paths, kept=kept))
    painter.drawRoundedRect(box.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
    inner = box.adjusted(PADDING, 0, -PADDING, 0)
    painter.setFont(ui_font(SMALL))
    painter.setPen(colour("muted", 1.0 if kept else FAINT))
    total = signed(made.total)
    painter.drawText(inner, int(_RIGHT), total)
    painter.setFont(token_font(BASE))
    painter.setPen(colour("text" if kept else "muted", 1.0 if kept else FAINT))
    room = inner.width() - small_width(total) - BETWEEN
    word = isolated(tree.vocabulary[made.token])
    if token_width(word) > room:
        word = QFontMetricsF(painter.font()).elidedText(word, Qt.TextElideMode.ElideRight, room)
    painter.drawText(inner, int(_LEFT), word)
    _paint_end(painter, tree, branch, box, paths)


def _paint_end(painter: QPainter, tree: BeamTree, branch: int, box: QRectF, paths: Paths) -> None:
    """A bar that closes the box of an ended output; rank and score beside every output that remains."""
    strong = colour("accent" if branch in paths.best else "text")
    if tree.branches[branch].fate is Fate.ENDED:
        painter.fillRect(QRectF(box.right() + 2, box.top(), END, box.height()), strong)
    if text := score_text(tree, branch):
        painter.setFont(ui_font(SMALL, bold=branch in paths.best))
        painter.setPen(strong)
        painter.drawText(QRectF(box.right() + END + 6, box.top(), 200, box.height()), int(_LEFT), text)


def _fill(branch: int, paths: Paths, *, kept: bool) -> QColor:
    if branch in paths.looked:
        return colour("accent", 0.2)
    return colour("raised") if kept else colour("surface")


def paint_header(painter: QPainter, laid: BeamLayout, seen: range, at: int, room: QRectF) -> None:
    """Step numbers over their columns, that of the cursor in the accent colour; in content coordinates but for the height."""
    painter.fillRect(QRectF(room.left(), room.top(), room.width(), HEADER - 2), colour("surface"))
    painter.setFont(ui_font(SMALL))
    painter.setPen(colour("muted"))
    first = QRectF(MARGIN - 4, room.top(), 60, HEADER - 4)
    painter.drawText(first, int(_LEFT), "step →")
    for step in seen:
        column = laid.columns[step]
        painter.setFont(ui_font(SMALL, bold=step == at))
        painter.setPen(colour("accent" if step == at else "muted"))
        place = QRectF(column.left, room.top(), column.box, HEADER - 4)
        painter.drawText(place, int(Qt.AlignmentFlag.AlignCenter), str(step + 1))


def paint_footer(painter: QPainter, room: QRectF, text: str) -> None:
    """What the numbers are, along the lower edge of the widget."""
    strip = QRectF(room.left(), room.bottom() - FOOTER + 2, room.width(), FOOTER - 2)
    painter.fillRect(strip, colour("surface"))
    painter.setFont(ui_font(SMALL))
    painter.setPen(colour("muted"))
    inner = strip.adjusted(MARGIN - 4, 0, -MARGIN, 0)
    metrics = QFontMetricsF(painter.font())
    painter.drawText(inner, int(_LEFT), metrics.elidedText(text, Qt.TextElideMode.ElideRight, inner.width()))


def _kept(tree: BeamTree, branch: int) -> bool:
    return tree.branches[branch].fate is not Fate.PRUNED
