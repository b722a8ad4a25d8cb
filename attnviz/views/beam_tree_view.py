"""A beam search as a tree: every word that it looked at, what it kept, what it dropped, and how the outputs rank."""

from __future__ import annotations

import math
from dataclasses import replace

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter
from PySide6.QtWidgets import QSizePolicy, QWidget

from attnviz.table import Table
from attnviz.trace import BeamTree, Decoding, Fate
from attnviz.views.beam_layout import HEADER, BeamLayout, arrange, best_path
from attnviz.views.beam_paint import (
    Paths,
    box_width,
    paint_boxes,
    paint_edges,
    paint_footer,
    paint_header,
    score_width,
)
from attnviz.views.beam_words import NAMES, explained, row_of, says
from attnviz.views.map_paint import paint_ring
from attnviz.views.palette import GRID
from attnviz.views.scrolled import paint_focus
from attnviz.views.wide import WideView


class BeamTreeView(WideView):
    """The trace's BeamTree. Pointing at a branch points at its step.

    ``chosen`` carries the ids (tuple) along the path to a branch that was kept or ended, after a click or Enter on it.
    """

    chosen = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._laid: BeamLayout | None = None
        self._best: frozenset[int] = frozenset()
        self._shown: frozenset[int] = frozenset()
        self._hovered: int | None = None
        self._pressed: int | None = None
        self._at: int | None = None
        self._followed = 0
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName("Tree of the beam search")

    @property
    def tree(self) -> BeamTree | None:
        return self.trace.find(BeamTree)

    def box(self, branch: int) -> QRectF:
        """Where a branch stands in the widget now."""
        return QRectF() if self._laid is None else self.to_view(self._laid.boxes[branch])

    def numbers(self) -> Table:
        """A row per branch, in order of their making; a leaf has its rank."""
        tree = self.tree
        rows = () if tree is None else tuple(row_of(tree, branch) for branch in range(len(tree.branches)))
        return Table(NAMES, rows)

    # geometry

    def _sentence(self) -> str:
        if self.tree is None:
            return "Choose a beam wider than 1 to see which outputs the search keeps and which it drops."
        return "" if self._laid is not None else "The beam search looked at no word."

    def _content_height(self, width: int) -> int:
        return 0 if self._laid is None else math.ceil(self._laid.height)

    def _natural_width(self) -> int:
        return 0 if self._laid is None else math.ceil(self._laid.width)

    def hasHeightForWidth(self) -> bool:
        return False

    def sizeHint(self) -> QSize:
        return QSize(80 * GRID, min(self.full_height(80 * GRID), 60 * GRID))

    def minimumSizeHint(self) -> QSize:
        return QSize(28 * GRID, 20 * GRID)

    def _update(self, *, fresh: bool) -> None:
        before = self._laid
        if not fresh:
            self.update(0, 0, self.width(), math.ceil(HEADER))  # the cursor's step is marked there and nowhere else
            self._follow()
            return
        self._lay_out()
        super()._update(fresh=fresh)
        if before is None and self._laid is not None:
            self._show_level()

    def _follow(self) -> None:
        """Bring the column of the play head into view when it has moved; up and down nothing moves."""
        if self._laid is None or self.cursor_at.step == self._followed:
            return
        self._followed = self.cursor_at.step
        if 0 <= self._followed < len(self._laid.columns):
            column, top = self._laid.columns[self._followed], self._corner().y()
            self._reveal(QRectF(column.left - 4 * GRID, top, column.right - column.left + 8 * GRID, 1))

    def _lay_out(self) -> None:
        tree = self.tree
        self._hovered = self._pressed = self._at = None
        if tree is None or not tree.branches:
            self._laid, self._best, self._shown = None, frozenset(), frozenset()
            return
        indices = range(len(tree.branches))
        boxes, scores = [box_width(tree, each) for each in indices], [score_width(tree, each) for each in indices]
        self._laid = arrange(tree, boxes, scores)
        self._best, self._shown = frozenset(best_path(tree)), self._path_of_decoding(tree)

    def _path_of_decoding(self, tree: BeamTree) -> frozenset[int]:
        """The branches that spell the decoding of the trace, as far as the tree knows them."""
        decoding = self.trace.find(Decoding)
        children = {(made.parent, made.token): branch for branch, made in enumerate(tree.branches)}
        path, at = [], -1
        for token in () if decoding is None else decoding.tokens:
            if (at, token) not in children:
                break
            at = children[at, token]
            path.append(at)
        return frozenset(path)

    def _show_level(self) -> None:
        """Bring the best path to the middle of the widget."""
        if self._laid is not None:
            self._bar.setValue(int(self._laid.level - self._content_room().height() / 2))

    # painting

    def _paint(self, painter: QPainter, exposed: QRectF) -> None:
        tree, laid = self.tree, self._laid
        if tree is None or laid is None or exposed.bottom() <= self._corner().y() + HEADER:
            return
        seen = laid.seen(exposed.left(), exposed.right())
        looked = frozenset() if self._hovered is None else frozenset(tree.path(self._hovered))
        paths = Paths(self._best, self._shown, looked)
        paint_edges(painter, tree, laid, paths, seen)
        paint_boxes(painter, tree, laid, paths, seen)
        if self.hasFocus() and self._at is not None:
            paint_focus(painter, laid.boxes[self._at].adjusted(-2, -2, 2, 2))

    def _paint_fixed(self, painter: QPainter) -> None:
        tree, laid = self.tree, self._laid
        if tree is None or laid is None:
            return
        room, left = self._content_room(), self._corner().x()
        painter.save()
        painter.translate(-left, 0)
        columns = laid.seen(left, left + room.width())
        paint_header(painter, laid, columns, self.cursor_at.at_step, room.translated(left, 0))
        painter.restore()
        paint_footer(painter, room, explained(tree))
        if self.hasFocus() and self._at is None:
            paint_ring(painter, room)

    def _tip(self, point: QPointF) -> tuple[str, QRectF]:
        tree, laid = self.tree, self._laid
        branch = None if laid is None else laid.branch_at(point)
        if tree is None or laid is None or branch is None:
            return "", QRectF()
        return says(tree, branch), laid.boxes[branch]

    # pointing

    def _hover(self, branch: int | None) -> None:
        if branch == self._hovered:
            return
        self._hovered = branch
        tree = self.tree
        step = None if branch is None or tree is None else tree.branches[branch].step
        cursor = replace(self.cursor_at, query=step, key=None)
        can_choose = branch is not None and tree is not None and tree.branches[branch].fate is not Fate.PRUNED
        self.setCursor(Qt.CursorShape.PointingHandCursor if can_choose else Qt.CursorShape.ArrowCursor)
        if not cursor.pinned and cursor != self.cursor_at:
            self.pointed.emit(cursor)
        self.update()

    def _choose(self, branch: int) -> None:
        tree = self.tree
        if tree is not None and tree.branches[branch].fate is not Fate.PRUNED:
            self.chosen.emit(tree.tokens(branch))

    def _walk(self, key: Qt.Key) -> None:
        """Left to the parent, right to the likeliest child, up and down in a column, Home and End on the best path."""
        tree, laid = self.tree, self._laid
        if tree is None or laid is None:
            return
        path = best_path(tree) or (laid.columns[0].order[0],)
        if self._at is None or key in {Qt.Key.Key_Home, Qt.Key.Key_End}:
            self._at = path[-1] if key == Qt.Key.Key_End else path[0]
        else:
            self._at = _neighbour(tree, laid, self._at, key)
        self._reveal(laid.boxes[self._at].adjusted(0, -4 * GRID, 0, 4 * GRID))
        self.setAccessibleDescription(says(tree, self._at))
        self._hovered = None
        cursor = replace(self.cursor_at, query=tree.branches[self._at].step, key=None)
        if not cursor.pinned and cursor != self.cursor_at:
            self.pointed.emit(cursor)
        self.update()

    # Qt

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self._hover(None if self._laid is None else self._laid.branch_at(self.to_content(event.position())))

    def leaveEvent(self, event: QEvent) -> None:
        self._hover(None)
        super().leaveEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self._laid is not None:
            self._pressed = self._laid.branch_at(self.to_content(event.position()))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        pressed, self._pressed = self._pressed, None
        if event.button() != Qt.MouseButton.LeftButton or pressed is None or self._laid is None:
            return
        if self._laid.branch_at(self.to_content(event.position())) == pressed:
            self._at = pressed
            self._choose(pressed)
            self.update()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        arrows = {Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Home, Qt.Key.Key_End}
        if key in arrows and self._laid is not None:
            self._walk(key)
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space} and self._at is not None:
            self._choose(self._at)
        elif key == Qt.Key.Key_Escape and self.cursor_at.query is not None:
            self.pointed.emit(replace(self.cursor_at, query=None, key=None, pinned=False))
        else:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.update()


def _neighbour(tree: BeamTree, laid: BeamLayout, branch: int, key: Qt.Key) -> int:
    made = tree.branches[branch]
    if key == Qt.Key.Key_Left:
        return made.parent if made.parent >= 0 else branch
    if key == Qt.Key.Key_Right:
        children = [index for index, other in enumerate(tree.branches) if other.parent == branch]
        return max(children, key=lambda index: tree.branches[index].total, default=branch)
    order = laid.columns[made.step].order
    place = order.index(branch) + (1 if key == Qt.Key.Key_Down else -1)
    return order[min(max(place, 0), len(order) - 1)]
