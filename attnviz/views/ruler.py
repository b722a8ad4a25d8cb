"""How wide texts are in the program's fonts; remembered, since typing changes one word of a sentence at a time."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtGui import QFontMetricsF

from attnviz.views.palette import BASE, SMALL, token_font, ui_font


@lru_cache(maxsize=8192)
def token_width(text: str) -> float:
    """The width of ``text`` in the font of tokens."""
    return QFontMetricsF(token_font(BASE)).horizontalAdvance(text)


@lru_cache(maxsize=8192)
def small_width(text: str, *, bold: bool = False) -> float:
    """The width of ``text`` in the small font."""
    return QFontMetricsF(ui_font(SMALL, bold=bold)).horizontalAdvance(text)
