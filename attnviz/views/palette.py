"""Colours, sizes and fonts of the whole program: surfaces are neutral, colour means data."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor

from attnviz.export import colours
from attnviz.views.theme import (
    BASE,
    DARK,
    GRID,
    LARGE,
    LIGHT,
    SMALL,
    Theme,
    apply,
    colour,
    head_colour,
    system_theme,
    theme,
    token_font,
    ui_font,
)

__all__ = [
    "BASE",
    "DARK",
    "GRID",
    "LARGE",
    "LIGHT",
    "MAPS",
    "SMALL",
    "Theme",
    "apply",
    "colour",
    "diverging",
    "head_colour",
    "readable_on",
    "sequential",
    "sequential_colour",
    "system_theme",
    "theme",
    "token_font",
    "ui_font",
]

MAPS = colours.MAPS


def sequential(name: str = "blues") -> NDArray[np.uint8]:
    """A perceptual map for weights, (256, 4) RGBA: dark on light in the light theme, light on dark in the dark one."""
    return colours.sequential_table(name, dark=theme().dark)


def diverging() -> NDArray[np.uint8]:
    """A map for signed values, (256, 4) RGBA: blue below, the surface at zero, orange above."""
    return colours.diverging_table(dark=theme().dark)


def sequential_colour(value: float, name: str = "blues") -> QColor:
    """The sequential map at ``value`` in [0, 1]."""
    row = sequential(name)[int(np.clip(value, 0.0, 1.0) * 255)]
    return QColor(*(int(part) for part in row))


def readable_on(background: QColor) -> QColor:
    """Black or white, whichever reads better on ``background`` (relative luminance, WCAG 2.1)."""
    channels = np.array((background.redF(), background.greenF(), background.blueF()))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    luminance = float(linear @ np.array((0.2126, 0.7152, 0.0722)))
    return QColor("#000000") if (luminance + 0.05) / 0.05 > 1.05 / (luminance + 0.05) else QColor("#ffffff")
