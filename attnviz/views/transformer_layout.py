"""Where the cards of a Transformer's layers stand: a row a layer, or one card opened and the others as chips. No Qt widgets."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QRectF

from attnviz.views.card_layout import Layout, Place

SHARES = (0.275, 0.495, 0.23)
ARROW, BETWEEN, CHIP, TIGHT = 18.0, 14.0, 22.0, 4.0
FRAME = 38.0  # what a row needs beside its heads
LEAST_HEAD, MOST_HEAD = 10.0, 40.0
LEAST_OPENED = 240.0
EDGE, ABOVE = 4.0, 8.0
WORDS, LEAST_WORDS, MOST_WORDS = 0.23, 196.0, 300.0
INPUT, LEAST_INPUT, MOST_INPUT = 0.13, 58.0, 84.0


def least_height(layers: int, heads: int, *, opened: bool, folded: bool = False) -> float:
    """The height at which everything can still be read; less than that scrolls."""
    chips = layers * (CHIP + TIGHT)
    if folded or not layers:
        return chips - TIGHT if layers else 0.0
    if opened:
        return chips + LEAST_OPENED
    return layers * (FRAME + heads * LEAST_HEAD) + (layers - 1) * BETWEEN


def stacked(room: QRectF, layers: int, heads: int, opened: Place | None, *, folded: bool = False) -> Layout:
    """A row of three cards a layer. With ``folded`` all are chips; where one is opened it stands under the chips of its row."""
    if opened is None and not folded:
        spare = (room.height() - BETWEEN * (layers - 1)) / max(layers, 1)
        height = min(spare, FRAME + heads * MOST_HEAD)
        return Layout(tuple(_row(room, room.top() + layer * (height + BETWEEN), height) for layer in range(layers)))
    top, areas, filled = room.top(), [], None
    for layer in range(layers):
        areas.append(_row(room, top, CHIP))
        top += CHIP + TIGHT
        if opened is not None and layer == opened[0]:
            filled = QRectF(room.left(), top, room.width(), room.height() - layers * (CHIP + TIGHT))
            top += filled.height() + TIGHT
    return Layout(tuple(areas), opened, filled)


def _row(room: QRectF, top: float, height: float) -> tuple[QRectF, ...]:
    width, left, areas = room.width() - ARROW * (len(SHARES) - 1), room.left(), []
    for share in SHARES:
        areas.append(QRectF(left, top, width * share, height))
        left += width * share + ARROW
    return tuple(areas)


@dataclass(frozen=True, slots=True)
class Parts:
    """Where the input, the layers and the words stand in the whole view."""

    input: QRectF
    layers: QRectF
    words: QRectF


def parts_of(whole: QRectF, opened: str, axis: float, folded: float) -> Parts:
    """The input above the layers, the words at their right; ``axis`` is left free for labels above the layers.

    ``opened`` is "input", "words", "inner" for a card of a layer, or nothing; beside an opened input or opened words the
    layers are ``folded`` pixels tall.
    """
    room = whole.adjusted(EDGE, EDGE, -EDGE, -EDGE)
    if opened in ("input", "words"):
        return _with_outer(room, opened, min(folded, room.height() / 2))
    side = min(max(room.width() * WORDS, LEAST_WORDS), MOST_WORDS)
    words = QRectF(room.right() - side, room.top(), side, room.height())
    left = QRectF(room.left(), room.top(), room.width() - side - ARROW, room.height())
    tall = CHIP if opened else min(max(room.height() * INPUT, LEAST_INPUT), MOST_INPUT)
    top = left.top() + tall + (TIGHT if opened else ABOVE + axis)
    return Parts(
        QRectF(left.left(), left.top(), left.width(), tall),
        QRectF(left.left(), top, left.width(), max(left.bottom() - top, 1.0)),
        words,
    )


def _with_outer(room: QRectF, opened: str, folded: float) -> Parts:
    """The opened card between its neighbours, which are chips."""
    tall = room.height() - folded - CHIP - 2 * TIGHT
    chip, card = QRectF(room.left(), 0, room.width(), CHIP), QRectF(room.left(), 0, room.width(), tall)
    layers = QRectF(room.left(), 0, room.width(), folded)
    order = (card, layers, chip) if opened == "input" else (chip, layers, card)
    top = room.top()
    for area in order:
        area.moveTop(top)
        top += area.height() + TIGHT
    return Parts(*order)
