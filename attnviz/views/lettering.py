"""Tokens and numbers as they are lettered: never interpreted, direction isolated, whitespace visible, cut at 24."""

from __future__ import annotations

import html
import math

from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QToolTip, QWidget

LONGEST = 24
_ISOLATE, _END = "\N{FIRST STRONG ISOLATE}", "\N{POP DIRECTIONAL ISOLATE}"
_VISIBLE = {" ": "␣", "\t": "⇥", "\n": "⏎", "\r": "␍", "\N{NO-BREAK SPACE}": "⍽"}
_JOINERS = "\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}"


def visible(label: str, longest: int = LONGEST) -> str:
    """``label`` with whitespace drawn, controls and lone surrogates escaped, elided to ``longest`` characters."""
    cut = label if len(label) <= longest else label[: longest - 1] + "…"
    return "".join(_shown(char) for char in cut)


def isolated(label: str, longest: int = LONGEST) -> str:
    """``visible(label)`` that keeps its own direction and disturbs nobody else's.

    ASCII has one direction only: there the marks are spared, since painters look for a second font to draw them with.
    """
    shown = visible(label, longest)
    return shown if label.isascii() else f"{_ISOLATE}{shown}{_END}"


def percent(share: float) -> str:
    """A share in [0, 1] in per cent with one decimal; what would round to zero is said to be small."""
    if not math.isfinite(share):
        return "not a number"
    return "< 0.1 %" if 0.0 < share < 0.0005 else f"{100.0 * share:.1f} %"


def surprisal(probability: float) -> float:
    """How surprising an outcome is, in bits: -log2 of its probability (Shannon 1948)."""
    if not probability >= 0.0:
        return math.nan
    return math.inf if probability == 0.0 else max(0.0, -math.log2(probability))


def bits(probability: float) -> str:
    """The surprisal of an outcome of this probability, lettered."""
    value = surprisal(probability)
    return f"{'∞' if math.isinf(value) else f'{value:.2f}'} bits"


def show_tip(widget: QWidget, at: QPoint, text: str, area: QRect) -> None:
    """Show ``text`` literally as the tooltip of ``area``; an empty text hides it."""
    QToolTip.showText(at, tip_markup(text), widget, area)


def tip_markup(text: str) -> str:
    """Markup that a tooltip renders as exactly ``text``: left to itself Qt guesses whether a text is HTML."""
    lines = (html.escape("".join(_shown(char, keep=" ") for char in line)) for line in text.split("\n"))
    return f"<qt>{'<br>'.join(lines)}</qt>" if text else ""


def _shown(char: str, keep: str = "") -> str:
    if (char.isprintable() and char != " ") or char in _JOINERS or char in keep:
        return char
    if char in _VISIBLE:
        return _VISIBLE[char]
    return char.encode("unicode_escape", "surrogatepass").decode()
