"""How a piece was made: its tree of merges, down to the symbols of the alphabet."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QMouseEvent, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QWidget

from attnviz.table import Table
from attnviz.text.readable import spelling
from attnviz.trace import Learned, Merge
from attnviz.views.history import history, makers
from attnviz.views.lettering import isolated
from attnviz.views.moment import moment_of
from attnviz.views.palette import BASE, GRID, SMALL, colour, token_font, ui_font
from attnviz.views.piece_ink import paint_box, piece_colour
from attnviz.views.ruler import small_width, token_width
from attnviz.views.scrolled import ScrolledView

BOX, LEVEL = 24.0, 50.0


@dataclass(frozen=True, slots=True)
class Node:
    """One piece in the tree: where its box stands, the merge that made it, and the places of its two parts."""

    piece: str
    area: QRectF
    merge: Merge | None
    parts: tuple[int, ...] = ()


class MergeTreeView(ScrolledView):
    """The tree of the cursor's piece. A click on a part goes to the merge that made it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._made: dict[str, Merge] = {}
        self._piece: str | None = None
        self._reached = 0
        self._nodes: tuple[Node, ...] = ()
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("How the piece was made")

    @property
    def nodes(self) -> tuple[Node, ...]:
        """The piece and its parts, parts first."""
        return self._nodes

    def numbers(self) -> Table:
        columns = ("piece", "rank", "left", "right", "count")
        rows = (
            (node.piece, node.merge.rank, node.merge.left, node.merge.right, node.merge.count)
            if node.merge
            else (node.piece, None, None, None, None)
            for node in reversed(self._nodes)
        )
        return Table(columns, tuple(rows))

    def label(self, piece: str) -> str:
        learned = self.trace.find(Learned)
        return isolated(spelling(learned.alphabet if learned else "chars").label(piece))

    def _sentence(self) -> str:
        return (
            "" if moment_of(self.cursor_at).piece else "Click a piece or choose a merge to see how the piece was made."
        )

    def _content_height(self, width: int) -> int:
        nodes = self._grown(width)
        return int(max((node.area.bottom() for node in nodes), default=0.0)) + 2 * GRID

    def _tallest(self) -> int:
        return 28 * GRID

    def _grown(self, width: int) -> tuple[Node, ...]:
        """The nodes, spread over the width when there is room and shrunk when there isn't."""
        piece = moment_of(self.cursor_at).piece
        if piece is None:
            return ()
        nodes: list[Node] = []
        right = self._grow(piece, 0, 0.0, nodes)
        room = width - 2 * GRID
        shift, squeeze = GRID + max(0.0, (room - right) / 2), min(1.0, room / max(right, 1.0))
        return tuple(
            replace(
                node, area=QRectF(shift + node.area.left() * squeeze, node.area.top(), node.area.width() * squeeze, BOX)
            )
            for node in nodes
        )

    def _grow(self, piece: str, depth: int, left: float, nodes: list[Node]) -> float:
        """Append the subtree of ``piece`` from ``left`` on; returns its right end."""
        merge = self._made.get(piece)
        own = max(token_width(self.label(piece)), small_width(_caption(merge))) + 2 * GRID
        top = GRID + depth * LEVEL
        if merge is None:
            nodes.append(Node(piece, QRectF(left, top, own, BOX), None))
            return left + own
        middle = self._grow(merge.left, depth + 1, left, nodes) + GRID
        first = len(nodes) - 1
        right = self._grow(merge.right, depth + 1, middle, nodes)
        second = len(nodes) - 1
        centre = (nodes[first].area.center().x() + nodes[second].area.center().x()) / 2
        centre = max(centre, left + own / 2)
        nodes.append(Node(piece, QRectF(centre - own / 2, top, own, BOX), merge, (first, second)))
        return max(right, centre + own / 2)

    def _refit(self) -> None:
        super()._refit()
        self._nodes = self._grown(self._content_width())

    def _update(self, *, fresh: bool) -> None:
        if fresh:
            self._made = makers(history(self.trace))
        moment = moment_of(self.cursor_at)
        other = fresh or moment.piece != self._piece
        if other or self._reached != self._reached_by(moment.done):
            super()._update(fresh=other)
        self._piece, self._reached = moment.piece, self._reached_by(moment.done)

    def _reached_by(self, done: int) -> int:
        """How many of the pieces there are after ``done`` merges; all that the moment changes in the picture."""
        return sum(node.merge is None or node.merge.rank < done for node in self._nodes)

    def _paint(self, painter: QPainter, exposed: QRectF) -> None:
        done = moment_of(self.cursor_at).done
        for node in self._nodes:
            self._paint_branches(painter, node)
        for node in self._nodes:
            reached = node.merge is None or node.merge.rank < done
            painter.setOpacity(1.0 if reached else 0.45)
            paint_box(painter, node.area, piece_colour(node.piece) if node.merge else None, dashed=not reached)
            painter.setPen(colour("text"))
            painter.setFont(token_font(BASE))
            painter.drawText(node.area, Qt.AlignmentFlag.AlignCenter, self.label(node.piece))
            painter.setPen(colour("muted"))
            painter.setFont(ui_font(SMALL))
            below = QRectF(node.area.left() - 24, node.area.bottom() + 1, node.area.width() + 48, 14)
            painter.drawText(below, Qt.AlignmentFlag.AlignCenter, _caption(node.merge))
        painter.setOpacity(1.0)

    def _paint_branches(self, painter: QPainter, node: Node) -> None:
        painter.setPen(QPen(colour("border"), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        start = QPointF(node.area.center().x(), node.area.bottom() + 15)
        for part in node.parts:
            end = QPointF(self._nodes[part].area.center().x(), self._nodes[part].area.top())
            path = QPainterPath(start)
            path.cubicTo(QPointF(start.x(), end.y()), QPointF(end.x(), start.y()), end)
            painter.drawPath(path)

    def _tip(self, point: QPointF) -> tuple[str, QRectF]:
        for node in self._nodes:
            if node.area.contains(point):
                if node.merge is None:
                    return f"{self.label(node.piece)} · a symbol of the alphabet", node.area
                pair = f"{self.label(node.merge.left)} + {self.label(node.merge.right)}"
                return f"merge {node.merge.rank}: {pair}, {node.merge.count:,} times\nclick goes there", node.area
        return "", QRectF()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        point = self.to_content(event.position())
        node = next((node for node in self._nodes if node.area.contains(point)), None)
        if node is not None and node.merge is not None:
            self.pointed.emit(replace(moment_of(self.cursor_at), done=node.merge.rank + 1))

    def sizeHint(self) -> QSize:
        return QSize(36 * GRID, 24 * GRID)


def _caption(merge: Merge | None) -> str:
    return "" if merge is None else f"merge {merge.rank} · {merge.count:,}×"
